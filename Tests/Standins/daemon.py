"""patchbayd's socket as the CNI program sees it, answering with a plan that a test made.

A message is JSON behind four bytes of length, highest first; a connection carries one request and one answer.
"""

import json
import socket
import struct
import threading


class Daemon:
    """Listens on `path` until it is stopped; `requests` are those that came, in order."""

    def __init__(self, path, attachments):
        self.attachments = attachments
        self.requests = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._path = path
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        # shutdown wakes the thread that accepts; close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                request = json.loads(self._read(connection))
                self.requests.append(request)
                answer = json.dumps({"version": 1, "release": "stand-in", **self._answer(request)}).encode()
                connection.sendall(struct.pack(">I", len(answer)) + answer)

    def _answer(self, request):
        if request["request"] == "plan":
            return {"answer": "plan", "body": {"podUID": "u1", "attachments": self.attachments}}
        return {"answer": "report", "body": {"published": True}}

    @staticmethod
    def _read(connection):
        (length,) = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))
        return connection.recv(length, socket.MSG_WAITALL)


def attachment(interface, config, network=None):
    """One attachment of a plan."""
    name = config.get("name", network or config["type"])
    return {
        "id": f"default/{name}@{interface}",
        "network": f"default/{name}",
        "networkName": name,
        "ifName": interface,
        "cniVersion": config.get("cniVersion", ""),
        "config": json.dumps(config),
    }

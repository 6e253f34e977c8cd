"""patchbayd as a process, and the questions it is asked over its socket."""

import json
import pathlib
import socket
import struct
import subprocess


class Daemon:
    """Everything it has is below `root`: state, socket, log."""

    def __init__(self, program, root, *arguments):
        self.root = pathlib.Path(root)
        self.state = self.root / "state"
        self.socket = self.root / "run" / "patchbayd.sock"
        self.log = self.root / "patchbayd.log"
        self.command = [
            str(program), "--state", str(self.state), "--socket", str(self.socket), "--interval", "0.2",
            *map(str, arguments),
        ]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=self.log.open("a"))
        return self

    def stop(self):
        """Asks it to end; its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=30)

    def memory(self):
        """Kilobytes from /proc: the whole resident set, and what of it no file backs."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return {name: int(fields[name].split()[0]) for name in ("VmRSS", "RssAnon", "VmHWM")}

    def send(self, message):
        """One framed message as bytes; what comes back until it closes."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(self.socket))
            connection.sendall(struct.pack(">I", len(message)) + message)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        (length,) = struct.unpack(">I", answer[:4])
        assert length == len(answer) - 4
        return json.loads(answer[4:])

    def ask(self, request, body=None):
        """The answer's body; an error as ``DaemonError``."""
        envelope = {"version": 1, "release": "test", "request": request}
        if body is not None:
            envelope["body"] = body
        answer = self.send(json.dumps(envelope).encode())
        if "error" in answer:
            raise DaemonError(answer["error"])
        return answer["body"]

    def plan(self, pod, container="c1", annotations=None):
        namespace, name = pod.split("/")
        body = {
            "containerID": container,
            "netns": f"/run/netns/{container}",
            "ifName": "eth0",
            "pod": {"namespace": namespace, "name": name},
        }
        if annotations is not None:
            body["annotations"] = annotations
        return self.ask("plan", body)


class DaemonError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['msg']} {error['details']}")
        self.code, self.message, self.details = error["code"], error["msg"], error["details"]

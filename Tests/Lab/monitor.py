"""Carries out what the guest asks of the machine around it: plug, unplug, pull a cable.

Run by Tests/Lab/run with two Unix sockets of QEMU: its monitor (QMP) and the guest's port `lab.requests`. A request is
one line, the answer is one line, `ok` or `error: …`; Tests/Lab/request is the other end. The guest never sees QMP itself.

    unplug pf0        ask the guest to let go of the PF, answer when it is gone
    plug pf0          put it back
    link pf0 on|off   the PF's cable
"""

import json
import socket
import sys
import time

UNPLUG_SECONDS = 60


class Monitor:
    """QEMU's monitor, one command at a time; events are kept until asked for."""

    def __init__(self, path):
        self.lines = connect(path).makefile("rwb")
        self.events = []
        self.read()  # the greeting
        self.call("qmp_capabilities")

    def read(self):
        line = self.lines.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def call(self, command, **arguments):
        """Returns what went wrong, or None."""
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self.lines.flush()
        while True:
            message = self.read()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                return message["error"]["desc"]
            else:
                return None

    def wait_until_deleted(self, device):
        """Until the guest has let go of `device`; what went wrong, or None."""
        while True:
            for event in self.events:
                subject = event.get("data", {}).get("device")
                if subject == device and event["event"] == "DEVICE_DELETED":
                    self.events.clear()
                    return None
                if subject == device and event["event"] == "DEVICE_UNPLUG_GUEST_ERROR":
                    self.events.clear()
                    return "the guest refused"
            try:
                self.events.append(self.read())
            except TimeoutError:
                return f"the guest did not let go within {UNPLUG_SECONDS} s"


def connect(path):
    """QEMU makes its sockets a moment after its start."""
    for _ in range(100):
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            time.sleep(0.05)
    raise SystemExit(f"monitor: no QEMU at {path}")


def answer(monitor, request):
    """What went wrong, or None."""
    match request.split():
        case ["unplug", ("pf0" | "pf1") as pf]:
            return monitor.call("device_del", id=pf) or monitor.wait_until_deleted(pf)
        case ["plug", ("pf0" | "pf1") as pf]:
            index = pf[2:]
            return monitor.call(
                "device_add",
                driver="igb",
                id=pf,
                bus=f"slot{index}",
                netdev=f"wire{index}",
                mac=f"52:54:00:82:57:6{index}",
            )
        case ["link", ("pf0" | "pf1") as pf, ("on" | "off") as state]:
            return monitor.call("set_link", name=pf, up=state == "on")
    return f"unknown request: {request.strip()}"


def main():
    monitor = Monitor(sys.argv[1])
    requests = connect(sys.argv[2]).makefile("rwb")
    for line in requests:
        problem = answer(monitor, line.decode(errors="replace"))
        requests.write((f"error: {problem}\n" if problem else "ok\n").encode())
        requests.flush()


if __name__ == "__main__":
    try:
        main()
    except (EOFError, ConnectionError):
        pass  # the guest is gone, and so is the work

"""What the interoperability tests share: our programs, driven as processes."""

import pathlib
import queue
import subprocess
import threading

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PEER = REPOSITORY / ".build" / "debug" / "interop-peer"
# How long anything may take that is not itself about time; a failing test waits this long.
PATIENCE = 30


class Process:
    """One of our programs, its output read line by line."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PEER, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def line(self):
        return self.lines.get(timeout=PATIENCE)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.line()

    def end(self):
        """Closes its input, upon which it has to end well."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def peer():
    """Starts our program with arguments; all of them have to end well."""
    started = []

    def start(*arguments):
        started.append(Process(*arguments))
        return started[-1]

    yield start
    try:
        assert [process.end() for process in started] == [0] * len(started)
    finally:
        for process in started:
            process.process.kill()


@pytest.fixture
def call():
    """Makes one call with our client: the messages and the status with its text."""

    def call(socket, path, request=b"", kind="unary", timeout_ms=PATIENCE * 1000, limit=0, binary=None):
        arguments = ["call", socket, path, kind, timeout_ms, limit] + ([] if binary is None else [binary.hex()])
        run = subprocess.run(
            [PEER, *map(str, arguments)], input=request, stdout=subprocess.PIPE, timeout=2 * PATIENCE, check=True
        )
        *messages, status = run.stdout.decode().splitlines()
        assert all(line.startswith("message ") for line in messages)
        word, code, text = status.split(" ", 2)
        assert word == "status"
        return [bytes.fromhex(line[len("message ") :]) for line in messages], int(code), text

    return call

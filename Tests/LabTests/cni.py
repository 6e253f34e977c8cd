"""Calls a CNI program as a container runtime does: variables, a configuration on standard input, an answer."""

import json
import os
import subprocess
from pathlib import Path

PLUGINS = "/usr/lib/cni"
STATE = Path("/var/lib/patchbay")
INCUMBENT = Path("/var/lib/cni/sriov")


class Refused(AssertionError):
    """The program answered with an error object."""

    def __init__(self, status, answer, stderr):
        super().__init__(f"exit status {status}: {answer}\n--- stderr\n{stderr}")
        self.status, self.answer, self.stderr = status, answer, stderr

    code = property(lambda self: self.answer["code"])
    message = property(lambda self: self.answer["msg"])
    details = property(lambda self: self.answer.get("details", ""))


class Attachment:
    """One interface of one container, added and deleted with the same configuration."""

    def __init__(self, program, container, namespace, interface, configuration, args="", path=PLUGINS):
        self.program, self.configuration = program, configuration
        self.variables = {
            "CNI_CONTAINERID": container,
            "CNI_NETNS": getattr(namespace, "path", namespace),
            "CNI_IFNAME": interface,
            "CNI_ARGS": args,
            "CNI_PATH": path,
            "PATH": os.environ["PATH"],
        }

    def start(self, command, **variables):
        """Starts the program and gives it its input; for what is not waited for."""
        process = subprocess.Popen(
            [self.program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.variables | {"CNI_COMMAND": command} | variables,
        )
        text = self.configuration if isinstance(self.configuration, str) else json.dumps(self.configuration)
        process.stdin.write(text)
        process.stdin.close()
        return process

    def call(self, command, **variables):
        """The answer as JSON, None if it is empty; raises Refused for an error object."""
        process = self.start(command, **variables)
        output, errors = process.stdout.read(), process.stderr.read()
        status = process.wait(timeout=120)
        answer = json.loads(output) if output.strip() else None
        if status != 0:
            raise Refused(status, answer, errors)
        return answer

    def add(self, **variables):
        return self.call("ADD", **variables)

    def delete(self, **variables):
        assert self.call("DEL", **variables) is None


def journals():
    """The container IDs that have a journal."""
    return sorted(path.stem for path in (STATE / "journal").glob("*.json"))


def markers():
    """The functions that the incumbent would take for used."""
    directory = INCUMBENT / "pci"
    return sorted(path.name for path in directory.iterdir() if path.is_file()) if directory.is_dir() else []

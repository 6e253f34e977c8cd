"""The CNI program as the meta-plugin, run as a runtime runs it, with the reference plugins and with plugins that hang.

No hardware here; networks of type `sriov` are attached in the lab's tests.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import uuid

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests/Standins"))

from daemon import Daemon, attachment  # noqa: E402

PROGRAM = REPOSITORY / ".build/debug/patchbay-cni"
REFERENCE_PLUGINS = "/usr/lib/cni"
HANGING = """#!/bin/sh
cat > /dev/null
if [ "$CNI_COMMAND" = ADD ]; then
    touch {started}
    ip link add h{word} type bridge
    sleep 600
fi
ip link del h{word} 2>/dev/null
exit 0
"""


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).stdout


def wait_until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Pod:
    """A pod's namespace on a node of its own: state, socket, plugins, and one sandbox."""

    def __init__(self, directory):
        self.directory = directory
        self.word = uuid.uuid4().hex[:8]
        self.namespace = f"pbm-{self.word}"
        self.bridge = f"b{self.word}"
        self.socket = directory / "patchbayd.sock"
        self.plugins = directory / "plugins"
        self.plugins.mkdir()
        ip("netns", "add", self.namespace)
        self.annotations = {"k8s.v1.cni.cncf.io/networks": "some"}
        self.config = {
            "cniVersion": "1.0.0",
            "name": "patchbay",
            "type": "patchbay",
            "binDir": REFERENCE_PLUGINS,
            "daemonSocket": str(self.socket),
            "daemonTimeoutSeconds": 1,
            "delegates": [
                {
                    "cniVersion": "1.0.0",
                    "name": "primary",
                    "type": "bridge",
                    "bridge": self.bridge,
                    "isGateway": True,
                    "ipam": self.ipam("10.221.7.0/24"),
                }
            ],
        }

    def ipam(self, subnet):
        return {"type": "host-local", "subnet": subnet, "dataDir": str(self.directory / "ipam")}

    def macvlan(self, interface="net1"):
        config = {"cniVersion": "1.0.0", "name": "mac", "type": "macvlan", "master": self.bridge}
        return attachment(interface, config | {"ipam": self.ipam("10.222.7.0/24")})

    def hanging(self, interface="net2"):
        program = self.plugins / "hanging"
        program.write_text(HANGING.format(started=self.directory / "started", word=self.word))
        program.chmod(0o755)
        return attachment(interface, {"cniVersion": "1.0.0", "name": "hang", "type": "hanging"})

    def start(self, command, **variables):
        config = self.config | {"runtimeConfig": {"io.kubernetes.cri.pod-annotations": self.annotations}}
        environment = os.environ | {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": f"c{self.word}",
            "CNI_NETNS": f"/run/netns/{self.namespace}",
            "CNI_IFNAME": "eth0",
            "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=samplepod;K8S_POD_UID=u1",
            "CNI_PATH": f"{self.plugins}:{REFERENCE_PLUGINS}",
            "PATCHBAY_STATE_DIRECTORY": str(self.directory / "state"),
        }
        process = subprocess.Popen(
            [PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | variables,
            start_new_session=True,
        )
        process.stdin.write(json.dumps(config).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def call(self, command, **variables):
        """Exit status, what was printed as JSON (None for nothing), and standard error."""
        process = self.start(command, **variables)
        output, error = process.communicate(timeout=120)
        return process.returncode, json.loads(output) if output else None, error.decode()

    def interfaces(self):
        return sorted(link["ifname"] for link in json.loads(ip("-n", self.namespace, "-j", "link")) if link["ifname"] != "lo")

    def leases(self):
        return sorted(path.name for path in (self.directory / "ipam").glob("*/10.*"))

    def journals(self):
        return list((self.directory / "state/journal").glob("*.json"))

    def close(self):
        ip("netns", "del", self.namespace, check=False)
        for link in (self.bridge, f"h{self.word}"):
            ip("link", "del", link, check=False)


@pytest.fixture
def pod(tmp_path):
    pod = Pod(tmp_path)
    yield pod
    pod.close()


def test_a_pod_is_attached_and_detached_with_the_reference_plugins(pod):
    daemon = Daemon(pod.socket, [pod.macvlan()])
    status, result, error = pod.call("ADD")
    assert status == 0, (result, error)
    assert result["cniVersion"] == "1.0.0"
    assert result["ips"][0]["address"] == "10.221.7.2/24"
    assert pod.interfaces() == ["eth0", "net1"]
    assert pod.leases() == ["10.221.7.2", "10.222.7.2"]
    assert [request["request"] for request in daemon.requests] == ["plan", "report"]
    assert daemon.requests[0]["body"]["annotations"] == pod.annotations
    daemon.stop()

    assert pod.call("DEL") == (0, None, "")
    assert pod.interfaces() == []
    assert pod.leases() == []
    assert pod.journals() == []
    assert pod.call("DEL")[0] == 0


def test_without_the_daemon_only_a_pod_that_asks_for_nothing_starts(pod):
    status, result, _ = pod.call("ADD")
    assert status == 1
    assert result["code"] == 11
    assert result["cniVersion"] == "1.0.0"
    assert pod.interfaces() == []
    pod.annotations = {}
    assert pod.call("ADD")[0] == 0
    assert pod.interfaces() == ["eth0"]


def test_a_program_killed_while_a_delegate_hangs_is_cleaned_up_by_the_next_delete(pod):
    daemon = Daemon(pod.socket, [pod.macvlan(), pod.hanging()])
    process = pod.start("ADD")
    wait_until((pod.directory / "started").exists, "the delegate to run")
    wait_until(lambda: f"h{pod.word}" in ip("link"), "the delegate's bridge")
    assert pod.interfaces() == ["eth0", "net1"]
    # As a runtime does it whose time is up: only the program itself is killed, its delegate goes on.
    process.kill()
    process.communicate()
    daemon.stop()

    status, result, error = pod.call("DEL")
    assert status == 0, (result, error)
    assert "ending process group" in error
    assert pod.interfaces() == []
    assert pod.leases() == []
    assert pod.journals() == []
    assert f"h{pod.word}" not in ip("link")


def test_a_delegate_that_hangs_is_ended_in_time_and_everything_is_undone(pod):
    pod.config["timeoutSeconds"] = 3
    Daemon(pod.socket, [pod.macvlan(), pod.hanging()])
    status, result, error = pod.call("ADD")
    assert status == 1
    assert result["code"] == 11
    assert result["msg"].startswith("net2 (default/hang): ")
    assert pod.interfaces() == []
    assert pod.leases() == []
    assert pod.journals() == []
    assert f"h{pod.word}" not in ip("link")


@pytest.mark.parametrize("number", range(6))
def test_a_program_killed_anywhere_leaves_nothing_that_a_delete_does_not_undo(pod, number):
    Daemon(pod.socket, [pod.macvlan(), pod.macvlan("net2") | {"id": "second"}])
    process = pod.start("ADD")
    # Where this falls differs from run to run; what must hold does not.
    time.sleep(0.01 + 0.03 * number)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    status, result, error = pod.call("DEL")
    assert status == 0, (result, error)
    assert pod.interfaces() == []
    assert pod.leases() == []
    assert pod.journals() == []


def test_a_repeated_add_answers_the_same(pod):
    daemon = Daemon(pod.socket, [pod.macvlan()])
    first = pod.call("ADD")
    daemon.stop()
    assert pod.call("ADD")[:2] == first[:2]


def test_version_and_errors_are_the_specification_s(pod):
    status, result, _ = pod.call("VERSION")
    assert status == 0
    assert result["supportedVersions"][-1] == "1.1.0"
    status, result, _ = pod.call("ADD", CNI_IFNAME="")
    assert status == 1
    assert result["code"] == 4
    assert "CNI_IFNAME" in result["msg"]
    pod.config.pop("delegates")
    status, result, _ = pod.call("ADD")
    assert result["code"] == 7

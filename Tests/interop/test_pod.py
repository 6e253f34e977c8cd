"""A pod from its manifest to its interfaces: runtime, CNI program, daemon and the reference plugins together.

Without hardware; pods with VFs are the lab's.
"""

import json
import pathlib
import subprocess
import sys
import time
import uuid

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests/Standins"))

from patchbayd import Daemon  # noqa: E402
from runtime import CNIError, Runtime  # noqa: E402

BINARIES = REPOSITORY / ".build/debug"
REFERENCE_PLUGINS = "/usr/lib/cni"
# The network of the example that the project began with: its master is the node's bridge here.
NETWORK = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {{name: macvlan}}
spec:
  config: '{{"name": "mynet", "type": "macvlan", "master": "{bridge}", "ipam": {{"type": "host-local",
    "subnet": "192.168.1.0/24", "rangeStart": "192.168.1.200", "rangeEnd": "192.168.1.216", "dataDir": "{leases}"}}}}'
"""


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).stdout


class Node:
    def __init__(self, root):
        self.root = root
        self.bridge = f"b{uuid.uuid4().hex[:8]}"
        self.leases = root / "leases"
        self.manifests = root / "manifests"
        self.manifests.mkdir()
        (self.manifests / "networks.yaml").write_text(NETWORK.format(bridge=self.bridge, leases=self.leases))
        self.daemon = Daemon(
            BINARIES / "patchbayd", root, "--manifests", self.manifests, "--kubelet-dir", root / "kubelet",
            "--cni-program", BINARIES / "patchbay-cni",
        )
        programs = root / "bin"
        programs.mkdir()
        (programs / "patchbay").symlink_to(BINARIES / "patchbay-cni")
        config = root / "patchbay.conflist"
        config.write_text(json.dumps({"cniVersion": "1.0.0", "name": "patchbay", "plugins": [self.plugin()]}))
        self.runtime = Runtime(
            root / "runtime", config, [programs, REFERENCE_PLUGINS],
            environment={"PATCHBAY_STATE_DIRECTORY": str(self.daemon.state)},
        )

    def plugin(self):
        primary = {"cniVersion": "1.0.0", "name": "primary", "type": "bridge", "bridge": self.bridge, "isGateway": True}
        return {
            "type": "patchbay",
            "capabilities": {"io.kubernetes.cri.pod-annotations": True},
            "binDir": REFERENCE_PLUGINS,
            "daemonSocket": str(self.daemon.socket),
            "daemonTimeoutSeconds": 10,
            "delegates": [
                primary | {"ipam": {"type": "host-local", "subnet": "10.223.7.0/24", "dataDir": str(self.leases)}}
            ],
        }

    def pod(self, name, networks=None):
        annotations = {"k8s.v1.cni.cncf.io/networks": networks} if networks else {}
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"containers": [{"name": "c"}]},
        }
        path = self.manifests / f"{name}.json"
        path.write_text(json.dumps(manifest))
        return path

    def interfaces(self, sandbox):
        shown = json.loads(ip("-n", pathlib.Path(sandbox.netns).name, "-json", "address"))
        return {
            link["ifname"]: [each["local"] for each in link["addr_info"] if each["family"] == "inet"]
            for link in shown
            if link["ifname"] != "lo"
        }

    def leased(self):
        return sorted(path.name for path in self.leases.glob("*/*.*.*.*") if path.name[0].isdigit())

    def close(self):
        if self.daemon.process and self.daemon.process.poll() is None:
            self.daemon.stop()
        for sandbox in self.runtime.sandboxes():
            self.runtime.remove(sandbox)
        ip("link", "del", self.bridge, check=False)


@pytest.fixture
def node(tmp_path):
    node = Node(tmp_path)
    yield node
    node.close()


def wait_until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def test_a_pod_that_asks_for_a_macvlan_gets_it_and_gives_it_back(node):
    node.daemon.start()
    wait_until(node.daemon.socket.exists, "the daemon's socket")
    sandbox, result = node.runtime.run(node.pod("samplepod", "macvlan"))
    assert result["ips"][0]["address"] == "10.223.7.2/24"
    assert node.interfaces(sandbox) == {"eth0": ["10.223.7.2"], "net1": ["192.168.1.200"]}
    reports = node.daemon.ask("attachments")["reports"]
    assert [each["ifName"] for each in reports[0]["attachments"]] == ["eth0", "net1"]
    node.runtime.stop(sandbox)
    assert node.leased() == []
    assert list((node.daemon.state / "journal").glob("*.json")) == []
    assert node.daemon.ask("attachments")["reports"] == []


def test_a_daemon_that_is_away_delays_only_pods_that_ask_and_no_deletion(node):
    node.daemon.start()
    wait_until(node.daemon.socket.exists, "the daemon's socket")
    sandbox, _ = node.runtime.run(node.pod("asking", "macvlan"))
    node.daemon.stop()
    node.runtime.stop(sandbox)
    assert node.leased() == []

    plain, _ = node.runtime.run(node.pod("plain"))
    assert set(node.interfaces(plain)) == {"eth0"}
    with pytest.raises(CNIError) as refused:
        node.runtime.run(node.pod("asking", "macvlan"))
    assert refused.value.code == 11
    node.daemon.start()
    sandbox, _ = node.runtime.run(node.pod("asking", "macvlan"))
    assert set(node.interfaces(sandbox)) == {"eth0", "net1"}
    node.runtime.stop(sandbox)
    node.runtime.stop(plain)
    assert node.leased() == []


def test_a_network_that_does_not_exist_is_told_as_it_is(node):
    node.daemon.start()
    wait_until(node.daemon.socket.exists, "the daemon's socket")
    with pytest.raises(CNIError) as refused:
        node.runtime.run(node.pod("samplepod", "nowhere"))
    assert "nowhere" in refused.value.message
    assert node.leased() == []

"""Pods with VFs from their manifests: kubelet, daemon, runtime and CNI program together, as on a node."""

import json
import sys
from pathlib import Path

import pytest
from cni import PLUGINS, markers
from machine import REPOSITORY, run, wait_until

sys.path.insert(0, str(REPOSITORY / "Tests/Standins"))

from kubelet import Kubelet  # noqa: E402
from patchbayd import Daemon  # noqa: E402
from runtime import CNIError, Runtime  # noqa: E402

BRIDGE = "pods0"
NETWORKS = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: left
  annotations: {{k8s.v1.cni.cncf.io/resourceName: patchbay.dev/lab_a}}
spec:
  config: '{{"cniVersion": "1.0.0", "type": "sriov", "vlan": 100, "ipam": {left}}}'
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: right
  annotations: {{k8s.v1.cni.cncf.io/resourceName: patchbay.dev/lab_b}}
spec:
  config: '{{"cniVersion": "1.0.0", "type": "sriov", "ipam": {right}}}'
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {{name: macvlan}}
spec:
  config: '{{"cniVersion": "1.0.0", "type": "macvlan", "master": "pods0", "ipam": {macvlan}}}'
"""
POD = """
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations: {{k8s.v1.cni.cncf.io/networks: "left, right, macvlan"}}
spec:
  containers:
  - name: c
    resources: {{limits: {{patchbay.dev/lab_a: "1", patchbay.dev/lab_b: "1"}}}}
"""


class Node:
    def __init__(self, program, root):
        self.root = root
        self.leases = root / "leases"
        self.manifests = root / "manifests"
        self.manifests.mkdir()
        (self.manifests / "networks.yaml").write_text(
            NETWORKS.format(
                left=self.ipam("10.71.0.0/24"), right=self.ipam("10.72.0.0/24"), macvlan=self.ipam("10.73.0.0/24")
            )
        )
        self.kubelet = Kubelet(root / "kubelet")
        self.daemon = Daemon(
            program("patchbayd"), root, "--config", REPOSITORY / "hwconfig/lab.yaml", "--manifests", self.manifests,
            "--kubelet-dir", root / "kubelet", "--cni-program", program("patchbay-cni"),
        )
        programs = root / "bin"
        programs.mkdir()
        (programs / "patchbay").symlink_to(program("patchbay-cni"))
        config = root / "patchbay.conflist"
        config.write_text(json.dumps({"cniVersion": "1.0.0", "name": "patchbay", "plugins": [self.plugin()]}))
        environment = {"PATCHBAY_STATE_DIRECTORY": str(self.daemon.state)}
        self.runtime = Runtime(root / "runtime", config, [programs, PLUGINS], environment=environment)

    def ipam(self, subnet):
        return json.dumps({"type": "host-local", "subnet": subnet, "dataDir": str(self.leases)})

    def plugin(self):
        primary = {"cniVersion": "1.0.0", "name": "primary", "type": "bridge", "bridge": BRIDGE, "isGateway": True}
        return {
            "type": "patchbay",
            "capabilities": {"io.kubernetes.cri.pod-annotations": True},
            "binDir": PLUGINS,
            "daemonSocket": str(self.daemon.socket),
            "delegates": [primary | {"ipam": json.loads(self.ipam("10.70.0.0/24"))}],
        }

    def start(self):
        self.kubelet.start()
        self.daemon.start()
        for resource in ("patchbay.dev/lab_a", "patchbay.dev/lab_b"):
            self.kubelet.wait_for(resource, 2, timeout=60)

    def pod(self, name):
        path = self.manifests / f"{name}.yaml"
        path.write_text(POD.format(name=name))
        self.kubelet.admit(path)
        return path

    def addresses(self, sandbox):
        shown = json.loads(run("ip", "-n", Path(sandbox.netns).name, "-json", "address").stdout)
        return {
            link["ifname"]: [each["local"] for each in link["addr_info"] if each["family"] == "inet"]
            for link in shown
            if link["ifname"] != "lo"
        }

    def close(self):
        for sandbox in self.runtime.sandboxes():
            self.runtime.stop(sandbox)
        if self.daemon.process and self.daemon.process.poll() is None:
            self.daemon.stop()
        self.kubelet.stop()
        run("ip", "link", "del", BRIDGE, check=False)


@pytest.fixture
def node(program, hardware, tmp_path):
    node = Node(program, tmp_path)
    yield node
    node.close()


def test_two_pods_get_their_vfs_reach_one_another_and_give_all_back(node, vfs):
    node.start()
    first, _ = node.runtime.run(node.pod("first"))
    second, _ = node.runtime.run(node.pod("second"))
    assert node.addresses(first) == {
        "eth0": ["10.70.0.2"], "net1": ["10.71.0.2"], "net2": ["10.72.0.2"], "net3": ["10.73.0.2"]
    }
    for address in ("10.71.0.3", "10.72.0.3"):
        run("ping", "-c", "1", "-w", "30", address, netns=Path(first.netns).name)
    reports = node.daemon.ask("attachments")["reports"]
    devices = [each.get("deviceID") for report in reports for each in report["attachments"] if each.get("deviceID")]
    assert sorted(devices) == sorted(vf.address for pf in vfs for vf in pf)
    node.runtime.stop(first)
    # A daemon is not needed to give devices back.
    node.daemon.stop()
    node.runtime.stop(second)
    assert list((node.daemon.state / "journal").glob("*.json")) == []
    assert [path for path in node.leases.glob("*/10.*")] == []
    assert markers() == []


def test_a_pod_waits_for_its_daemon_and_never_starts_without_its_vfs(node, vfs):
    node.start()
    path = node.pod("first")
    node.daemon.stop()
    with pytest.raises(CNIError) as refused:
        node.runtime.run(path)
    assert refused.value.code == 11
    node.daemon.start()
    wait_until(node.daemon.socket.exists, "the daemon's socket")
    sandbox, _ = node.runtime.run(path)
    assert set(node.addresses(sandbox)) == {"eth0", "net1", "net2", "net3"}
    node.runtime.stop(sandbox)


def test_pools_are_back_when_the_kubelets_socket_is_made_again(node, vfs, capsys):
    node.start()
    sandbox, _ = node.runtime.run(node.pod("first"))
    node.kubelet.restart()
    seconds = [node.kubelet.wait_for(resource, 2, timeout=60) for resource in ("patchbay.dev/lab_a", "patchbay.dev/lab_b")]
    with capsys.disabled():
        print(f" pools back {sum(seconds) * 1000:.0f} ms after the kubelet began to serve", end=" ")
    # The VFs in the pod count as healthy: their interfaces are away, not lost.
    assert node.kubelet.resources()["patchbay.dev/lab_a"] == {"capacity": 2, "allocatable": 2}
    node.runtime.stop(sandbox)

"""The meta-plugin with VFs: several networks a pod, undone in reverse, and never a VF left behind."""

import json
import sys
from pathlib import Path

import pytest
from cni import PLUGINS, STATE, Attachment, Refused, journals, markers
from machine import REPOSITORY, run, wait_until

sys.path.insert(0, str(REPOSITORY / "Tests/Standins"))

from daemon import Daemon, attachment  # noqa: E402

BRIDGE = "meta0"
LEASES = Path("/run/meta-leases")
HANGING = """#!/bin/sh
cat > /dev/null
[ "$CNI_COMMAND" = ADD ] || exit 0
touch {started}
exec sleep 600
"""


def ipam(subnet):
    return {"type": "host-local", "subnet": subnet, "dataDir": str(LEASES)}


def leases():
    return sorted(path.name for path in LEASES.glob("*/*.*.*.*") if path.name[0].isdigit())


class Node:
    """A node whose default network is a bridge, and what its pods ask for beside it."""

    def __init__(self, program, directory):
        self.program = program
        self.socket = directory / "patchbayd.sock"
        self.directory = directory
        self.daemon = None
        self.annotations = {"k8s.v1.cni.cncf.io/networks": "some"}

    def plan(self, *attachments):
        self.stop_daemon()
        self.daemon = Daemon(self.socket, list(attachments))

    def stop_daemon(self):
        if self.daemon:
            self.daemon.stop()
        self.daemon = None

    def pod(self, namespace, container="c1", uid="u1"):
        configuration = {
            "cniVersion": "1.0.0",
            "name": "patchbay",
            "type": "patchbay",
            "binDir": PLUGINS,
            "daemonSocket": str(self.socket),
            "daemonTimeoutSeconds": 2,
            "delegates": [
                {
                    "cniVersion": "1.0.0",
                    "name": "primary",
                    "type": "bridge",
                    "bridge": BRIDGE,
                    "isGateway": True,
                    "ipam": ipam("10.77.0.0/24"),
                }
            ],
            "runtimeConfig": {"io.kubernetes.cri.pod-annotations": self.annotations},
        }
        args = f"IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod-{uid};K8S_POD_UID={uid}"
        path = f"{self.directory}:{PLUGINS}"
        return Attachment(self.program, container, namespace, "eth0", configuration, args, path)


@pytest.fixture
def node(program, hardware, tmp_path):
    node = Node(program("patchbay-cni"), tmp_path)
    yield node
    node.stop_daemon()
    assert journals() == []
    assert markers() == []
    assert leases() == []
    assert list((STATE / "results").glob("*")) == []
    assert list((STATE / "lock/container").glob("*")) == []
    run("ip", "link", "del", BRIDGE, check=False)
    run("rm", "-rf", LEASES)


def vf_network(interface, vf, name="data", **keys):
    config = {"cniVersion": "1.0.0", "name": name, "type": "sriov", "deviceID": vf.address}
    return attachment(interface, config | keys) | {"deviceID": vf.address}


def macvlan(interface, master=BRIDGE):
    return attachment(
        interface, {"cniVersion": "1.0.0", "name": "mac", "type": "macvlan", "master": master, "ipam": ipam("10.78.0.0/24")}
    )


def names(namespace):
    return sorted(set(namespace.links()) - {"lo"})


def test_a_pod_gets_a_bridge_two_vfs_and_a_macvlan_and_gives_all_back(node, vfs, netns):
    pod = netns("pod")
    node.plan(
        vf_network("net1", vfs[0][0], "left", vlan=100, ipam=ipam("10.79.0.0/24")),
        vf_network("net2", vfs[1][1], "right", mac="02:00:00:00:00:22"),
        macvlan("net3"),
    )
    attachment = node.pod(pod)
    result = attachment.add()
    assert result["ips"][0]["address"] == "10.77.0.2/24"
    assert names(pod) == ["eth0", "net1", "net2", "net3"]
    assert vfs[0][0].settings()["vlan_list"][0]["vlan"] == 100
    assert pod.links()["net2"]["address"] == "02:00:00:00:00:22"
    assert leases() == ["10.77.0.2", "10.78.0.2", "10.79.0.2"]
    report = node.daemon.requests[-1]["body"]
    assert [each["ifName"] for each in report["attachments"]] == ["eth0", "net1", "net2", "net3"]
    assert report["attachments"][1]["deviceID"] == vfs[0][0].address
    assert report["attachments"][1]["result"]["ips"][0]["address"] == "10.79.0.2/24"

    assert attachment.add() == result
    node.stop_daemon()
    attachment.delete()
    assert names(pod) == []
    attachment.delete()


def test_a_failure_after_two_vfs_undoes_them_in_reverse(node, vfs, netns):
    pod = netns("pod")
    node.plan(
        vf_network("net1", vfs[0][0], "left", vlan=100, ipam=ipam("10.79.0.0/24")),
        vf_network("net2", vfs[1][0], "right"),
        macvlan("net3", master="nothere0"),
    )
    with pytest.raises(Refused) as refused:
        node.pod(pod).add()
    assert refused.value.message.startswith("net3 (default/mac): ")
    assert names(pod) == []


def test_a_vf_that_refuses_undoes_what_was_before_it(node, vfs, netns):
    pod = netns("pod")
    node.plan(macvlan("net1"), vf_network("net2", vfs[0][0]), vf_network("net3", vfs[1][0], min_tx_rate=100))
    with pytest.raises(Refused) as refused:
        node.pod(pod).add()
    assert refused.value.message.startswith("net3 (default/data): ")
    assert names(pod) == []


def test_the_same_vf_for_two_networks_is_refused_before_anything_is_done(node, vfs, netns):
    pod = netns("pod")
    node.plan(vf_network("net1", vfs[0][0]), vf_network("net2", vfs[0][0]))
    with pytest.raises(Refused) as refused:
        node.pod(pod).add()
    assert refused.value.code == 7
    assert not Path(f"/sys/class/net/{BRIDGE}").exists()


def test_a_vf_of_a_living_pod_is_not_given_to_another(node, vfs, netns):
    first, second = netns("first"), netns("second")
    node.plan(vf_network("net1", vfs[0][0]))
    owner = node.pod(first, "c1", "u1")
    owner.add()
    with pytest.raises(Refused) as refused:
        node.pod(second, "c2", "u2").add()
    assert refused.value.code == 11
    assert "default/pod-u1" in refused.value.message
    assert names(second) == []
    assert "net1" in first.links()
    owner.delete()
    node.pod(second, "c2", "u2").delete()


def test_a_sandbox_that_is_made_again_takes_the_vfs_over(node, vfs, netns):
    first, second = netns("first"), netns("second")
    node.plan(vf_network("net1", vfs[0][0]), vf_network("net2", vfs[1][0]))
    late = node.pod(first, "c1", "u1")
    late.add()
    again = node.pod(second, "c2", "u1")
    again.add()
    assert names(second) == ["eth0", "net1", "net2"]
    # The runtime's DEL for the first sandbox comes late.
    late.delete()
    assert names(first) == []
    assert names(second) == ["eth0", "net1", "net2"]
    again.delete()


def test_without_the_daemon_a_pod_that_asks_waits_and_one_that_does_not_starts(node, vfs, netns):
    pod = netns("pod")
    with pytest.raises(Refused) as refused:
        node.pod(pod).add()
    assert refused.value.code == 11
    node.annotations = {}
    attachment = node.pod(pod)
    attachment.add()
    assert names(pod) == ["eth0"]
    attachment.delete()


def test_vfs_and_addresses_come_back_when_the_namespace_went_first(node, vfs, netns):
    pod = netns("pod")
    node.plan(vf_network("net1", vfs[0][0], vlan=100, ipam=ipam("10.79.0.0/24")), macvlan("net2"))
    attachment = node.pod(pod)
    attachment.add()
    node.stop_daemon()
    pod.delete()
    attachment.delete()


def test_a_program_killed_while_a_delegate_sleeps_leaves_nothing_after_the_next_delete(node, vfs, netns):
    pod = netns("pod")
    started = node.directory / "started"
    program = node.directory / "hanging"
    program.write_text(HANGING.format(started=started))
    program.chmod(0o755)
    hanging = attachment("net3", {"cniVersion": "1.0.0", "name": "hang", "type": "hanging"})
    node.plan(vf_network("net1", vfs[0][0], vlan=100), vf_network("net2", vfs[1][0]), hanging)
    call = node.pod(pod)
    process = call.start("ADD")
    wait_until(started.exists, "the delegate that sleeps", 60)
    process.kill()
    process.wait()
    assert names(pod) == ["eth0", "net1", "net2"]
    call.delete()
    assert names(pod) == []


def test_a_damaged_journal_does_not_lose_a_vf(node, vfs, netns):
    pod = netns("pod")
    node.plan(vf_network("net1", vfs[0][0], ipam=ipam("10.79.0.0/24")), macvlan("net2"))
    attachment = node.pod(pod)
    attachment.add()
    (STATE / "journal/c1.json").write_text(json.dumps({"schema": 1})[:-3])
    attachment.delete()
    assert names(pod) == []
    (STATE / "damaged/c1.json").unlink()

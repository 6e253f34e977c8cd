"""The lab itself: what all other tests here take for granted."""

import json
import os
from pathlib import Path

import pytest
from machine import REPOSITORY, run, wait_until


def test_two_pfs_make_and_remove_vfs(hardware):
    assert [pf.driver for pf in hardware.pfs] == ["igb", "igb"]
    assert [vf.driver for vf in hardware.vfs()] == ["igbvf"] * 4
    hardware.remove()
    assert [pf.count for pf in hardware.pfs] == [0, 0]


def test_every_vf_has_an_iommu_group_of_its_own(hardware):
    groups = {os.readlink(vf.path / "iommu_group") for vf in hardware.vfs()}
    assert len(groups) == 4


def test_a_vf_of_one_pf_reaches_a_vf_of_the_other(vfs, netns):
    for number, vf in enumerate([vfs[0][0], vfs[1][0]], start=1):
        namespace, interface = netns(f"end{number}"), vf.interface
        run("ip", "link", "set", interface, "netns", namespace)
        run("ip", "-n", namespace, "link", "set", interface, "up")
        run("ip", "-n", namespace, "address", "add", f"192.0.2.{number}/24", "dev", interface)
    run("ping", "-c", "1", "-w", "20", "192.0.2.2", netns="end1")
    for number in (1, 2):
        for interface in set(run("ls", "/sys/class/net", netns=f"end{number}").stdout.split()) - {"lo"}:
            run("ip", "-n", f"end{number}", "link", "set", interface, "netns", "1")


@pytest.mark.vfs(1)
def test_a_vf_left_in_a_namespace_is_missed(hardware, netns):
    vf, namespace = hardware.vfs()[0], netns("pod")
    interface = vf.interface
    run("ip", "link", "set", interface, "netns", namespace)
    assert hardware.differences() == [f"{vf}: interface at home is None, was {interface!r}"] + [
        f"{vf}: {key} is None, was {hardware.first[vf.address][key]!r}" for key in ("MAC", "MTU")
    ]
    run("ip", "-n", namespace, "link", "set", interface, "netns", "1")


@pytest.mark.vfs(1)
def test_a_changed_setting_is_missed(hardware):
    vf = hardware.vfs()[0]
    run("ip", "link", "set", vf.pf.interface, "vf", "0", "vlan", "7")
    assert any("vlan" in line for line in hardware.differences())
    run("ip", "link", "set", vf.pf.interface, "vf", "0", "vlan", "0")


def test_the_host_is_seen_but_not_written():
    witness = REPOSITORY / "Tests" / "Lab" / "run"
    assert witness.read_text().startswith("#!/bin/bash")
    with witness.open("a") as file:
        file.write("# written in the guest\n")
    Path("/etc/patchbay-written-in-the-guest").touch()
    for place in ("/", REPOSITORY):
        assert run("stat", "-f", "-c", "%T", place).stdout == "overlayfs\n"


def test_state_is_on_a_disk():
    for place in ("/var/lib/patchbay", "/var/lib/cni", "/var/lib/kubelet"):
        assert run("stat", "-f", "-c", "%T", place).stdout == "ext2/ext3\n"  # what coreutils calls ext4


def test_the_cable_of_a_pf_can_be_pulled(hardware):
    request = REPOSITORY / "Tests" / "Lab" / "request"
    carrier = hardware.pfs[0].path / "net" / hardware.pfs[0].interface / "carrier"
    wait_until(lambda: carrier.read_text() == "1\n", "carrier")
    run(request, "link", "pf0", "off")
    wait_until(lambda: carrier.read_text() == "0\n", "loss of carrier")
    run(request, "link", "pf0", "on")
    wait_until(lambda: carrier.read_text() == "1\n", "carrier again")


@pytest.mark.parametrize(
    "network",
    [
        {"type": "bridge", "bridge": "labbr0", "isGateway": True, "ipMasq": True},
        {"type": "macvlan", "master": "enp1s0", "mode": "bridge"},
    ],
    ids=lambda network: network["type"],
)
def test_debians_plugins_work_here(network, hardware, netns):
    namespace = netns("pod")
    ipam = {"type": "host-local", "subnet": "192.0.2.0/24", "dataDir": "/tmp/host-local"}
    configuration = json.dumps({"cniVersion": "1.0.0", "name": "lab", "ipam": ipam} | network)

    def call(command):
        environment = {"CNI_COMMAND": command, "CNI_CONTAINERID": "lab", "CNI_NETNS": namespace.path, "CNI_IFNAME": "net1"}
        environment |= {"CNI_PATH": "/usr/lib/cni", "PATH": os.environ["PATH"]}
        return run(f"/usr/lib/cni/{network['type']}", input=configuration, env=environment).stdout

    address = json.loads(call("ADD"))["ips"][0]["address"]
    assert address in namespace.run("ip", "address", "show", "net1").stdout
    call("DEL")
    assert "net1" not in namespace.links()

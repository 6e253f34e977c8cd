"""The `sriov` role dies after each of its calls, in ADD and in DEL: what the runtime does next leaves nothing behind.

A debug build counts its calls of the kernel, the system and the store, and ends without warning after the one that is named.
The short form takes every seventh; all of them with PATCHBAY_LONG=1, as `Tests/run lab --long` sets it.
"""

import os
import signal

import pytest
from cni import STATE, Attachment, journals, markers
from machine import REPOSITORY

LONG = os.environ.get("PATCHBAY_LONG") == "1"
STRIDE = 1 if LONG else 7
# More than any operation has: a run that never ends is a failure.
MOST_CALLS = 400
SETTINGS = {"mac": "02:00:00:00:00:01", "vlan": 5, "trust": "on", "mtu": 1300}
IPAM = {"type": "host-local", "subnet": "10.20.0.0/24", "dataDir": "/run/faults"}


class Cases:
    """Counts the cases and what each left behind."""

    def __init__(self, hardware):
        self.hardware, self.count, self.leaks = hardware, 0, []

    def add(self, name):
        self.count += 1
        left = [f"journal of {each}" for each in journals()] + [f"marker of {each}" for each in markers()]
        left += [f"lock {path.name}" for path in (STATE / "lock" / "container").iterdir()]
        left += [f"remnant {path.name}" for path in (STATE / "journal").iterdir()]
        left += [f"address {each}" for each in reserved()]
        self.leaks += [f"{name}: {each}" for each in left + self.hardware.differences()]


def reserved():
    directory = f"{IPAM['dataDir']}/data"
    return [name for name in os.listdir(directory) if name.startswith("10.")] if os.path.isdir(directory) else []


@pytest.fixture
def make():
    program = str(REPOSITORY / ".build" / "debug" / "patchbay-cni")
    assert os.path.exists(program), "the debug build is needed; Tests/run lab makes it"

    def make(vf, namespace, container="c1"):
        configuration = {"cniVersion": "1.0.0", "name": "data", "type": "sriov", "deviceID": vf.address}
        return Attachment(program, container, namespace, "net1", configuration | SETTINGS | {"ipam": IPAM})

    return make


def dies(attachment, command, call):
    """Whether the operation was ended after that call; if not, it is through, and has no more calls than that."""
    process = attachment.start(command, PATCHBAY_KILL_AFTER=str(call))
    output, errors = process.stdout.read(), process.stderr.read()
    status = process.wait()
    assert status in (0, -signal.SIGKILL), f"{status}: {output}{errors}"
    return status != 0


def calls():
    return range(1, MOST_CALLS, STRIDE)


def stands(pod, vf):
    link, held = pod.links()["net1"], vf.settings()
    assert (link["address"], link["mtu"], "UP" in link["flags"]) == (SETTINGS["mac"], SETTINGS["mtu"], True)
    assert (held["vlan_list"][0]["vlan"], held["trust"]) == (SETTINGS["vlan"], True)


@pytest.mark.vfs(2)
class TestKilled:
    @pytest.fixture
    def cases(self, hardware, request, capsys):
        cases = Cases(hardware)
        yield cases
        with capsys.disabled():
            print(f"\n{request.node.name}: {cases.count} cases, {len(cases.leaks)} leaks")
        assert cases.leaks == []
        assert cases.count > (30 if LONG else 4), "it hardly went anywhere: is it the debug build?"

    def test_in_add_then_deleted(self, vfs, netns, make, cases):
        vf, pod = vfs[0][0], netns("pod")
        attachment = make(vf, pod)
        for call in calls():
            died = dies(attachment, "ADD", call)
            attachment.delete()
            assert set(pod.links()) == {"lo"}, call
            cases.add(f"ADD dies after call {call}")
            if not died:
                break

    def test_in_add_then_added_again(self, vfs, netns, make, cases):
        vf, pod = vfs[0][0], netns("pod")
        attachment = make(vf, pod)
        for call in calls():
            died = dies(attachment, "ADD", call)
            attachment.add()
            stands(pod, vf)
            attachment.delete()
            cases.add(f"ADD dies after call {call}, is tried again")
            if not died:
                break

    def test_in_add_then_its_namespace_is_deleted(self, vfs, netns, make, cases):
        vf = vfs[0][0]
        for call in calls():
            pod = netns("pod")
            attachment = make(vf, pod)
            died = dies(attachment, "ADD", call)
            pod.delete()
            attachment.delete()
            cases.add(f"ADD dies after call {call}, then the namespace")
            if not died:
                break

    def test_in_del_then_deleted_again(self, vfs, netns, make, cases):
        vf, pod = vfs[0][0], netns("pod")
        attachment = make(vf, pod)
        for call in calls():
            attachment.add()
            died = dies(attachment, "DEL", call)
            attachment.delete()
            assert set(pod.links()) == {"lo"}, call
            cases.add(f"DEL dies after call {call}")
            if not died:
                break

    def test_in_del_then_another_pod_gets_the_vf(self, vfs, netns, make, cases):
        """The runtime never asks again: the next owner finds it, and the namespace that is gone."""
        vf, new = vfs[0][0], netns("new")
        for call in calls():
            old = netns("old")
            first, second = make(vf, old), make(vf, new, container="c2")
            first.add()
            died = dies(first, "DEL", call)
            old.delete()
            second.add()
            stands(new, vf)
            second.delete()
            # What the first left is a record without a function at most, which its own deletion ends.
            first.delete()
            cases.add(f"DEL dies after call {call}, the VF goes on")
            if not died:
                break

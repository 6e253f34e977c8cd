#!/usr/bin/python3
"""ADD and DEL of one VF in the lab, address by the `static` plugin, against `ip -batch` and Debian's host-device.

    swift build -c release --product patchbay-cni
    Tests/Lab/run Tests/Benchmarks/lab_attach.py [RUNS]

- `ip -batch` sends the same: move and rename, up, address, route; back with its first name. It keeps no record, checks
  no owner and runs no address plugin: it is the floor.
- the same with a reset of the VF between tenants, as ours does at DEL: unbind, function-level reset, bind, first name.
- ours is run twice: with its records in memory, and on the guest's disk, where the journal is synced.
- host-device runs the same `static` plugin; it keeps no record and no owner.

Rounds are interleaved, in turning order; medians, quarter points, ratio to the floor of each round. System calls are
counted by strace with all children, in runs of their own.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "LabTests"))

from hardware import Hardware  # noqa: E402
from machine import REPOSITORY, Namespace  # noqa: E402
from measure import cost, table  # noqa: E402

IPAM = {
    "type": "static",
    "addresses": [{"address": "10.9.0.5/24", "gateway": "10.9.0.1"}],
    "routes": [{"dst": "10.10.0.0/16"}],
}
FLOOR = "ip -batch"


class Plugin:
    """A CNI plugin's ADD and DEL."""

    def __init__(self, program, pod, keys, **environment):
        self.program = str(program)
        self.text = json.dumps({"cniVersion": "1.0.0", "name": "bench", "ipam": IPAM} | keys).encode()
        self.environment = environment | {
            "CNI_CONTAINERID": "bench",
            "CNI_NETNS": pod.path,
            "CNI_IFNAME": "net1",
            "CNI_PATH": "/usr/lib/cni",
            "PATH": os.environ["PATH"],
        }

    def commands(self):
        for command in ("ADD", "DEL"):
            yield [self.program], self.environment | {"CNI_COMMAND": command}, self.text


class Batch:
    """The same by iproute2, in as few processes as it can."""

    def __init__(self, vf, pod):
        self.vf, self.pod, self.name = vf, pod, vf.interface

    def commands(self):
        into = f"link set {self.name} netns {self.pod} name net1\n"
        there = "link set net1 up\naddress add 10.9.0.5/24 dev net1\nroute add 10.10.0.0/16 via 10.9.0.1 dev net1\n"
        back = f"link set net1 netns 1 name {self.name}\n"
        environment = {"PATH": os.environ["PATH"]}
        yield ["/usr/sbin/ip", "-batch", "-"], environment, into.encode()
        yield ["/usr/sbin/ip", "-n", str(self.pod), "-batch", "-"], environment, there.encode()
        yield ["/usr/sbin/ip", "-n", str(self.pod), "-batch", "-"], environment, back.encode()


class BatchWithReset(Batch):
    """The same, and no trace of the tenant left; the driver would make up another MAC, so the PF is told the first."""

    SCRIPT = """
        device=/sys/bus/pci/devices/$1
        driver=$(readlink -f $device/driver)
        mac=$(cat $device/net/$2/address)
        echo $1 >$driver/unbind
        echo 1 >$device/reset
        /usr/sbin/ip link set $(ls $device/physfn/net) vf 0 mac $mac
        echo $1 >$driver/bind
        while ! name=$(ls $device/net 2>/dev/null) || [ -z "$name" ]; do sleep 0.001; done
        [ $name = $2 ] || /usr/sbin/ip link set $name name $2
    """

    def commands(self):
        yield from super().commands()
        yield ["/bin/sh", "-c", self.SCRIPT, "sh", self.vf.address, self.name], {"PATH": os.environ["PATH"]}, b""


def round_trip(contender):
    """Wall and CPU milliseconds of one ADD with its DEL."""
    costs = [cost(words[0], environment, text, words) for words, environment, text in contender.commands()]
    return sum(each[0] for each in costs), sum(each[1] for each in costs)


def system_calls(contender):
    """How many in one ADD with its DEL."""
    total = 0
    for words, environment, text in contender.commands():
        with tempfile.NamedTemporaryFile("r") as summary:
            subprocess.run(
                ["strace", "-f", "-c", "-o", summary.name, *words],
                input=text,
                env=environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )
            last = summary.read().strip().splitlines()[-1].split()
            total += int(last[2] if len(last) == 4 else last[3])
    return total


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    hardware = Hardware()
    hardware.make(1)
    vf, pod = hardware.pfs[0].vfs()[0], Namespace("bench")
    ours = REPOSITORY / ".build/release/patchbay-cni"
    sriov = {"type": "sriov", "deviceID": vf.address}
    memory = {"PATCHBAY_STATE_DIRECTORY": "/run/bench", "PATCHBAY_INCUMBENT_DIRECTORY": "/run/bench-incumbent"}
    contenders = {
        FLOOR: Batch(vf, pod),
        "ip -batch, and a reset": BatchWithReset(vf, pod),
        "patchbay-cni, records in memory": Plugin(ours, pod, sriov, **memory),
        "patchbay-cni, journal synced": Plugin(ours, pod, sriov),
        "host-device (Go)": Plugin("/usr/lib/cni/host-device", pod, {"type": "host-device", "pciBusID": vf.address}),
    }
    samples = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(3 + runs):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            samples[name].append(round_trip(contenders[name]))
    for title, index in (("ADD + DEL, wall, ms", 0), ("ADD + DEL, CPU with children, ms", 1)):
        table(title, {name: [each[index] for each in all_[3:]] for name, all_ in samples.items()}, FLOOR)
    print("\nADD + DEL, system calls with children")
    for name, contender in contenders.items():
        print(f"  {name:34} {system_calls(contender):8}")
    pod.delete()
    assert not hardware.differences(), hardware.differences()


main()

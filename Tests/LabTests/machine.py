"""The machine under test: commands, network namespaces, PFs and their VFs.

Nothing here goes through Patchbay: tests judge it by what the kernel and iproute2 say.
"""

import json
import os
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PCI_DEVICES = Path("/sys/bus/pci/devices")


def run(*command, netns=None, check=True, timeout=60, **options):
    """Runs a command and returns its CompletedProcess with text output.

    `netns` is a namespace's name. A failure (with `check`) shows the command with all that it said.
    Other options are subprocess.run's: `input`, `env` (the whole of it), `cwd`.
    """
    command = [str(word) for word in command]
    if netns:
        command = ["ip", "netns", "exec", str(netns), *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    if check and done.returncode != 0:
        raise AssertionError(
            f"exit status {done.returncode} of: {' '.join(command)}\n--- stdout\n{done.stdout}--- stderr\n{done.stderr}"
        )
    return done


def wait_until(condition, what, seconds=10):
    """Waits until `condition()` is truthy and returns that; `what` says what did not come."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return result


def links(netns=None):
    """What `ip link` shows in a namespace, by interface name: dictionaries of `ip -json -details link`."""
    option = ["-n", str(netns)] if netns else []
    return {link["ifname"]: link for link in json.loads(run("ip", *option, "-json", "-details", "link").stdout)}


class Namespace:
    """A named network namespace, with its loopback up."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")

    def __str__(self):
        return self.name

    def run(self, *command, **options):
        return run(*command, netns=self.name, **options)

    def links(self):
        return links(self.name)

    def delete(self):
        """Deletes it; fine if it is gone."""
        run("ip", "netns", "del", self.name, check=False)


class PCIFunction:
    def __init__(self, address):
        self.address = address
        self.path = PCI_DEVICES / address

    def __repr__(self):
        return self.address

    @property
    def driver(self):
        """The driver's name, or None."""
        link = self.path / "driver"
        return os.readlink(link).rpartition("/")[2] if link.is_symlink() else None

    @property
    def interface(self):
        """The name of its interface in the initial namespace, or None."""
        net = self.path / "net"
        return next((entry.name for entry in net.iterdir()), None) if net.is_dir() else None

    def mac(self):
        """Of its interface in the initial namespace."""
        return (self.path / "net" / self.interface / "address").read_text().strip()

    def bind(self, driver):
        """Gives it to a driver (None: to nobody), whichever it has now."""
        if self.driver:
            (self.path / "driver" / "unbind").write_text(self.address)
        (self.path / "driver_override").write_text((driver or "") + "\n")
        if driver:
            Path("/sys/bus/pci/drivers_probe").write_text(self.address)
            assert self.driver == driver, f"{self.address} was not taken by {driver}"
            (self.path / "driver_override").write_text("\n")


class VF(PCIFunction):
    def __init__(self, pf, index):
        super().__init__(os.readlink(pf.path / f"virtfn{index}").rpartition("/")[2])
        self.pf = pf
        self.index = index

    def settings(self):
        """What the PF holds for it: mac, vlan, spoofchk, trust and so on, as `ip -json link show` names them."""
        link = links()[self.pf.interface]
        return next(vf for vf in link["vfinfo_list"] if vf["vf"] == self.index)


class PF(PCIFunction):
    @property
    def count(self):
        return int((self.path / "sriov_numvfs").read_text())

    @count.setter
    def count(self, number):
        (self.path / "sriov_numvfs").write_text(str(number))

    def vfs(self):
        """Its VFs by index."""
        return [VF(self, index) for index in range(self.count)]

    def up(self):
        run("ip", "link", "set", self.interface, "up")


def physical_functions():
    """The two emulated 82576, by address."""
    found = [PF(path.name) for path in sorted(PCI_DEVICES.iterdir()) if (path / "sriov_numvfs").exists()]
    assert len(found) == 2, f"the lab has two PFs, here are {found}"
    return found

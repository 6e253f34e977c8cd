"""A sysfs in small: physical functions of an Intel 82576 with virtual ones, for programs that take `--sysfs`."""

import pathlib


class Sysfs:
    """A tree below `root`; PF n is at 0000:<n + 1>:00.0, its VFs follow on their own buses."""

    def __init__(self, root, pfs, vfs):
        self.root = pathlib.Path(root)
        self.devices = self.root / "bus" / "pci" / "devices"
        self.devices.mkdir(parents=True)
        (self.root / "class" / "net").mkdir(parents=True)
        self.virtual = []
        self._interfaces = 1
        for pf in range(pfs):
            self._make_pf(pf, vfs)

    @staticmethod
    def pf_address(pf):
        return f"{pf // 128:04x}:{2 * (pf % 128):02x}:00.0"

    @staticmethod
    def vf_address(pf, vf):
        """At most 256 a PF: 32 devices of 8 functions on the bus after the PF's."""
        return f"{pf // 128:04x}:{2 * (pf % 128) + 1:02x}:{vf // 8:02x}.{vf % 8}"

    def _make_pf(self, pf, vfs):
        address = self.pf_address(pf)
        self._make_function(address, 0x10C9, "igb", f"p{pf}", {"sriov_totalvfs": vfs, "sriov_numvfs": vfs})
        (self.devices / address / "sriov_drivers_autoprobe").write_text("1\n")
        for vf in range(vfs):
            virtual = self.vf_address(pf, vf)
            self._make_function(virtual, 0x10CA, "igbvf", f"p{pf}v{vf}", {})
            (self.devices / virtual / "physfn").symlink_to(f"../{address}")
            (self.devices / address / f"virtfn{vf}").symlink_to(f"../{virtual}")
            self.virtual.append(virtual)

    def _make_function(self, address, device, driver, interface, more):
        path = self.devices / address
        path.mkdir()
        attributes = {"vendor": "0x8086", "device": f"{device:#06x}", "class": "0x020000", "numa_node": 0, **more}
        for name, value in attributes.items():
            (path / name).write_text(f"{value}\n")
        (self.root / "bus" / "pci" / "drivers" / driver).mkdir(parents=True, exist_ok=True)
        (path / "driver").symlink_to(f"../../drivers/{driver}")
        self.put_interface(address, interface)

    def put_interface(self, address, name):
        net = self.devices / address / "net" / name
        net.mkdir(parents=True)
        self._interfaces += 1
        attributes = {
            "address": "52:54:00:00:00:01", "mtu": 1500, "type": 1, "flags": "0x1002", "ifindex": self._interfaces,
        }
        for attribute, value in attributes.items():
            (net / attribute).write_text(f"{value}\n")
        (self.root / "class" / "net" / name).symlink_to(f"../../bus/pci/devices/{address}/net/{name}")

    def take_interfaces(self, address):
        """As the kernel does when an interface leaves the host's namespace."""
        for net in (self.devices / address / "net").iterdir():
            (self.root / "class" / "net" / net.name).unlink()
            for attribute in net.iterdir():
                attribute.unlink()
            net.rmdir()

"""VFs for tests: made fresh when they are not as they were, and missed when a test does not give them back."""

from concurrent.futures import ThreadPoolExecutor

from machine import VF, physical_functions, wait_until

# Of what `ip -json link` says of a VF, these stay as they were made.
HELD_SETTINGS = ("vlan_list", "rate", "spoofchk", "trust", "query_rss_en", "link_state")


class Hardware:
    """Two PFs, up, with `count` VFs each, bound to igbvf, at home and with their first settings."""

    def __init__(self):
        self.pfs = physical_functions()
        self.first = {}

    def vfs(self):
        """All VFs, PF by PF."""
        return [vf for pf in self.pfs for vf in pf.vfs()]

    def make(self, count):
        """Brings both PFs to `count` VFs as made; leaves those that are so already."""
        if [pf.count for pf in self.pfs] == [count, count] and not self.differences():
            return
        # The driver sleeps for seconds when it makes and removes VFs: both PFs at once.
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda pf: self._remake(pf, count), self.pfs))
        for vf in self.vfs():
            wait_until(lambda: vf.interface, f"interface of {vf}")
        self.first = {vf.address: self._state(vf) for vf in self.vfs()}

    def remove(self):
        """Brings both PFs to no VFs."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda pf: self._remake(pf, 0), self.pfs))
        self.first = {}

    def differences(self):
        """What is not as it was made, a line each; empty if every VF is back."""
        problems = []
        for address, first in self.first.items():
            vf = next((vf for vf in self.vfs() if vf.address == address), None)
            if vf is None:
                problems.append(f"{address} is gone")
                continue
            now = self._state(vf)
            problems += [f"{address}: {key} is {now[key]!r}, was {first[key]!r}" for key in first if now[key] != first[key]]
        return problems

    @staticmethod
    def _remake(pf, count):
        pf.up()
        if pf.count:
            pf.count = 0
        if count:
            pf.count = count

    @staticmethod
    def _state(vf: VF):
        state = {"driver": vf.driver, "interface at home": vf.interface, "MAC": None, "MTU": None}
        if vf.interface:
            net = vf.path / "net" / vf.interface
            state |= {"MAC": vf.mac(), "MTU": (net / "mtu").read_text().strip()}
        settings = vf.settings()
        return state | {key: settings.get(key) for key in HELD_SETTINGS}

"""The `sriov` role on real drivers: a VF goes into a pod and comes back as it was."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cni import INCUMBENT, STATE, Attachment, Refused, journals, markers
from machine import links, run, wait_until

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@pytest.fixture
def attach(program, hardware):
    """Makes attachments of VFs; afterwards nothing may be recorded any more."""

    def make(vf, namespace, container="c1", interface="net1", args="", path=None, **keys):
        configuration = {"cniVersion": "1.0.0", "name": "data", "type": "sriov", "deviceID": vf.address} | keys
        more = {"path": path} if path else {}
        return Attachment(program("patchbay-cni"), container, namespace, interface, configuration, args, **more)

    yield make
    assert journals() == []
    assert markers() == []
    assert list((STATE / "lock" / "container").glob("*")) == []
    assert [path for path in (STATE / "journal").iterdir()] == []


@pytest.fixture
def slow_ipam(tmp_path_factory):
    """A directory with an address plugin `slow` that says that it runs and then sleeps; DEL succeeds at once."""
    directory = Path("/run") / f"slow-{os.getpid()}"
    directory.mkdir(exist_ok=True)
    plugin = directory / "slow"
    plugin.write_text(
        "#!/bin/sh\n"
        f'[ "$CNI_COMMAND" = DEL ] && {{ echo DEL >> {directory}/log; exit 0; }}\n'
        f"echo $$ > {directory}/pid\n"
        "exec sleep 600\n"
    )
    plugin.chmod(0o755)
    yield directory
    run("rm", "-rf", directory)


STATIC = {
    "type": "static",
    "addresses": [{"address": "10.9.0.5/24", "gateway": "10.9.0.1"}],
    "routes": [{"dst": "10.10.0.0/16"}],
}


def address_of(namespace, interface="net1"):
    shown = json.loads(run("ip", "-n", namespace, "-json", "address", "show", "dev", interface).stdout)
    return [f"{a['local']}/{a['prefixlen']}" for a in shown[0]["addr_info"] if a["scope"] == "global"]


class TestAdd:
    def test_every_setting_is_seen_on_the_pf_and_in_the_pod(self, vfs, netns, attach):
        vf, pod = vfs[0][1], netns("pod")
        attachment = attach(
            vf, pod, mac="02:00:00:00:00:ab", vlan=100, vlanQoS=3, spoofchk="off", trust="on", max_tx_rate=200, mtu=1400, ipam=STATIC
        )
        result = attachment.add()
        assert result == {
            "cniVersion": "1.0.0",
            "interfaces": [{"name": "net1", "mac": "02:00:00:00:00:ab", "sandbox": pod.path}],
            "ips": [{"interface": 0, "address": "10.9.0.5/24", "gateway": "10.9.0.1"}],
            "routes": [{"dst": "10.10.0.0/16"}],
        }
        link = pod.links()["net1"]
        assert (link["address"], link["mtu"], "UP" in link["flags"]) == ("02:00:00:00:00:ab", 1400, True)
        held = vf.settings()
        assert held["mac" if "mac" in held else "address"] == "02:00:00:00:00:ab"
        assert held["vlan_list"] == [{"vlan": 100, "qos": 3}]
        assert (held["spoofchk"], held["trust"], held["rate"]["max_tx"]) == (False, True, 200)
        assert address_of(pod) == ["10.9.0.5/24"]
        assert "10.10.0.0/16 via 10.9.0.1 dev net1" in pod.run("ip", "route").stdout
        assert vf.interface is None
        assert markers() == [vf.address]
        attachment.delete()

    def test_two_pods_reach_each_other_and_host_local_keeps_their_addresses(self, vfs, netns, attach):
        ipam = {"type": "host-local", "subnet": "10.20.0.0/24", "dataDir": "/run/host-local"}
        pods = [netns("left"), netns("right")]
        made = [
            attach(vf, pod, container=pod.name, vlan=7, ipam=ipam)
            for vf, pod in zip([vfs[0][0], vfs[1][0]], pods)
        ]
        addresses = [each.add()["ips"][0]["address"].partition("/")[0] for each in made]
        run("ping", "-c", "1", "-w", "20", addresses[1], netns="left")
        assert {path.name for path in Path("/run/host-local/data").glob("10.*")} == set(addresses)
        for each in made:
            each.delete()
        assert not list(Path("/run/host-local/data").glob("10.*"))

    def test_a_vf_without_settings_is_not_reloaded(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        before = vf.mac()
        attachment = attach(vf, pod)
        assert attachment.add()["interfaces"][0]["mac"] == before
        assert pod.links()["net1"]["address"] == before
        attachment.delete()

    def test_the_newest_version_tells_mtu_and_pci_address(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, cniVersion="1.1.0", runtimeConfig={"mac": "02:00:00:00:00:05"})
        interface = attachment.add()["interfaces"][0]
        assert (interface["mtu"], interface["pciID"], interface["mac"]) == (1500, vf.address, "02:00:00:00:00:05")
        attachment.delete()

    def test_a_renamed_pf_changes_nothing(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, vlan=9)
        attachment.add()
        name = vf.pf.interface
        run("ip", "link", "set", name, "down")
        run("ip", "link", "set", name, "name", "elsewhere")
        run("ip", "link", "set", "elsewhere", "up")
        try:
            attachment.delete()
        finally:
            run("ip", "link", "set", "elsewhere", "down")
            run("ip", "link", "set", "elsewhere", "name", name)
            run("ip", "link", "set", name, "up")

    def test_a_vf_of_vfio_gets_its_settings_on_the_pf_only(self, vfs, netns, attach):
        run("modprobe", "vfio-pci")
        vf, pod = vfs[0][0], netns("pod")
        first = vf.mac()
        vf.bind("vfio-pci")
        try:
            attachment = attach(vf, pod, vlan=11, mac="02:00:00:00:00:0b", ipam=STATIC)
            result = attachment.add()
            assert result["interfaces"][0]["mac"] == "02:00:00:00:00:0b"
            assert vf.settings()["vlan_list"][0]["vlan"] == 11
            assert set(pod.links()) == {"lo"}
            attachment.delete()
            assert vf.settings()["vlan_list"][0].get("vlan", 0) == 0
            assert journals() == []
        finally:
            # igbvf makes up a new address at each start.
            run("ip", "link", "set", vf.pf.interface, "vf", "0", "mac", "00:00:00:00:00:00")
            vf.bind("igbvf")
            run("ip", "link", "set", vf.interface, "address", first)


class TestDriver:
    def test_a_vf_that_is_not_to_be_probed_is_reloaded_all_the_same(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        probe = vf.pf.path / "sriov_drivers_autoprobe"
        probe.write_text("0")
        try:
            attachment = attach(vf, pod, mac="02:00:00:00:00:01")
            attachment.add()
            assert pod.links()["net1"]["address"] == "02:00:00:00:00:01"
            attachment.delete()
            assert (vf.path / "driver_override").read_text().strip() == "(null)"
        finally:
            probe.write_text("1")


class TestBack:
    """What `hardware` looks at afterwards: name, MAC, MTU, settings, driver, namespace."""

    def test_after_the_namespace_was_deleted_first(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, mac="02:00:00:00:00:01", vlan=5, mtu=1300, trust="on")
        attachment.add()
        pod.delete()
        attachment.delete()
        assert vf.settings()["trust"] is False

    def test_without_settings_after_the_namespace_was_deleted_first(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, mtu=1300)
        attachment.add()
        pod.delete()
        attachment.delete(CNI_NETNS="")

    def test_deleted_twice(self, vfs, netns, attach):
        attachment = attach(vfs[0][0], netns("pod"), vlan=5)
        attachment.add()
        attachment.delete()
        attachment.delete()

    def test_made_anew_it_keeps_its_own_mac(self, hardware, vfs, netns, attach):
        # The first life's state was once restored in the second, whose MAC is another.
        address, pod = vfs[0][0].address, netns("pod")
        for _ in range(2):
            vf = hardware.pfs[0].vfs()[0]
            assert vf.address == address
            attachment = attach(vf, pod)
            attachment.add()
            attachment.delete()
            wait_until(lambda: not hardware.differences(), "the VF as it was")
            hardware.remove()
            hardware.make(2)

    def test_never_added(self, vfs, netns, attach):
        attach(vfs[0][0], netns("pod"), ipam=STATIC).delete()

    def test_alternative_names_stay(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        run("ip", "link", "property", "add", "dev", vf.interface, "altname", "patchbay-test-name")
        for keys in ({}, {"vlan": 5}):
            attachment = attach(vf, pod, **keys)
            attachment.add()
            attachment.delete()
            assert links()[vf.interface]["altnames"] == ["patchbay-test-name"]
        run("ip", "link", "property", "del", "dev", vf.interface, "altname", "patchbay-test-name")

    def test_what_the_pod_changed_itself(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod)
        attachment.add()
        pod.run("ip", "link", "set", "net1", "name", "mine", "mtu", "1200")
        attachment.delete()


class TestNeighbours:
    def test_are_told_of_each_address(self, vfs, netns, attach):
        """A neighbour that remembers another MAC address for an address learns the new one without asking."""
        pod, peer = netns("pod"), netns("peer")
        other = attach(vfs[1][0], peer, container="c2", ipam=STATIC | {"routes": []})
        other.add()
        run("ip", "-n", "peer", "address", "add", "fd00::9/64", "dev", "net1", "nodad")
        wait_until(lambda: "LOWER_UP" in peer.links()["net1"]["flags"], "the peer's carrier")
        stale = "02:00:00:00:00:99"
        for address in ("10.9.0.77", "fd00::77"):
            peer.run("ip", "neigh", "replace", address, "lladdr", stale, "nud", "stale", "dev", "net1")
        ipam = {"type": "static", "addresses": [{"address": "10.9.0.77/24"}, {"address": "fd00::77/64"}]}
        attachment = attach(vfs[0][0], pod, ipam=ipam)
        mac = attachment.add()["interfaces"][0]["mac"]

        def known(address):
            shown = json.loads(peer.run("ip", "-json", "neigh", "show", address, "dev", "net1").stdout)
            return shown[0].get("lladdr") == mac

        for address in ("10.9.0.77", "fd00::77"):
            wait_until(lambda: known(address), f"the peer knows {address} at its new MAC address", 5)
        attachment.delete()
        other.delete()


class TestCheck:
    def test_names_every_difference(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, mac="02:00:00:00:00:ab", vlan=100, vlanQoS=3, trust="on", max_tx_rate=200, mtu=1400, ipam=STATIC)
        attachment.configuration["prevResult"] = attachment.add()
        assert attachment.call("CHECK") is None
        pod.run("ip", "address", "add", "10.9.1.1/24", "dev", "net1")
        assert attachment.call("CHECK") is None
        pod.run("ip", "address", "del", "10.9.0.5/24", "dev", "net1")
        pod.run("ip", "link", "set", "net1", "down")
        pod.run("ip", "link", "set", "net1", "address", "02:00:00:00:00:cd", "mtu", "1300")
        run("ip", "link", "set", vf.pf.interface, "vf", "0", "trust", "off")
        run("ip", "link", "set", vf.pf.interface, "vf", "0", "vlan", "7")
        with pytest.raises(Refused) as raised:
            attachment.call("CHECK")
        assert raised.value.code == 100
        for words in (
            "net1 is down",
            "the MAC address is 02:00:00:00:00:cd, not 02:00:00:00:00:ab",
            "the MTU is 1300, not 1400",
            "address 10.9.0.5/24 is missing",
            "route to 10.10.0.0/16 is missing",
            "the PF has trust off, not trust on",
            "the PF has vlan 7 qos 0 proto 802.1q, not vlan 100 qos 3 proto 802.1q",
        ):
            assert words in raised.value.message
        pod.run("ip", "link", "set", "net1", "name", "other")
        with pytest.raises(Refused, match="the interface is named other, not net1"):
            attachment.call("CHECK")
        attachment.configuration.pop("prevResult")
        attachment.delete()

    def test_of_what_is_not_there(self, vfs, netns, attach):
        with pytest.raises(Refused) as raised:
            attach(vfs[0][0], netns("pod")).call("CHECK")
        assert (raised.value.code, "container c1" in raised.value.message) == (3, True)
        with pytest.raises(Refused) as raised:
            attach(vfs[0][0], netns("pod2"), cniVersion="0.3.1").call("CHECK")
        assert raised.value.code == 1


class TestStatus:
    def test_is_well_until_records_cannot_be_written(self, attach, vfs):
        attachment = attach(vfs[0][0], "", cniVersion="1.1.0")
        assert attachment.call("STATUS") is None
        run("mount", "--bind", "-o", "ro", STATE, STATE)
        run("mount", "-o", "remount,bind,ro", STATE)
        try:
            with pytest.raises(Refused) as raised:
                attachment.call("STATUS")
        finally:
            run("umount", STATE)
        assert (raised.value.code, "Read-only file system" in raised.value.message) == (50, True)

    def test_is_the_address_plugins_too(self, attach, vfs):
        with pytest.raises(Refused) as raised:
            attach(vfs[0][0], "", cniVersion="1.1.0", ipam={"type": "nosuchplugin"}).call("STATUS")
        assert (raised.value.code, "nosuchplugin" in raised.value.message) == (50, True)


class TestGarbage:
    def test_what_the_runtime_does_not_know_is_undone(self, vfs, netns, attach):
        gone, stays, other = netns("gone"), netns("stays"), netns("other")
        first = attach(vfs[0][0], gone, container="c1", cniVersion="1.1.0", vlan=5)
        second = attach(vfs[0][1], stays, container="c2", cniVersion="1.1.0")
        third = attach(vfs[1][0], other, container="c3", name="another")
        for each in (first, second, third):
            each.add()
        known = [{"containerID": "c2", "ifname": "net1"}]
        with pytest.raises(Refused, match="cni.dev/valid-attachments"):
            second.call("GC")
        second.configuration["cni.dev/attachments"] = []
        second.configuration["cni.dev/valid-attachments"] = known
        assert second.call("GC") is None
        assert journals() == ["c2", "c3"]
        assert set(gone.links()) == {"lo"}
        assert vfs[0][0].settings()["vlan_list"][0].get("vlan", 0) == 0
        second.configuration.pop("cni.dev/valid-attachments")
        assert second.call("GC") is None
        assert journals() == ["c3"]
        third.delete()


class TestNextTenant:
    """A tenant that may administer its interface leaves nothing to the next, and cannot pretend to have left nothing."""

    @staticmethod
    def dirty(pod, name):
        """Changes what no record tells of, and gives the interface its host's name."""
        pod.run("ip", "link", "property", "add", "dev", "net1", "altname", "formers-name")
        pod.run("tc", "qdisc", "add", "dev", "net1", "root", "pfifo", "limit", "7")
        pod.run("ip", "link", "set", "net1", "down")
        pod.run("ip", "link", "set", "net1", "name", name, "txqueuelen", "77", "alias", "formers", "promisc", "on")

    @staticmethod
    def shown(name, netns=None):
        link = links(netns)[name]
        words = ("txqlen", "ifalias", "altnames", "promiscuity", "address", "mtu")
        return {key: link.get(key) for key in words} | {"pfifo": link.get("qdisc") == "pfifo"}

    @pytest.mark.parametrize("keys", [{}, {"vlan": 5, "mac": "02:00:00:00:00:01"}])
    @pytest.mark.parametrize("is_gone", [False, True])
    def test_finds_nothing_of_the_former(self, vfs, netns, attach, keys, is_gone):
        vf, old, new = vfs[0][0], netns("old"), netns("new")
        name = vf.interface
        # Once known to the function's baseline, it comes back with each deletion.
        run("ip", "link", "property", "add", "dev", name, "altname", "patchbay-test-name", check=False)
        first = self.shown(name)
        attachment = attach(vf, old, container="c1", **keys)
        attachment.add()
        self.dirty(old, name)
        if is_gone:
            old.delete()
        attachment.delete()
        assert self.shown(name) == first
        assert first["altnames"] == ["patchbay-test-name"]
        # The device passes traffic, which one that was reset under its driver does not.
        ipam = {"type": "static", "addresses": [{"address": "10.9.0.6/24"}]}
        peer = attach(vfs[1][0], netns("peer"), container="c2", ipam=STATIC)
        second = attach(vf, new, container="c3", ipam=ipam)
        peer.add()
        second.add()
        run("ping", "-c", "1", "-w", "20", "10.9.0.5", netns="new")
        second.delete()
        peer.delete()

    def test_names_that_the_driver_gives_are_not_in_the_way(self, vfs, netns, attach):
        """The first VF's name is free while it is in its pod: the kernel gives it to the second one's new interface."""
        flat = [vf for pf in vfs for vf in pf]
        made = [attach(vf, netns(f"pod{n}"), container=f"c{n}") for n, vf in enumerate(flat)]
        for _ in range(3):
            for each in made:
                each.add()
            for process in [each.start("DEL") for each in reversed(made)]:
                output = process.stdout.read()
                assert process.wait() == 0, output

    def test_a_pf_that_is_down_keeps_nobody_from_deletion(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod)
        attachment.add()
        run("ip", "link", "set", vf.pf.interface, "down")
        try:
            attachment.delete()
        finally:
            vf.pf.up()


class TestFailedAdd:
    """An error object, a non-zero exit, and nothing changed; `attach` and `hardware` look at the rest."""

    @pytest.fixture
    def refused(self, vfs, netns, attach):
        pod = netns("pod")

        def call(vf=None, **keys):
            with pytest.raises(Refused) as raised:
                attach(vf or vfs[0][0], pod, **keys).add()
            assert set(pod.links()) == {"lo"}
            assert raised.value.answer["cniVersion"] == "1.0.0"
            assert journals() == []
            return raised.value

        return call

    def test_addresses_refused(self, refused):
        error = refused(vlan=5, ipam={"type": "static", "addresses": [{"address": "10.9.0.5"}]})
        assert "10.9.0.5" in error.message

    def test_the_address_plugin_is_not_there(self, refused):
        error = refused(mac="02:00:00:00:00:01", ipam={"type": "nosuchplugin"})
        assert (error.code, "nosuchplugin" in error.message) == (5, True)

    def test_the_name_is_taken(self, vfs, netns, attach):
        pod = netns("pod")
        pod.run("ip", "link", "add", "net1", "type", "veth", "peer", "other")
        with pytest.raises(Refused) as raised:
            attach(vfs[0][0], pod, vlan=5).add()
        assert "has an interface net1 already" in raised.value.message
        assert "net1" in pod.links()

    def test_what_igb_refuses_carries_the_kernels_words(self, refused):
        error = refused(min_tx_rate=10)
        assert "set rates" in error.message and "Invalid argument" in error.message
        assert "VF 0 of" in error.message and "driver igb" in error.message
        assert "minimum rate" in error.details
        assert "Operation not supported" in refused(link_state="enable").message
        error = refused(vlan=5, vlanProto="802.1ad", trust="on")
        assert "set VLAN" in error.message and "Protocol not supported" in error.message

    @pytest.mark.parametrize(
        "keys, code, words",
        [
            ({"vlan": 4095}, 7, "vlan: 4095"),
            ({"vlanQoS": 3}, 7, "vlanQoS: needs vlan"),
            ({"spoofchk": "yes"}, 7, "spoofchk"),
            ({"mac": "01:00:00:00:00:00"}, 7, "mac"),
            ({"deviceID": "0000:99:00.0"}, 7, "0000:99:00.0"),
            ({"deviceID": "eth0"}, 7, "eth0"),
            ({"mtu": 60000}, 5, "change"),
            ({"runtimeConfig": {"infinibandGUID": "00"}}, 2, "infinibandGUID"),
        ],
    )
    def test_a_wrong_configuration(self, refused, keys, code, words):
        error = refused(**keys)
        assert error.code == code, error
        assert words in error.message or words == "change", error

    def test_a_pf_with_vfs_stays(self, hardware, netns, program):
        configuration = {"cniVersion": "1.0.0", "name": "n", "type": "sriov", "deviceID": hardware.pfs[0].address}
        with pytest.raises(Refused, match="PF with 2 virtual functions"):
            Attachment(program("patchbay-cni"), "c1", netns("pod"), "net1", configuration).add()

    def test_no_json_no_namespace_the_hosts_namespace(self, vfs, attach):
        attachment = attach(vfs[0][0], "/run/netns/none")
        with pytest.raises(Refused, match="/run/netns/none") as raised:
            attachment.add()
        assert raised.value.code == 5
        attachment.variables["CNI_NETNS"] = "/proc/1/ns/net"
        with pytest.raises(Refused) as raised:
            attachment.add()
        assert raised.value.code == 8
        attachment.configuration = "{"
        with pytest.raises(Refused) as raised:
            attachment.add()
        assert raised.value.code == 6



def rewrite_journal(container, change):
    path = STATE / "journal" / f"{container}.json"
    journal = json.loads(path.read_text())
    change(journal)
    path.write_text(json.dumps(journal))


class TestOwner:
    """Every row of the owner table, and late deletions."""

    def test_nobody_then_taken(self, vfs, netns, attach):
        attachment = attach(vfs[0][0], netns("pod"))
        attachment.add()
        assert journals() == ["c1"]
        attachment.delete()

    def test_itself_gets_the_same_result(self, vfs, netns, attach):
        pod = netns("pod")
        attachment = attach(vfs[0][0], pod, vlan=5, ipam={"type": "host-local", "subnet": "10.20.0.0/24", "dataDir": "/run/own"})
        first, index = attachment.add(), pod.links()["net1"]["ifindex"]
        assert attachment.add() == first
        assert pod.links()["net1"]["ifindex"] == index
        attachment.delete()

    def test_itself_unfinished_is_finished(self, vfs, netns, attach):
        pod = netns("pod")
        attachment = attach(vfs[0][0], pod, mac="02:00:00:00:00:01")
        attachment.add()
        rewrite_journal("c1", lambda journal: journal["attachments"][0].pop("result"))
        pod.run("ip", "link", "set", "net1", "down")
        assert attachment.add()["interfaces"][0]["mac"] == "02:00:00:00:00:01"
        assert "UP" in pod.links()["net1"]["flags"]
        attachment.delete()

    def test_a_retried_sandbox_of_the_pod_takes_over(self, vfs, netns, attach):
        args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u1"
        old, new = netns("old"), netns("new")
        first = attach(vfs[0][0], old, container="c1", args=args, vlan=5)
        second = attach(vfs[0][0], new, container="c2", args=args, trust="on")
        first.add()
        second.add()
        assert set(old.links()) == {"lo"}
        assert journals() == ["c2"]
        held = vfs[0][0].settings()
        assert (held["vlan_list"][0].get("vlan", 0), held["trust"]) == (0, True)
        first.delete()
        assert "net1" in new.links() and journals() == ["c2"]
        second.delete()

    def test_another_boots_owner_is_void(self, vfs, netns, attach):
        old, new = netns("old"), netns("new")
        first = attach(vfs[0][0], old, container="c1", vlan=5)
        first.add()

        def of_another_boot(journal):
            journal["bootID"] = "00000000-0000-0000-0000-000000000000"

        rewrite_journal("c1", of_another_boot)
        # After a boot its VF is at home, whatever the record says.
        run("ip", "-n", "old", "link", "set", "net1", "netns", "1")
        second = attach(vfs[0][0], new, container="c2")
        second.add()
        assert journals() == ["c2"]
        first.delete()
        assert "net1" in new.links()
        second.delete()

    def test_an_owner_whose_namespace_is_gone_is_undone(self, vfs, netns, attach):
        old, new = netns("old"), netns("new")
        first = attach(vfs[0][0], old, container="c1", vlan=5, mac="02:00:00:00:00:01")
        first.add()
        old.delete()
        second = attach(vfs[0][0], new, container="c2")
        second.add()
        assert journals() == ["c2"]
        assert vfs[0][0].settings()["vlan_list"][0].get("vlan", 0) == 0
        first.delete()
        second.delete()

    def test_another_living_owner_is_named(self, vfs, netns, attach):
        args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=first;K8S_POD_UID=u1"
        first = attach(vfs[0][0], netns("old"), container="c1", args=args)
        first.add()
        with pytest.raises(Refused) as raised:
            attach(vfs[0][0], netns("new"), container="c2").add()
        assert raised.value.code == 11
        assert "pod default/first, container c1, interface net1" in raised.value.message
        assert journals() == ["c1"]
        first.delete()

    def test_the_incumbents_marker_is_honoured(self, vfs, netns, attach):
        vf, other = vfs[0][0], netns("other")
        marker = INCUMBENT / "pci" / vf.address
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(other.path)
        attachment = attach(vf, netns("pod"))
        with pytest.raises(Refused) as raised:
            attachment.add()
        assert (raised.value.code, other.path in raised.value.message) == (11, True)
        attachment.delete()
        assert marker.read_text() == other.path
        other.delete()
        attachment.add()
        assert marker.read_text() == "/run/netns/pod"
        attachment.delete()

    def test_a_container_holds_several(self, vfs, netns, attach):
        pod = netns("pod")
        made = [
            attach(vf, pod, interface=f"net{number}")
            for number, vf in enumerate([vfs[0][0], vfs[1][0], vfs[0][1]], start=1)
        ]
        for each in made:
            each.add()
        assert journals() == ["c1"]
        with pytest.raises(Refused, match="interface net1"):
            attach(vfs[0][0], pod, interface="net9").add()
        for each in made:
            each.delete()


class TestDamage:
    def test_a_damaged_journal_is_not_nothing(self, vfs, netns, attach):
        pod = netns("pod")
        attachment = attach(vfs[0][0], pod, vlan=5, ipam={"type": "host-local", "subnet": "10.20.0.0/24", "dataDir": "/run/dmg"})
        attachment.add()
        (STATE / "journal" / "c1.json").write_text(f'{{"schema":1,"x":"{vfs[0][0].address}"')
        with pytest.raises(Refused) as raised:
            attach(vfs[0][0], netns("new"), container="c2").add()
        assert raised.value.code == 11
        attachment.delete()
        assert set(pod.links()) == {"lo"}
        assert not list(Path("/run/dmg/data").glob("10.*"))
        assert (STATE / "damaged" / "c1.json").exists()

    def test_a_missing_journal_is_looked_for_in_the_kernel(self, vfs, netns, attach):
        pod = netns("pod")
        attachment = attach(vfs[0][0], pod, mac="02:00:00:00:00:01")
        attachment.add()
        (STATE / "journal" / "c1.json").unlink()
        attachment.delete()
        assert set(pod.links()) == {"lo"}

    def test_killed_while_the_address_plugin_runs(self, vfs, netns, attach, slow_ipam):
        pod = netns("pod")
        attachment = attach(vfs[0][0], pod, vlan=5, path=str(slow_ipam), ipam={"type": "slow"})
        process = attachment.start("ADD")
        wait_until((slow_ipam / "pid").exists, "the address plugin runs", 30)
        process.send_signal(signal.SIGKILL)
        process.wait()
        plugin = int((slow_ipam / "pid").read_text())
        assert Path(f"/proc/{plugin}").exists()
        assert "net1" in pod.links() and journals() == ["c1"]
        began = time.monotonic()
        attachment.delete()
        # The plugin has the lock; it is ended after the deadline for the lock, not before.
        assert time.monotonic() - began > 5
        assert not Path(f"/proc/{plugin}").exists()
        assert (slow_ipam / "log").read_text() == "DEL\n"

    def test_killed_at_any_moment_then_deleted(self, vfs, netns, attach):
        """Kills ADD a little later each time, until it is through: the next DEL gives the VF back."""
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, mac="02:00:00:00:00:01", mtu=1300, trust="on", ipam=STATIC)
        killed = 0
        for number in range(60):
            process = attachment.start("ADD")
            time.sleep(number * 0.006)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            attachment.delete()
            assert set(pod.links()) == {"lo"}, number
            assert vf.interface and vf.settings()["trust"] is False, number
        assert killed > 5

    def test_killed_at_any_moment_then_added_again(self, vfs, netns, attach):
        vf, pod = vfs[0][0], netns("pod")
        attachment = attach(vf, pod, mac="02:00:00:00:00:01", ipam=STATIC)
        for number in range(0, 60, 3):
            process = attachment.start("ADD")
            time.sleep(number * 0.006)
            process.send_signal(signal.SIGKILL)
            process.wait()
            attachment.add()
            assert pod.links()["net1"]["address"] == "02:00:00:00:00:01"
            attachment.delete()

    def test_reconcile_undoes_what_nobody_owns(self, vfs, netns, attach, program):
        dead, living = netns("dead"), netns("living")
        attach(vfs[0][0], dead, container="c1", vlan=5, mtu=1300).add()
        other = attach(vfs[0][1], living, container="c2")
        other.add()
        dead.delete()
        done = run(program("patchbay-cni"), "reconcile", env={"CNI_PATH": "/usr/lib/cni"})
        assert done.stdout == "container c1: undone: net1\n"
        assert journals() == ["c2"]
        assert run(program("patchbay-cni"), "reconcile", env={}).stdout == ""
        other.delete()

"""`patchbay nics` and `patchbay hardware` on real drivers."""

import json
import os
import threading
from pathlib import Path

import pytest
from machine import REPOSITORY, run, wait_until

LAB = REPOSITORY / "hwconfig" / "lab.yaml"
EVERY_PF = 'match: {vendors: ["8086"], devices: ["10c9"]}'


@pytest.fixture
def pfs(_hardware):
    """Both PFs as after a boot, without VFs and down; so again afterwards."""

    def reset():
        _hardware.remove()
        for pf in _hardware.pfs:
            run("ip", "link", "set", pf.interface, "down", "mtu", "1500")

    reset()
    yield _hardware.pfs
    reset()


@pytest.fixture
def patchbay(program):
    return lambda *words, **options: run(program("patchbay"), *words, **options)


@pytest.fixture
def configuration(tmp_path):
    """Writes a configuration for both PFs with these members and returns its path."""

    def write(**members):
        path = tmp_path / "hardware.yaml"
        path.write_text("nics: [" + json.dumps(members)[:-1] + f", {EVERY_PF}" + "}]\n")
        return path

    return write


def modprobe(*words):
    run("modprobe", *words)


def test_a_machine_without_vfs_is_told_the_next_step(pfs, patchbay):
    shown = patchbay("nics").stdout
    assert "0/7" in shown
    assert "82576 Gigabit Network Connection" in shown
    assert "Next: patchbay hardware plan" in shown


def test_apply_makes_what_plan_shows_and_nothing_the_second_time(pfs, patchbay):
    planned = patchbay("hardware", "plan", LAB).stdout
    for pf in pfs:
        assert f"set {pf.interface} up" in planned
    assert planned.count("make 7 VFs") == 2
    assert [pf.count for pf in pfs] == [0, 0]

    applied = patchbay("hardware", "apply", LAB).stdout
    assert applied.count("make 7 VFs: done") == 2
    assert applied.count("0/7") == 2 and applied.count("7/7") == 2
    assert "\x1b" not in applied, "escape codes where there is no terminal"
    assert [[vf.driver for vf in pf.vfs()] for pf in pfs] == [["igbvf"] * 7] * 2

    made = [vf.mac() for pf in pfs for vf in pf.vfs()]
    assert patchbay("hardware", "apply", LAB).stdout == "Nothing to do: 2 NICs as declared.\n"
    assert [vf.mac() for pf in pfs for vf in pf.vfs()] == made


def test_vfs_made_so_get_carrier(pfs, patchbay):
    patchbay("hardware", "apply", LAB)
    vf = pfs[0].vfs()[3]
    run("ip", "link", "set", vf.interface, "up")
    carrier = vf.path / "net" / vf.interface / "carrier"
    wait_until(lambda: carrier.read_text().strip() == "1", f"carrier of {vf.interface}", 20)


def test_everything_is_known_as_json(pfs, patchbay, configuration):
    patchbay("hardware", "apply", configuration(virtualFunctions=2))
    inventory = json.loads(patchbay("nics", "--json").stdout)
    functions = {function["address"]: function for function in inventory["functions"]}
    assert inventory["unreadable"] == []
    for pf in pfs:
        assert functions[pf.address]["sriov"] == {"totalVFs": 7, "numVFs": 2, "probesDrivers": True}
        for vf in pf.vfs():
            shown = functions[vf.address]
            assert shown["virtual"] == {"physicalFunction": pf.address, "index": vf.index}
            assert shown["interfaces"][0]["hardwareAddress"] == vf.mac()
            assert shown["iommuGroup"]["number"] == int(os.readlink(vf.path / "iommu_group").rpartition("/")[2])


def test_drivers_and_mtu_follow_the_configuration_there_and_back(pfs, patchbay, configuration):
    modprobe("vfio-pci")
    declared = configuration(virtualFunctions=4, mtu=1400, drivers=[{"range": "1-2", "driver": "vfio-pci"}])
    patchbay("hardware", "apply", declared)
    for pf in pfs:
        assert [vf.driver for vf in pf.vfs()] == ["igbvf", "vfio-pci", "vfio-pci", "igbvf"]
        assert (pf.path / "net" / pf.interface / "mtu").read_text() == "1400\n"
    assert "Nothing to do" in patchbay("hardware", "apply", declared).stdout

    back = patchbay("hardware", "apply", configuration(virtualFunctions=4, mtu=1500)).stdout
    assert "give VFs 1-2 back from vfio-pci to the kernel's default driver: done" in back
    for pf in pfs:
        assert [vf.driver for vf in pf.vfs()] == ["igbvf"] * 4
        assert [(vf.path / "driver_override").read_text() for vf in pf.vfs()] == ["(null)\n"] * 4


def test_a_vf_in_a_namespace_is_not_taken_away(pfs, patchbay, configuration, netns):
    patchbay("hardware", "apply", configuration(virtualFunctions=2))
    vf, namespace = pfs[1].vfs()[1], netns("pod")
    run("ip", "link", "set", vf.interface, "netns", namespace)

    refused = patchbay("hardware", "apply", configuration(virtualFunctions=3), check=False)
    assert refused.returncode == 1
    assert f"VF 1 ({vf.address}): its interface is in another network namespace" in refused.stderr
    assert "Nothing was changed." in refused.stderr
    assert [pf.count for pf in pfs] == [2, 2]

    namespace.delete()
    wait_until(lambda: vf.interface, "the VF's interface at home again")
    patchbay("hardware", "apply", configuration(virtualFunctions=3))
    assert [pf.count for pf in pfs] == [3, 3]


def test_a_vfio_group_that_is_open_is_not_taken_away(pfs, patchbay, configuration):
    modprobe("vfio-pci")
    patchbay(
        "hardware", "apply", configuration(virtualFunctions=2, drivers=[{"range": "0", "driver": "vfio-pci"}])
    )
    vf = pfs[0].vfs()[0]
    group = os.readlink(vf.path / "iommu_group").rpartition("/")[2]
    with open(f"/dev/vfio/{group}", "rb", buffering=0):
        refused = patchbay("hardware", "apply", configuration(virtualFunctions=0), check=False)
    assert refused.returncode == 1
    assert f"VF 0 ({vf.address}): process {os.getpid()} (" in refused.stderr
    assert f"has /dev/vfio/{group} open" in refused.stderr
    assert [pf.count for pf in pfs] == [2, 2]
    patchbay("hardware", "apply", configuration(virtualFunctions=0))
    assert [pf.count for pf in pfs] == [0, 0]


def test_a_vfio_driver_that_is_not_loaded_is_found_before_anything_changes(pfs, patchbay, configuration):
    run("modprobe", "-r", "vfio-pci")
    declared = configuration(virtualFunctions=1, drivers=[{"range": 0, "driver": "vfio-pci"}])
    refused = patchbay("hardware", "apply", declared, check=False)
    assert refused.returncode == 1
    assert "modprobe vfio-pci" in refused.stderr
    assert [pf.count for pf in pfs] == [0, 0]
    modprobe("vfio-pci")
    patchbay("hardware", "apply", declared)
    assert [pf.vfs()[0].driver for pf in pfs] == ["vfio-pci"] * 2


def test_what_the_kernel_refuses_is_said_with_what_was_done(pfs, patchbay, configuration):
    # igb takes no more than 9216 bytes with its header: lab, Linux 6.12.
    refused = patchbay("hardware", "apply", configuration(virtualFunctions=1, mtu=20000), check=False)
    assert refused.returncode == 1
    name = pfs[0].interface
    assert f"set the MTU of {name} from 1500 to 20000: write " in refused.stderr
    assert "Invalid argument" in refused.stderr
    assert f"Done before, and left so:\n         {pfs[0].address}: set {name} up" in refused.stderr
    assert [pf.count for pf in pfs] == [0, 0]


def test_more_vfs_than_there_can_be_are_refused(pfs, patchbay, configuration):
    refused = patchbay("hardware", "apply", configuration(virtualFunctions=8), check=False)
    assert refused.returncode == 1
    for pf in pfs:
        assert f"{pf.address} can have 7 virtual functions, 8 are asked for" in refused.stderr


def test_a_wrong_file_is_refused_with_every_mistake(patchbay, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("nics:\n  - match: {vendors: [8086]}\n    virtualFunction: 7\npools: [{resourceName: a b}]\n")
    refused = patchbay("config", "check", path, check=False)
    assert refused.returncode == 1
    assert 'nics[0].match.vendors[0]: 8086 is read as a number; write it in quotes: "8086"' in refused.stderr
    assert 'nics[0].virtualFunction: unknown key; did you mean "virtualFunctions"?' in refused.stderr
    assert "pools[0].resourceName" in refused.stderr
    assert refused.stdout == ""


def test_vfs_that_vanish_while_they_are_listed_do_no_harm(pfs, patchbay):
    """libpci's own answer to a device that goes between listing and reading is to end the process."""
    enough = threading.Event()

    def change():
        while not enough.is_set():
            pfs[0].count = 0 if pfs[0].count else 7

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(6):
            patchbay("nics", "--all")
    finally:
        enough.set()
        changing.join()


def test_every_ready_configuration_is_right(patchbay):
    files = sorted((REPOSITORY / "hwconfig").glob("*.yaml"))
    assert LAB in files
    for path in files:
        assert "is right" in patchbay("config", "check", path).stdout

#!/usr/bin/env python3
"""The demo's second half, run inside the lab by `deploy/demo`: two pods get VFs of two NICs, and give them back.

Kubelet and container runtime are the stand-ins of the tests; everything else is the product and the kernel's drivers.
Ends with status 0 only if every line marked with a tick held.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "Tests" / "Standins"))

from kubelet import Kubelet  # noqa: E402
from runtime import CNIError, Runtime  # noqa: E402

BINARIES = REPOSITORY / ".build" / "release"
HARDWARE = "hwconfig/lab.yaml"
STATE = pathlib.Path("/var/lib/patchbay")
WORK = pathlib.Path("/lab/disk/demo")
MANIFESTS = WORK / "manifests"
POOLS = {"patchbay.dev/lab_a": None, "patchbay.dev/lab_b": None}
PODS = ("samplepod", "peerpod")
PEER_ADDRESS_ON_LAB_A = "10.10.1.2"

COLOURED = os.environ.get("PATCHBAY_COLOUR") == "yes"
failures = []


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOURED else text


def headline(text):
    print(f"\n{paint(text, 1)}")


def check(text, is_good, detail=""):
    print(f"  {paint('✓', 32) if is_good else paint('✗', 31)} {text}")
    if not is_good:
        failures.append(text)
        for line in detail.splitlines():
            print(f"      {line}")


def run(*command, check_status=True):
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if check_status and done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def show(*command):
    """Runs one of our programs or `ip` and prints both what was typed and what came."""
    print(f"  {paint('$ ' + ' '.join(command), 36)}")
    program = [str(BINARIES / command[0]), *command[1:]] if (BINARIES / command[0]).exists() else command
    done = run(*program, check_status=False)
    for line in (done.stdout + done.stderr).splitlines():
        print(f"    {line}".rstrip())
    if done.returncode != 0:
        check(f"{command[0]} ended with status {done.returncode}", False)


def hardware_state():
    """What must be the same before the pods came and after they went: each VF's netdev and its PF's settings of it."""
    links = {link["ifname"]: link for link in json.loads(run("ip", "-d", "-j", "link", "show").stdout)}
    state = {}
    for pf_path in sorted(pathlib.Path("/sys/bus/pci/devices").glob("*/sriov_numvfs")):
        pf = pf_path.parent
        (pf_name,) = os.listdir(pf / "net")
        for settings in links[pf_name].get("vfinfo_list", []):
            vf = (pf / f"virtfn{settings['vf']}").resolve()
            names = os.listdir(vf / "net") if (vf / "net").exists() else []
            netdevs = {
                name: {key: links[name].get(key) for key in ("address", "mtu", "operstate", "altnames")}
                for name in names
                if name in links
            }
            kept = {key: value for key, value in settings.items() if key != "stats"}
            driver = os.path.basename(os.readlink(vf / "driver")) if (vf / "driver").exists() else None
            state[vf.name] = {"driver": driver, "netdevs": netdevs, "settings": kept}
    return state


def differences(before, after):
    return "\n".join(
        f"{address}: {before.get(address)} became {after.get(address)}"
        for address in sorted(set(before) | set(after))
        if before.get(address) != after.get(address)
    )


class Node:
    """A node in small: kubelet, daemon, runtime."""

    def __init__(self):
        shutil.copytree(REPOSITORY / "deploy" / "lab" / "manifests", MANIFESTS)
        os.makedirs("/opt/cni/bin", exist_ok=True)
        shutil.copy(BINARIES / "patchbay-cni", "/opt/cni/bin/patchbay")
        self.kubelet = Kubelet("/var/lib/kubelet")
        self.runtime = Runtime(
            WORK / "runtime", REPOSITORY / "deploy" / "lab" / "primary.conflist", ["/opt/cni/bin", "/usr/lib/cni"]
        )
        self.sandboxes = {}
        self.daemon = None
        self.log = WORK / "patchbayd.log"

    def start(self):
        self.kubelet.start()
        command = ["patchbayd", "--config", HARDWARE, "--manifests", str(MANIFESTS)]
        print(f"  {paint('$ ' + ' '.join(command) + ' &', 36)}")
        self.daemon = subprocess.Popen(
            [str(BINARIES / command[0]), *command[1:]], cwd=REPOSITORY, stdout=self.log.open("w"), stderr=subprocess.STDOUT
        )

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        status = self.daemon.wait(timeout=20)
        self.kubelet.stop()
        return status

    def manifest(self, pod):
        return MANIFESTS / f"{pod}.yaml"

    def up(self, pod):
        """Admission, then the sandbox: what a kubelet does with a pod that was bound to its node."""
        granted = self.kubelet.admit(self.manifest(pod))
        sandbox, result = self.runtime.run(self.manifest(pod))
        self.sandboxes[pod] = sandbox
        return granted, result

    def down(self, pod):
        self.runtime.stop(self.sandboxes.pop(pod))
        self.kubelet.remove(pod)

    def in_pod(self, pod, *command):
        namespace = pathlib.Path(self.sandboxes[pod].netns).name
        return run("ip", "netns", "exec", namespace, *command, check_status=False)

    def addresses(self, pod):
        links = json.loads(self.in_pod(pod, "ip", "-j", "addr", "show").stdout)
        return {
            link["ifname"]: [each["local"] for each in link["addr_info"] if each["family"] == "inet"] for link in links
        }

    def pings(self, pod, address, interface):
        return self.in_pod(pod, "ping", "-c", "2", "-i", "0.2", "-W", "2", "-I", interface, address).returncode == 0


def bring_up(node, pod):
    try:
        granted, _ = node.up(pod)
    except CNIError as error:
        check(f"{pod} is up", False, str(error))
        print(node.log.read_text()[-3000:])
        raise SystemExit(1)
    for container, given in granted.items():
        for name in sorted(each for each in given["envs"] if not each.endswith("_INFO")):
            print(f"    {pod} {container}: {name}={given['envs'][name]}")
    have = node.addresses(pod)
    wanted = ["lo", "eth0", "net1", "net2", "net3"]
    text = ", ".join(f"{name} {have[name][0] if have.get(name) else '-'}" for name in wanted[1:] if name in have)
    check(f"{pod}: {text}", sorted(have) == sorted(wanted) and all(have[name] for name in wanted), str(have))


def set_vlan(network, vlan):
    """Edits the network's configuration in the manifests the daemon watches, as an operator would."""
    path = MANIFESTS / "networks.yaml"
    documents = path.read_text().split("\n---\n")
    edited = [
        text.replace('"type": "sriov",', f'"type": "sriov",\n    "vlan": {vlan},') if f"name: {network}\n" in text else text
        for text in documents
    ]
    temporary = path.with_suffix(".new")
    temporary.write_text("\n---\n".join(edited))
    temporary.rename(path)


def settle(node, pod):
    """A second for the links of fresh VFs: the emulated NIC tells carrier late."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        links = json.loads(node.in_pod(pod, "ip", "-j", "link", "show").stdout)
        if all("LOWER_UP" in link["flags"] for link in links):
            return
        time.sleep(0.1)


def ping_all(node):
    for interface, name in (("net1", "VF of the first NIC"), ("net2", "VF of the second NIC"), ("net3", "macvlan")):
        address = node.addresses("peerpod")[interface][0]
        check(f"samplepod reaches peerpod over {interface}, {name}", node.pings("samplepod", address, interface))


def demonstrate(node):
    headline("1. The machine as it is")
    show("patchbay", "nics")

    headline("2. Make it what hwconfig/lab.yaml declares")
    show("patchbay", "hardware", "apply", HARDWARE)
    show("patchbay", "hardware", "plan", HARDWARE)

    headline("3. The daemon finds the VFs and registers its pools with kubelet")
    os.makedirs("/opt/cni/bin", exist_ok=True)
    run("ip", "link", "add", "virbr0", "type", "bridge")
    run("ip", "link", "set", "virbr0", "up")
    node.start()
    for resource in POOLS:
        POOLS[resource] = len(vfs_of(resource))
        seconds = node.kubelet.wait_for(resource, POOLS[resource], timeout=30)
        check(f"kubelet sees {POOLS[resource]} of {resource} ({seconds:.1f} s)", True)
    before = hardware_state()

    headline("4. Two pods, each with two VFs and a macvlan interface beside eth0")
    for pod in PODS:
        bring_up(node, pod)
    for pod in PODS:
        settle(node, pod)

    headline("5. Who holds what")
    show("patchbay", "nics")
    show("patchbay", "pools")
    show("patchbay", "attachments")
    listed = json.loads(run(str(BINARIES / "patchbay"), "attachments", "--json").stdout)["containers"]
    states = [each["state"] for container in listed for each in container["attachments"]]
    check("all eight are attached", states == ["attached"] * 8, str(states))

    headline("6. Inside samplepod")
    show("ip", "netns", "exec", pathlib.Path(node.sandboxes["samplepod"].netns).name, "ip", "a")
    show_status("samplepod")

    headline("7. The pods reach each other")
    ping_all(node)

    headline("8. A VLAN on one side cuts the VFs apart, on both sides it joins them again")
    set_vlan("lab-a-peer", 100)
    node.down("peerpod")
    bring_up(node, "peerpod")
    settle(node, "peerpod")
    check("VLAN 100 for peerpod alone: net1 is cut", not node.pings("samplepod", PEER_ADDRESS_ON_LAB_A, "net1"))
    set_vlan("lab-a-sample", 100)
    node.down("samplepod")
    bring_up(node, "samplepod")
    settle(node, "samplepod")
    check("VLAN 100 for both: net1 is back", node.pings("samplepod", PEER_ADDRESS_ON_LAB_A, "net1"))

    headline("9. The pods go, the VFs come back")
    for pod in PODS:
        node.down(pod)
    after = hardware_state()
    check(f"all {len(after)} VFs have their first name, MAC and settings", before == after, differences(before, after))
    show("patchbay", "attachments")
    show("patchbay", "pools")
    show("patchbay", "nics")
    left = [each.name for each in (STATE / "journal").iterdir()]
    check("no record is left", not left, ", ".join(left))
    status = node.stop()
    check("the daemon withdrew its devices and ended", status == 0, f"status {status}")


def vfs_of(resource):
    """The pool's VFs by the lab's rule: pool a is the first PF's, pool b the second's."""
    pfs = sorted(pathlib.Path("/sys/bus/pci/devices").glob("*/sriov_numvfs"))
    pf = pfs[0 if resource.endswith("_a") else 1].parent
    return sorted(pf.glob("virtfn*"))


def show_status(pod):
    print("  k8s.v1.cni.cncf.io/network-status of samplepod:")
    path = STATE / "status" / f"default_{pod}.json"
    deadline = time.monotonic() + 5
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if not path.exists():
        check("the status is written", False, f"{path} is missing")
        return
    print("\n".join(f"    {line}" for line in path.read_text().splitlines()))


def main():
    started = time.monotonic()
    WORK.mkdir(parents=True)
    node = Node()
    try:
        demonstrate(node)
    finally:
        if node.daemon and node.daemon.poll() is None:
            node.daemon.kill()
    print()
    if failures:
        print(paint(f"{len(failures)} of what should hold did not:", 31))
        print("\n".join(f"  {text}" for text in failures))
        return 1
    print(paint(f"All of it held, in {time.monotonic() - started:.0f} seconds.", 32))
    return 0


if __name__ == "__main__":
    sys.exit(main())

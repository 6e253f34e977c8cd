"""patchbayd as a process, between a kubelet that is grpcio's and a sysfs in a directory."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Standins"))

from conftest import PATIENCE, REPOSITORY  # noqa: E402
from patchbayd import Daemon, DaemonError  # noqa: E402
from kubelet import Kubelet  # noqa: E402
from sysfs import Sysfs  # noqa: E402

BINARIES = REPOSITORY / ".build" / "debug"
RESOURCE = "x.io/vf"
CONFIGURATION = """
pools:
- resourcePrefix: x.io
  resourceName: vf
  selectors: {drivers: [igbvf]}
"""
NETWORK = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: vf
  annotations: {k8s.v1.cni.cncf.io/resourceName: x.io/vf}
spec:
  config: '{"cniVersion": "1.0.0", "type": "sriov", "vlan": 100}'
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: macvlan}
spec:
  config: '{"name": "mynet", "type": "macvlan", "master": "virbr0"}'
"""
POD = """
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations: {{k8s.v1.cni.cncf.io/networks: "{networks}"}}
spec:
  containers:
  - name: c
    resources: {{limits: {{x.io/vf: "{count}"}}}}
"""


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


class Node:
    def __init__(self, root):
        self.root = root
        self.sysfs = Sysfs(root / "sys", pfs=2, vfs=7)
        self.manifests = root / "manifests"
        self.manifests.mkdir()
        (self.manifests / "networks.yaml").write_text(NETWORK)
        (root / "config.yaml").write_text(CONFIGURATION)
        self.kubelet = Kubelet(root / "kubelet")
        self.daemon = Daemon(
            BINARIES / "patchbayd", root, "--config", root / "config.yaml", "--manifests", self.manifests,
            "--kubelet-dir", root / "kubelet", "--sysfs", root / "sys",
        )

    def __enter__(self):
        self.kubelet.start()
        self.daemon.start()
        self.kubelet.wait_for(RESOURCE, 14, timeout=PATIENCE)
        return self

    def __exit__(self, *_):
        if self.daemon.process.poll() is None:
            self.daemon.stop()
        self.kubelet.stop()

    def admit(self, name, networks, count):
        path = self.manifests / f"{name}.yaml"
        path.write_text(POD.format(name=name, networks=networks, count=count))
        return self.kubelet.admit(path)

    def keep_journal(self, container):
        """What the CNI program keeps while a container is attached; a file stands in for its namespace."""
        namespace = self.root / container
        namespace.touch()
        status = namespace.stat()
        journal = {
            "schema": 1, "release": "0.1.0", "containerID": container,
            "bootID": pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            "sandbox": {"path": str(namespace), "device": status.st_dev, "inode": status.st_ino},
            "pod": {"namespace": "", "name": "", "uid": ""}, "attachments": [],
        }
        (self.daemon.state / "journal" / f"{container}.json").write_text(json.dumps(journal))

    def cli(self, *arguments):
        environment = {**os.environ, "PATCHBAY_STATE_DIRECTORY": str(self.daemon.state)}
        return subprocess.run(
            [BINARIES / "patchbay", *arguments], capture_output=True, text=True, env=environment, timeout=PATIENCE
        )


def test_a_pod_is_planned_with_the_devices_kubelet_gave_it(node):
    with node:
        granted = node.admit("p", "vf, macvlan, vf@data", 2)
        ids = sorted(granted["c"]["envs"]["PCIDEVICE_X_IO_VF"].split(","))
        plan = node.daemon.plan("default/p")
        first, second, third = plan["attachments"]
        assert [first["ifName"], second["ifName"], third["ifName"]] == ["net1", "net2", "data"]
        assert [first["deviceID"], third["deviceID"]] == ids
        assert "deviceID" not in second
        assert json.loads(first["config"]) == {
            "cniVersion": "1.0.0", "type": "sriov", "vlan": 100, "name": "vf",
            "deviceID": ids[0], "pciBusID": ids[0],
        }
        assert second["config"] == '{"name": "mynet", "type": "macvlan", "master": "virbr0"}'


def test_an_edit_of_a_network_counts_for_the_next_pod(node):
    with node:
        node.admit("p", "macvlan", 0)
        assert "virbr0" in node.daemon.plan("default/p")["attachments"][0]["config"]
        path = node.manifests / "networks.yaml"
        path.write_text(path.read_text().replace("virbr0", "eth7"))
        assert "eth7" in node.daemon.plan("default/p")["attachments"][0]["config"]


def test_a_device_that_kubelet_did_not_give_is_an_error_with_its_name(node):
    with node:
        node.admit("p", "vf,vf", 1)
        with pytest.raises(DaemonError) as caught:
            node.daemon.plan("default/p")
        assert caught.value.code == 7
        assert "default/vf" in caught.value.message and "x.io/vf, number 2" in caught.value.message


def test_a_pod_that_nobody_knows_is_to_be_tried_again(node):
    with node:
        started = time.monotonic()
        with pytest.raises(DaemonError) as caught:
            node.daemon.plan("default/unknown")
        assert caught.value.code == 11
        assert time.monotonic() - started > 1, "it was waited for"


def test_a_report_becomes_the_pods_status_and_outlives_a_restart(node):
    with node:
        node.admit("p", "macvlan", 0)
        attachment = {
            "id": "a", "network": "default/macvlan", "ifName": "net1",
            "result": {"cniVersion": "1.0.0", "ips": [{"address": "192.168.1.200/24"}]},
        }
        report = {
            "containerID": "c1", "sequence": 1, "event": "added", "pod": {"namespace": "default", "name": "p"},
            "attachments": [attachment],
        }
        node.keep_journal("c1")
        assert node.daemon.ask("report", report) == {"published": True}
        status = node.daemon.state / "status" / "default_p.json"
        assert json.loads(status.read_text())[0]["ips"] == ["192.168.1.200"]
        assert node.daemon.stop() == 0
        status.unlink()
        node.daemon.start()
        wait(lambda: status.exists())
        assert node.daemon.ask("attachments")["reports"][0]["attachments"] == [{**attachment, "default": False}]
        node.daemon.ask("report", {**report, "sequence": 2, "event": "deleted", "attachments": []})
        assert not status.exists()


def test_a_deletion_that_was_not_reported_is_seen_by_the_journal_that_is_gone(node):
    with node:
        node.keep_journal("c1")
        report = {"containerID": "c1", "sequence": 1, "event": "added", "pod": {"namespace": "default", "name": "p"}}
        node.daemon.ask("report", report)
        status = node.daemon.state / "status" / "default_p.json"
        assert status.exists()
        (node.daemon.state / "journal" / "c1.json").unlink()
        wait(lambda: not status.exists())


def test_a_function_without_interface_or_record_is_not_given_out(node):
    with node:
        lost = node.sysfs.virtual[3]
        node.sysfs.take_interfaces(lost)
        node.kubelet.wait_for(RESOURCE, 13, timeout=PATIENCE)
        node.sysfs.put_interface(lost, "back")
        node.kubelet.wait_for(RESOURCE, 14, timeout=PATIENCE)


def test_sigterm_takes_the_devices_back_and_ends_well(node):
    with node:
        assert node.daemon.stop() == 0
        node.kubelet.wait_for(RESOURCE, 0, timeout=PATIENCE)
        assert not node.daemon.socket.exists()


def test_a_daemon_that_was_killed_is_followed_by_another(node):
    with node:
        node.daemon.process.kill()
        node.daemon.process.wait()
        node.daemon.start()
        node.kubelet.wait_for(RESOURCE, 14, timeout=PATIENCE)
        wait(lambda: node.daemon.ask("pools")["pools"][0]["registered"])


def test_the_command_line_shows_who_has_what(node):
    with node:
        node.admit("p", "vf", 1)
        shown = node.cli("pools", "--socket", str(node.daemon.socket))
        assert shown.returncode == 0, shown.stderr
        assert "x.io/vf" in shown.stdout and "default/p" in shown.stdout and "registered" in shown.stdout
        answer = json.loads(node.cli("pools", "--json", "--socket", str(node.daemon.socket)).stdout)
        assert answer["live"] and len(answer["pools"][0]["devices"]) == 14
        node.daemon.stop()
        away = node.cli("pools", "--socket", str(node.daemon.socket))
        assert away.returncode != 0 and "patchbayd is not running" in away.stderr
        offline = node.cli(
            "pools", "--socket", str(node.daemon.socket), "--config", str(node.root / "config.yaml"),
            "--sysfs", str(node.root / "sys"),
        )
        assert offline.returncode == 0 and "patchbayd is not running" in offline.stdout, offline.stderr
        assert "No pod of this node has an attachment" in node.cli("attachments").stdout


@pytest.mark.parametrize(
    "text, words",
    [
        ("pools: [{resourceName: a, selectors: {vendors: [x]}}, {resourcename: b}]", ["pools[0].selectors.vendors[0]", "pools[1]"]),
        ("pools: [", ["line 2"]),
    ],
)
def test_a_wrong_configuration_is_told_whole_and_ends_the_start(node, text, words):
    (node.root / "config.yaml").write_text(text)
    node.daemon.start()
    assert node.daemon.process.wait(timeout=PATIENCE) == 1
    log = node.daemon.log.read_text()
    assert all(word in log for word in words), log
    assert not node.daemon.socket.exists()


def wait(condition):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except OSError:
            pass  # not started yet
        assert time.monotonic() < deadline, "did not come"
        time.sleep(0.05)

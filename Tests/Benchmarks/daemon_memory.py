#!/usr/bin/env python3
"""Memory of patchbayd: idle with its pools registered, and through plans asked for at the same time.

    Tests/Benchmarks/daemon_memory.py [--pfs 2] [--vfs 7] [--plans 200] [--program .build/release/patchbayd]

Prints kilobytes from /proc/PID/status: VmRSS is what is resident, RssAnon the part no file backs, VmHWM the most there
ever was. The machine is a sysfs in a directory, the kubelet the tests' stand-in; run it with the tests' Python
(Tests/setup makes it).
"""

import argparse
import concurrent.futures
import pathlib
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests" / "Standins"))

from patchbayd import Daemon  # noqa: E402
from kubelet import Kubelet  # noqa: E402
from sysfs import Sysfs  # noqa: E402

CONFIGURATION = "pools: [{resourcePrefix: x.io, resourceName: vf, selectors: {drivers: [igbvf]}}]"
NETWORK = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: macvlan}
spec: {config: '{"name": "mynet", "type": "macvlan", "master": "virbr0"}'}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pfs", type=int, default=2)
    parser.add_argument("--vfs", type=int, default=7, help="for each PF")
    parser.add_argument("--plans", type=int, default=200, help="asked for at the same time")
    parser.add_argument("--settle", type=float, default=5, help="seconds before idle is measured")
    parser.add_argument("--program", default=REPOSITORY / ".build" / "release" / "patchbayd")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        measure(arguments, pathlib.Path(directory))


def measure(arguments, root):
    Sysfs(root / "sys", arguments.pfs, arguments.vfs)
    (root / "config.yaml").write_text(CONFIGURATION)
    (root / "manifests").mkdir()
    (root / "manifests" / "networks.yaml").write_text(NETWORK)
    kubelet = Kubelet(root / "kubelet")
    kubelet.start()
    daemon = Daemon(
        arguments.program, root, "--config", root / "config.yaml", "--manifests", root / "manifests",
        "--kubelet-dir", root / "kubelet", "--sysfs", root / "sys", "--log-level", "warning",
    ).start()
    try:
        started = time.monotonic()
        kubelet.wait_for("x.io/vf", arguments.pfs * arguments.vfs, timeout=120)
        print(f"{arguments.pfs * arguments.vfs} devices registered after {time.monotonic() - started:.2f} s")
        time.sleep(arguments.settle)
        show("idle", daemon)
        annotations = {"k8s.v1.cni.cncf.io/networks": "macvlan,macvlan,macvlan"}
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(arguments.plans) as threads:
            plans = [
                threads.submit(daemon.plan, f"default/pod{number}", f"c{number}", annotations)
                for number in range(arguments.plans)
            ]
            assert all(len(plan.result()["attachments"]) == 3 for plan in plans)
        print(f"{arguments.plans} plans in {time.monotonic() - started:.2f} s")
        show("after", daemon)
    finally:
        status = daemon.stop()
        kubelet.stop()
    assert status == 0, status


def show(what, daemon):
    memory = daemon.memory()
    print(f"{what:6}" + "".join(f"  {name} {kilobytes:7,} kB" for name, kilobytes in memory.items()))


if __name__ == "__main__":
    main()

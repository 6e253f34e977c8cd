#!/usr/bin/python3
"""Start of the CNI program: VERSION answered, against static C programs that read and write, and a Go plugin.

    swift build -c release --product patchbay-cni && Tests/Benchmarks/start.py [RUNS]

Runs are interleaved; medians, quarter points, ratio to the C program of each round.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import cost, table

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = """
#include <unistd.h>
int main(void) {
    char input[65536];
    static const char answer[] = "{\\"cniVersion\\":\\"1.0.0\\",\\"supportedVersions\\":[\\"1.0.0\\"]}\\n";
    while (read(0, input, sizeof input) > 0) {}
    return write(1, answer, sizeof answer - 1) < 0;
}
"""


def contenders(directory):
    source = directory / "floor.c"
    source.write_text(SOURCE)
    found = {}
    for name, compiler in (("C, static glibc", "gcc"), ("C, static musl", "musl-gcc")):
        if not shutil.which(compiler):
            continue
        program = directory / compiler
        subprocess.run([compiler, "-O2", "-static", "-s", "-o", program, source], check=True)
        found[name] = str(program)
    # Copied, as an installation does it: a file as the linker wrote it takes half as long again to map.
    found["patchbay-cni"] = shutil.copy(REPOSITORY / ".build/release/patchbay-cni", directory)
    if Path("/usr/lib/cni/host-device").exists():
        found["host-device (Go)"] = "/usr/lib/cni/host-device"
    return found


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    environment = {"CNI_COMMAND": "VERSION", "CNI_NETNS": "x", "CNI_IFNAME": "x", "CNI_PATH": "x", "PATH": "/usr/bin:/bin"}
    text = b'{"cniVersion":"1.0.0","name":"data","type":"sriov","pad":"' + b"x" * 950 + b'"}'
    with tempfile.TemporaryDirectory() as name:
        programs = contenders(Path(name))
        costs = {key: [] for key in programs}
        for _ in range(5 + runs):
            for key, program in programs.items():
                costs[key].append(cost(program, environment, text))
        for title, index in (("wall, ms", 0), ("CPU, ms", 1)):
            table(title, {key: [each[index] for each in all_[5:]] for key, all_ in costs.items()}, "C, static glibc")
        for key, program in programs.items():
            print(f"{key}: {Path(program).stat().st_size} bytes")


main()

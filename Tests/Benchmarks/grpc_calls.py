#!/usr/bin/env python3
"""Our gRPC server beside grpcio's and, where it is built, grpc-swift-2's, over Unix sockets.

    Tests/Benchmarks/grpc_calls.py [--rounds 7] [--calls 1000] [--devices 16384] [--connections 512]

One round calls each server in turn. Latency is that of one unary call of 5 octets after another, by our client; calls a
second are h2load's, one connection with 32 streams. Ratios are of the same round, with their quarter points. Run it with the
tests' Python (Tests/setup makes it).
"""

import argparse
import contextlib
import mmap
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
OURS = REPOSITORY / ".build" / "release" / "benchmark-peer"
SWIFT = REPOSITORY / "Tests" / "GRPCSwiftPeer" / ".build" / "release" / "grpc-swift-peer"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


class Server:
    """A server in a process of its own, its allocations counted if there is a counter."""

    def __init__(self, name, command, directory, counter):
        self.name, self.path = name, directory / f"{name.split()[0]}.sock"
        self.counted = directory / f"{name.split()[0]}.count"
        self.counted.write_bytes(bytes(8))
        environment = dict(os.environ)
        if counter:
            environment |= {"LD_PRELOAD": str(counter), "ALLOCATION_COUNT": str(self.counted)}
        words = [str(word).replace("SOCKET", str(self.path)) for word in command]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout.readline() == "ready\n", name

    def allocations(self):
        return int.from_bytes(self.counted.read_bytes(), "little")

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(f"{key}:"))

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def latencies(server, calls, method="Echo"):
    command = [OURS, "measure", server.path, f"/test.Peer/{method}", str(calls)]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout
    return sorted(map(float, out.split()))


def rate(server, calls, frame):
    command = ["h2load", "-n", str(calls), "-c", "1", "-m", "32", "-B", f"unix:{server.path}", "-d", frame]
    command += ["-H", "content-type: application/grpc", "-H", "te: trailers", "http://localhost/test.Peer/Echo"]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout
    assert f"{calls} succeeded, 0 failed" in out, out
    return float(re.search(r"([\d.]+) req/s", out)[1])


def idle(server, connections):
    """KiB of resident memory for each connection past its handshake."""
    before = server.status("VmRSS")
    with contextlib.ExitStack() as stack:
        for _ in range(connections):
            sock = stack.enter_context(socket.socket(socket.AF_UNIX))
            sock.connect(str(server.path))
            sock.sendall(PREFACE)
            sock.settimeout(30)
            sock.recv(9)
        time.sleep(0.5)
        return (server.status("VmRSS") - before) / connections


def spread(values, form="{:9.1f}"):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{form.format(middle)} ({form.format(low).strip()} to {form.format(high).strip()})"


def table(title, samples, ours, more_is_better=False):
    """One line a server; how many times as good ours is, round by round."""
    print(f"\n{title}")
    for name, values in samples.items():
        line = f"  {name:16} {spread(values):36}"
        if name != ours:
            pairs = [(own, other) for own, other in zip(samples[ours], values) if own and other]
            ratios = [own / other if more_is_better else other / own for own, other in pairs]
            line += f" patchbay is {spread(ratios, '{:.2f}')} times as good" if len(ratios) > 1 else ""
        print(line)


def codecs():
    print("codecs, MB/s (one process, median of at least 5 runs each)")
    for line in subprocess.run([OURS, "codecs"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        name, value = line.split("\t")
        print(f"  {name:40} {float(value):9.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--devices", type=int, default=16_384)
    parser.add_argument("--connections", type=int, default=512)
    options = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    codecs()
    with tempfile.TemporaryDirectory() as name:
        measure(options, pathlib.Path(name))
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")


def contenders(options):
    found = {
        "patchbay": [OURS, "serve", "SOCKET", options.devices],
        "grpcio (Python)": [sys.executable, HERE / "grpc_peer.py", "SOCKET", options.devices],
    }
    if SWIFT.exists():
        found["grpc-swift-2"] = [SWIFT, "serve", "SOCKET"]
    else:
        print("grpc-swift-2 is not built: swift build -c release --package-path Tests/GRPCSwiftPeer")
    return found


def measure(options, directory):
    frame = directory / "frame"
    frame.write_bytes(b"\0\0\0\0\5hello")
    counter = directory / "allocations.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", counter, HERE / "allocations.c"], check=True)
    with contextlib.ExitStack() as stack:
        servers = []
        for name, command in contenders(options).items():
            servers.append(Server(name, command, directory, None if "Python" in name else counter))
            stack.callback(servers[-1].end)
        calls(options, servers, frame)
        devices(options, [server for server in servers if server.name != "grpc-swift-2"])
        print(f"\nresident memory of an idle connection, KiB ({options.connections} at a time)")
        for server in servers:
            print(f"  {server.name:16} {idle(server, options.connections):9.1f}")


def calls(options, servers, frame):
    median, late, rates, allocations, cpu = ({server.name: [] for server in servers} for _ in range(5))
    for server in servers:
        latencies(server, 200)
        rate(server, 500, frame)
    for _ in range(options.rounds):
        for server in servers:
            counted, used = server.allocations(), server.cpu()
            times = latencies(server, options.calls)
            allocations[server.name].append((server.allocations() - counted) / (options.calls + 1))
            median[server.name].append(statistics.median(times))
            late[server.name].append(times[int(len(times) * 0.99)])
            rates[server.name].append(rate(server, options.calls * 2, frame))
            cpu[server.name].append((server.cpu() - used) * 1e6 / (options.calls * 3))
    base = servers[0].name
    table(f"unary call, median of {options.calls}, microseconds", median, base)
    table("unary call, 99th percentile, microseconds", late, base)
    table("unary calls a second, h2load with 32 streams", rates, base, more_is_better=True)
    table("CPU of the server for a call, microseconds", cpu, base)
    counted = {name: values for name, values in allocations.items() if any(values)}
    table("allocations of the server for a call", counted, base)


def devices(options, servers):
    times, peaks = ({server.name: [] for server in servers} for _ in range(2))
    for server in servers:
        before = server.status("VmRSS")
        latencies(server, 1, "Devices")
        peaks[server.name] = (before, server.status("VmRSS"), server.status("VmHWM"))
    for _ in range(options.rounds):
        for server in servers:
            times[server.name].append(statistics.median(latencies(server, 5, "Devices")) / 1000)
    table(f"{options.devices} devices, encoded, sent and received, milliseconds", times, servers[0].name)
    for name, (before, after, peak) in peaks.items():
        print(f"  {name:16} resident {before:,} KiB before the first, {after:,} after, {peak:,} at most ever")


if __name__ == "__main__":
    main()

"""Runs programs and says what they cost: what the benchmarks here share."""

import os
import statistics
import time


def cost(program, environment, text=b"", arguments=None):
    """Runs a program to its end: wall time, and CPU time with its children's.

    Returns (wall ms, CPU ms); its output is dropped, a failure is an error.
    """
    entry, exit_ = os.pipe()
    os.write(exit_, text)
    os.close(exit_)
    null = os.open("/dev/null", os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, entry, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    began = time.perf_counter()
    pid = os.posix_spawn(program, arguments or [program], environment, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    os.close(entry)
    os.close(null)
    if status != 0:
        raise RuntimeError(f"{arguments or program} ended with {os.waitstatus_to_exitcode(status)}")
    return wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def spread(values):
    """Median and the quarter points, as text."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:8.2f} ({low:.2f} to {high:.2f})"


def table(title, samples, floor):
    """Prints one line a contender, with its ratio to `floor` run by run: the runs are interleaved."""
    print(f"\n{title}")
    for name, values in samples.items():
        ratios = [value / base for value, base in zip(values, samples[floor]) if base]
        ratio = f"{statistics.median(ratios):6.2f}" if ratios else "     -"
        print(f"  {name:34} {spread(values)}   {ratio} x {floor}")

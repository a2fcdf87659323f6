"""What it costs to generate an engine: its growth with the array, in time and in bytes of Verilog.

Each size is generated in a process of its own, in turn, several times; the ratio is that of the medians. Targets: a
64x64 OPT1 array costs at most 6 times the time and 4 times the bytes of an 8x8 one; 256x256 takes under 60 s and 2 GiB.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

SCRIPT = """
import sys
from gen.emit.verilog import emit
from hdl.params import EngineParams
size = int(sys.argv[1])
print(len(emit(EngineParams(rows=size, cols=size, scheme="opt1")).text))
"""


def generate(size: int) -> tuple[float, int, float]:
    """Seconds and bytes of one generation, and the largest resident memory of its process in GiB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(size)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"generating {size}x{size} failed"
    return time.perf_counter() - start, int(output), usage.ru_maxrss / 2**20


def verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    runs: dict[int, list[tuple[float, int, float]]] = {8: [], 64: []}
    for _ in range(args.runs):
        for size, results in runs.items():
            results.append(generate(size))
    seconds = {size: statistics.median(result[0] for result in results) for size, results in runs.items()}
    size_bytes = {size: results[0][1] for size, results in runs.items()}
    for size in runs:
        print(f"{size:3}x{size:<3} opt1: {seconds[size]:6.2f} s, {size_bytes[size]:,} bytes of Verilog")
    time_ratio, byte_ratio = seconds[64] / seconds[8], size_bytes[64] / size_bytes[8]
    large, _, memory = generate(256)
    checks = [
        (f"64x64 over 8x8, time: {time_ratio:.2f}, target at most 6", time_ratio <= 6),
        (f"64x64 over 8x8, bytes: {byte_ratio:.2f}, target at most 4", byte_ratio <= 4),
        (f"256x256: {large:.1f} s and {memory:.2f} GiB, target under 60 s and 2 GiB", large < 60 and memory < 2),
    ]
    for text, reached in checks:
        print(f"{text}: {verdict(reached)}")
    return 0 if all(reached for _, reached in checks) else 1


if __name__ == "__main__":
    sys.exit(main())

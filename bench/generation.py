"""What it costs to generate an engine: its growth with the array, and every array and scheme at 32x32.

Each engine is generated in a process of its own. Its time is the processor's, so that other load disturbs little; the
wall time of a machine with nothing else to do is about the same. Targets: a 64x64 OPT1 array costs at most 6 times the
time and 4 times the bytes of an 8x8 one (medians of several runs, in turn); 256x256 takes under 60 s and 2 GiB; every
32x32 engine takes under 20 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from bench._common import engines
from bench._judge import Judge
from hdl.params import EngineParams

SCRIPT = """
import json, sys
from gen.emit.verilog import emit
from hdl.params import EngineParams
print(len(emit(EngineParams.from_dict(json.loads(sys.argv[1]))).text))
"""
#: Steps of K in space, of arrays that have some.
DEPTH = 32


@dataclass(frozen=True)
class Cost:
    """Of one generation: processor and wall time in seconds, bytes of Verilog, largest resident memory in GiB."""

    seconds: float
    wall: float
    size: int
    memory: float


def generate(params: EngineParams) -> Cost:
    start = time.perf_counter()
    command = [sys.executable, "-c", SCRIPT, json.dumps(params.to_dict())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"generating {params} failed"
    wall = time.perf_counter() - start
    return Cost(usage.ru_utime + usage.ru_stime, wall, int(output), usage.ru_maxrss / 2**20)


def growth(runs: int, judge: Judge) -> None:
    """8x8 and 64x64 against each other, and 256x256."""
    sizes = {size: EngineParams(rows=size, cols=size, scheme="opt1") for size in (8, 64, 256)}
    costs: dict[int, list[Cost]] = {8: [], 64: []}
    for _ in range(runs):
        for size, results in costs.items():
            results.append(generate(sizes[size]))
    seconds = {size: statistics.median(cost.seconds for cost in results) for size, results in costs.items()}
    for size, results in costs.items():
        print(f"{size:3}x{size:<3} opt1: {seconds[size]:6.2f} s, {results[0].size:,} bytes of Verilog")
    time_ratio, byte_ratio = seconds[64] / seconds[8], costs[64][0].size / costs[8][0].size
    large = generate(sizes[256])
    judge.most("64x64 over 8x8, time", 6, time_ratio)
    judge.most("64x64 over 8x8, bytes", 4, byte_ratio)
    judge.most("256x256, time", 60, large.seconds, "{:.1f} s")
    judge.most("256x256, memory", 2, large.memory, "{:.2f} GiB")


def all_engines(size: int, limit: float, judge: Judge) -> None:
    """Every array and scheme at one size."""
    print(f"every engine, {size}x{size}, depth {DEPTH} where it has one")
    for params in engines(size, DEPTH):
        cost = generate(params)
        name = f"{params.array} {params.scheme} {size}x{size}, {cost.size:,} bytes, {cost.wall:.2f} s of wall time"
        judge.most(name, limit, cost.seconds, "{:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of the sizes that are compared; 0 leaves them out")
    parser.add_argument("--size", type=int, default=32, help="rows and columns of every engine")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for each of them")
    args = parser.parse_args()
    judge = Judge()
    if args.runs:
        growth(args.runs, judge)
    all_engines(args.size, args.limit, judge)
    return judge.status


if __name__ == "__main__":
    sys.exit(main())

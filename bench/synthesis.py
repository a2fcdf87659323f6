"""What it costs to synthesise an engine: processor time over two cores, and memory.

Each engine is synthesised by ``bitloom synth`` in a process of its own, with a cache that is empty, at its own best
clock and with power. Judged is the processor's time, of all programs together, divided by the cores: other load
disturbs it little, and the wall time of two cores with nothing else to do is near it, as most work is shared out
evenly. Memory is that of the largest program; two may run at a time.

Target: an engine of every array and scheme takes at most ten minutes at 32x32 and normal effort, and no program more
than 4 GiB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench._common import engines
from bench._judge import Judge

#: Steps of K in space, of arrays that have some.
DEPTH = 8
CORES = 2
#: Whole minutes, and GiB.
LIMIT, MEMORY = 10, 4


def cost(settings: dict[str, object], effort: str) -> tuple[float, float]:
    """Minutes of processor time, and GiB of the largest program, of one synthesis that finds nothing done before."""
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        Path(folder, "engine.toml").write_text("")
        values = settings | {"effort": effort, "compare": "[]"}
        command = [sys.executable, "-m", "gen.cli", "synth", "engine.toml", "--quiet"]
        command += [f"--set={key}={value}" for key, value in values.items()]
        places = {"BITLOOM_CACHE": str(Path(folder, "cache")), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(command, cwd=folder, env=os.environ | places)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"bitloom synth failed: {settings}")
    return (usage.ru_utime + usage.ru_stime) / 60, usage.ru_maxrss / 2**20


def all_engines(chosen: Iterable[str], size: int, effort: str, limit: float, judge: Judge) -> None:
    """Those of some arrays and schemes, as ``array/scheme``."""
    for params in engines(size, DEPTH):
        array, scheme = params.array, params.scheme
        if f"{array}/{scheme}" in chosen:
            shape = {"array": array, "scheme": scheme, "rows": size, "cols": size, "depth": params.depth}
            minutes, memory = cost(shape, effort)
            name = f"{array} {scheme} {size}x{size}, effort {effort}"
            judge.most(f"{name}, processor time over {CORES} cores", limit, minutes / CORES, "{:.1f} min")
            judge.most(f"{name}, memory of a program", MEMORY, memory, "{:.1f} GiB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [f"{each.array}/{each.scheme}" for each in engines(4, DEPTH)]
    parser.add_argument("--engines", nargs="+", choices=names, default=names, metavar="ARRAY/SCHEME", help="only these")
    parser.add_argument("--size", type=int, default=32, help="rows and columns")
    parser.add_argument("--effort", default="normal", help="as the key of this name")
    parser.add_argument("--limit", type=float, default=LIMIT, help="minutes")
    args = parser.parse_args()
    judge = Judge()
    all_engines(args.engines, args.size, args.effort, args.limit, judge)
    return judge.status


if __name__ == "__main__":
    sys.exit(main())

"""How busy a streak of back-to-back tiles keeps the PEs: the share of cycles in which operands enter the array.

Measured by simulation, with the engine's counters, after the first tile has entered. The target is 95 % at K = 64 on a
16x16 array, for both schemes.
"""

from __future__ import annotations

import argparse

from gen.emit.verilog import emit
from hdl.params import Dataflow, EngineParams
from sim_tb.run import run_workload

TARGET = 0.95


def utilisation(params: EngineParams, tiles: int, k: int) -> tuple[float, float]:
    """Share of busy cycles after the first tile has entered, and in the whole job from its start to its last result.

    A job of one tile tells how long the first tile takes to enter and the last one to drain.
    """
    hardware = emit(params)
    one, all_tiles = (run_workload(params, hardware, tiles=count, k=k, effort="quick") for count in (1, tiles))
    for answer in (one, all_tiles):
        assert answer["passed"], answer["problems"]
    return (tiles - 1) * k / (all_tiles["cycles"] - one["cycles"]), all_tiles["utilization"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=16, help="rows and columns")
    parser.add_argument("--tiles", type=int, default=40)
    parser.add_argument("--k", type=int, nargs="*", default=[64, 1, 8, 16, 17, 32, 128])
    args = parser.parse_args()
    print(f"{args.size}x{args.size}, streaks of {args.tiles} tiles; whole job includes filling and draining")
    missed = False
    for scheme in ("mac", "opt1"):
        params = EngineParams(rows=args.size, cols=args.size, scheme=scheme)
        for k in args.k:
            busy, whole = utilisation(params, args.tiles, k)
            bound = k / Dataflow(params).tile_interval(k)
            missed |= k == 64 and busy < TARGET
            note = f"  target {TARGET:.0%}: {'reached' if busy >= TARGET else 'MISSED'}" if k == 64 else ""
            shares = f"busy {busy:6.1%} of the streak (bound {bound:6.1%}), {whole:6.1%} of the job"
            print(f"{scheme:5} K = {k:4}: {shares}{note}")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())

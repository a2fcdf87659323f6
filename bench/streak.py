"""How busy a streak of back-to-back tiles keeps the PEs: the share of cycles in which operands of A enter the array.

Measured by simulation, with the engine's counters, after the first tile has entered, for every dense engine. The target
is 95 % for tiles of 64 beats; where weights stay in the array, also for tiles of a single block, so that the weights
change with every tile. A tile of fewer beats than the array has rows to drain is bound by its results; the bound is
printed beside.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from bench._common import engines
from bench._judge import Judge
from gen.emit.verilog import Emission, emit
from hdl.params import Dataflow, EngineParams
from hdl.params.title import Title
from sim_tb.run import run_workload

TARGET = 0.95
#: Beats of a tile for which the target holds.
BEATS = 64


def utilisation(params: EngineParams, hardware: Emission, tiles: int, k: int) -> tuple[float, float]:
    """Share of busy cycles after the first tile has entered, and in the whole job from its start to its last result.

    A job of one tile tells how long the first tile takes to enter and the last one to drain.
    """
    one, all_tiles = (run_workload(params, hardware, tiles=count, k=k, effort="quick") for count in (1, tiles))
    for answer in (one, all_tiles):
        assert answer["passed"], answer["problems"]
    beats = Dataflow(params).a.beats(k)
    return (tiles - 1) * beats / (all_tiles["cycles"] - one["cycles"]), all_tiles["utilization"]


def inner_sizes(params: EngineParams, beats: list[int]) -> dict[int, str]:
    """Values of K, and why each of them is judged; those that are not have an empty reason."""
    if params.weight_stationary:
        sizes = {params.depth: "weights change with every tile", 4 * params.depth: "four blocks of weights a tile"}
        return sizes | {params.depth // 2: "", params.depth + 1: ""}
    step = params.k_step
    return {count * step: "" for count in beats} | {BEATS * step: f"{BEATS} beats a tile"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=16, help="rows and columns; half of it where the array is a cube")
    parser.add_argument("--tiles", type=int, default=40)
    parser.add_argument("--beats", type=int, nargs="*", default=[1, 8, 16, 17, 32], help="other tiles, not judged")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="engines of this array and scheme only")
    args = parser.parse_args()
    print(f"{args.size}x{args.size}, streaks of {args.tiles} tiles; whole job includes filling and draining")
    judge = Judge()
    for params in engines(args.size, args.size):
        if not {*args.only} <= {*Title(params).names.split()}:
            continue
        if params.axes.has_cells:
            half = max(1, args.size // 2)
            params = replace(params, rows=half, cols=half, depth=half)
        if params.data_dependent:
            continue
        hardware, flow = emit(params), Dataflow(params)
        for k, why in sorted(inner_sizes(params, args.beats).items()):
            busy, whole = utilisation(params, hardware, args.tiles, k)
            bound = min(1.0, flow.a.beats(k) / flow.tile_interval(k))
            shares = f"busy {busy:6.1%} of the streak (bound {bound:6.1%}), {whole:6.1%} of the job"
            print(f"{params.array:11} {params.scheme:5} K = {k:4}: {shares}", flush=True)
            if why:
                judge.least(f"busy, {params.array} {params.scheme}, K = {k}, {why}", TARGET, busy, "{:.1%}")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())

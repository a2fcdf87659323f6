"""Networks on engines: cycles against the hardware, how quickly networks are estimated, what mappings reach.

Layers of random size run on every named engine at 4 x 4 whose rows keep step, one job each; the model must give all of
their cycles. Published networks are then mapped on every named engine at 16 x 16 (a cube of 8 x 8 x 4): processor time,
and the least share that a layer reaches of what sizes and edges allow. Last come layers of four filters on 16 columns,
and of a filter a channel: what packing gains, of what windows of neighbouring pixels allow, a filter of 1 x 1 sees
nothing twice and gains nothing; and what it gains on columns in four groups, whatever the filter. What searches came
to is judged by the committed results: on how many networks the best engine is no preset.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench import _common
from bench._judge import Judge
from bench.figures.store import entries
from gen.cycles.job import job_cycles
from gen.emit.verilog import emit
from hdl.params import EngineParams
from sim_tb.mapping.layer import layer
from sim_tb.mapping.network import map_network
from sim_tb.models import harness_model
from sim_tb.run import run_model
from sim_tb.tiles import random_tiles
from sim_tb.workloads.gemm import Convolution, Product
from sim_tb.workloads.readers import read
from sim_tb.workloads.tiling import Tiling

NETWORKS = ("resnet50", "mobilenet", "gpt2")
#: Cycles from the harness' reset to the first beat of a job.
REST = 3
SIGMA, SEED = 20.0, 1
#: What packing gains at least where groups of columns have operands of their own.
GAIN = 3.5


def engines(size: int, depth: int) -> Iterator[EngineParams]:
    """Every named engine; a cube of half the rows and columns."""
    for params in _common.engines(size, depth):
        side, deep = (size // 2, max(size // 4, 1)) if params.axes.has_cells else (size, depth)
        encoder = "naf" if params.axes.stores_operands else "booth"
        yield replace(params, rows=side, cols=side, depth=deep, encoder=encoder)


def exact(params: EngineParams, layers: int, judge: Judge) -> None:
    """Cycles of random layers, on the hardware and by the model."""
    rng, jobs = np.random.default_rng(SEED), []
    for _ in range(layers):
        m, k, n = (int(rng.integers(1, most, endpoint=True)) for most in (3 * params.rows, 60, 3 * params.cols))
        tiling = Tiling(params, m, k, n)
        jobs.append([(tiling.grid[0] * tiling.grid[1], span.stop - span.start) for span in tiling.spans])
    request = {"engine": params.to_dict(), "jobs": jobs, "seed": SEED}
    answer = run_model(harness_model(params, emit(params)), "sim_tb.tb.jobs", request)
    assert answer["passed"], answer["problems"]
    rng, equal = np.random.default_rng(SEED), 0
    for job, cycles in zip(jobs, answer["cycles"], strict=True):
        work = [random_tiles(params, count, k, rng) for count, k in job]
        equal += job_cycles(params, [(tiles.a, tiles.b) for tiles in work], REST) == cycles
    judge.least(f"layers whose cycles are exact, {params.array} {params.scheme}", layers, equal, "{:.0f}")


def estimated(judge: Judge) -> None:
    """Time, and shares of what is possible."""
    networks = [read(name) for name in NETWORKS]
    whole = time.process_time()
    for params in engines(16, 16):
        for topology in networks:
            start = time.process_time()
            found = map_network(params, topology, sigma=SIGMA if params.data_dependent else None)
            totals, took = found.totals, time.process_time() - start
            words = f"{topology.name}, {params.array} {params.scheme}"
            print(f"{words}: {totals['cycles']:,.0f} cycles, {totals['utilisation']:.1%} of the peak, {took:.2f} s")
            if not params.data_dependent:
                judge.least(f"least share of what is possible, {words}", 0.95, totals["least_of_bound"], "{:.1%}")
            if topology.name == "resnet50":
                judge.most(f"processor seconds, {words}", 2 if not params.data_dependent else 10, took, "{:.2f}")
    judge.most("processor seconds, three networks on all named engines", 10, time.process_time() - whole, "{:.2f}")


def convolution(kernel: int, groups: int) -> Product:
    """A layer of few filters, or of one for each channel."""
    edge, channels = kernel // 2, 64
    conv = Convolution(
        kernel=(kernel, kernel), height=64, width=64, channels=channels, padding=(edge, edge, edge, edge)
    )
    filters = 4 if groups == 1 else 1
    return Product("layer", "Conv", 64 * 64, kernel * kernel * channels // groups, filters, groups, conv)


def packed(judge: Judge) -> None:
    """Four filters on sixteen columns, and a filter a channel; then the same on columns in four groups."""
    for kernel, groups in ((1, 1), (3, 1), (5, 1), (7, 1), (3, 64)):
        product = convolution(kernel, groups)
        what = f"{'four filters' if groups == 1 else 'a filter a channel'} of {kernel}x{kernel} on 16 columns"
        side = 4 if groups > 1 else 2
        most = max((side * kernel / (kernel + side - 1)) ** 2, 1.0)
        judge.least(f"gain of packing {what}", 0.95 * most, gain(product, 1))
        judge.least(f"gain of packing {what} in 4 groups", GAIN, gain(product, 4))


def gain(product: Product, groups: int) -> float:
    """How many times as fast packing makes a layer."""
    params = EngineParams(array="matrix_2d", scheme="mac", column_groups=groups)
    return layer(params, product, pack=False).cycles / layer(params, product).cycles


def searched(judge: Judge) -> None:
    """On how many networks the best engine is no preset, by the committed results."""
    kept = entries("mapping")
    gains = {name: kept[f"search {name}"]["figures"]["gain"] for name in NETWORKS if f"search {name}" in kept}
    for name, each in gains.items():
        print(f"{name}: the best engine is {each:.3f} times as fast as the best preset")
    judge.least(
        "networks, of three, on which a search beats the best preset",
        2,
        sum(each > 1 for each in gains.values()),
        "{:.0f}",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=20, help="of random size, on each engine")
    parser.add_argument("--only", nargs="*", metavar="ARRAY/SCHEME", help="simulated (default: all)")
    args = parser.parse_args()
    judge = Judge()
    estimated(judge)
    packed(judge)
    searched(judge)
    for params in engines(4, 4):
        if not params.axes.stores_operands and (args.only is None or f"{params.array}/{params.scheme}" in args.only):
            exact(params, args.layers, judge)
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())

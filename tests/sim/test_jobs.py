"""The model of a job's cycles, against the counter of the hardware."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from gen.cycles.job import expected_cycles, job_cycles
from hdl.params import EngineParams
from sim_tb.models import harness_model
from sim_tb.run import run_model
from sim_tb.tiles import random_tiles
from sim_tb.workloads.tiling import Tiling
from tests.sim.engines import ENGINES, hardware, params

pytestmark = pytest.mark.sim

#: Of each engine; there are 25 engines at least.
LAYERS = 8
#: Cycles from the harness' reset to the first beat.
REST = 3


def in_step() -> list[str]:
    """Engines that store no operands: one for each way in which tiles follow each other."""
    found: dict[tuple[object, ...], str] = {}
    for name in ENGINES:
        engine = params(name)
        axes = engine.axes
        if not axes.stores_operands:
            way = axes.stays, axes.skip, axes.digits.order, axes.adders, axes.hands_a_over, engine.interleave
            found.setdefault(way, name)
    return list(found.values())


def layer(engine: EngineParams, rng: np.random.Generator) -> list[tuple[int, int]]:
    """A layer of random size as streaks of tiles: up to three of them down and across, short or long, or split."""
    m, n = (int(rng.integers(1, 3 * size, endpoint=True)) for size in (engine.rows, engine.cols))
    k = int(rng.integers(1, (2, 20, engine.k_limit + 9)[int(rng.integers(3))], endpoint=True))
    tiling = Tiling(engine, m, min(k, 90), n)
    down, across = tiling.grid
    return [(down * across, span.stop - span.start) for span in tiling.spans]


def counted(engine: EngineParams, name: str, jobs: list[list[tuple[int, int]]], seed: int) -> list[int]:
    request = {"engine": engine.to_dict(), "jobs": jobs, "seed": seed}
    answer = run_model(harness_model(engine, hardware(name)), "sim_tb.tb.jobs", request)
    assert answer["passed"], answer["problems"]
    return answer["cycles"]


def test_two_hundred_layers() -> None:
    assert len(in_step()) * LAYERS >= 200


#: The last one's results take more turns of its partial sums to leave than there are rows in the others.
@pytest.mark.parametrize("name", [*in_step(), "fp16_tall"])
def test_exact(name: str) -> None:
    """Random layers on operands that are random, too: all cycles of all of them."""
    engine, seed = params(name), zlib.crc32(name.encode())
    print("seed", seed)
    rng = np.random.default_rng(seed)
    jobs = [layer(engine, rng) for _ in range(LAYERS)]
    found, rng = counted(engine, name, jobs, seed), np.random.default_rng(seed)
    for job, cycles in zip(jobs, found, strict=True):
        work = [random_tiles(engine, count, k, rng) for count, k in job]
        assert job_cycles(engine, [(tiles.a, tiles.b) for tiles in work], REST) == cycles
        if not engine.data_dependent:
            assert expected_cycles(engine, job, rest=REST) == cycles


#: Engines that store operands: short segments and windows, few and many rows, one sum of all weights; rows in step.
STORED = ("opt3", "opt4c", "opt4e_systolic", "pair 8", "pair 13", "pair 14")


@pytest.mark.parametrize("name", STORED)
def test_stored_operands(name: str) -> None:
    """With the operands given, also in tiles that are shorter than their results take to leave.

    All cycles where rows run apart; where they keep step within one percent.
    """
    engine, seed = params(name), 7
    assert engine.axes.stores_operands
    jobs = [[(1, 1)], *([(count, min(k, engine.k_limit))] for count, k in ((8, 100), (6, 300), (40, 8), (20, 37)))]
    found, rng = counted(engine, name, jobs, seed), np.random.default_rng(seed)
    for job, cycles in zip(jobs, found, strict=True):
        work = [random_tiles(engine, count, k, rng) for count, k in job]
        model = job_cycles(engine, [(tiles.a, tiles.b) for tiles in work])
        loose = {"rel": 0, "abs": 0} if engine.axes.skips_by_row else {"rel": 0.01, "abs": 1}
        assert model == pytest.approx(cycles, **loose), (job, model, cycles)

"""Products behind a gate against the golden model, and how long they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gen.emit.verilog import Emission
from gen.stimuli import uniform
from sim_tb.golden import Matrix
from sim_tb.golden.gate import draw, gated_gemm
from sim_tb.systems.gate.jobs import Setting, run_jobs

__all__ = ["Checked", "check_products", "check_time"]


@dataclass(frozen=True)
class Checked:
    """What came of some jobs.

    Parameters
    ----------
    elements, wrong : int
        Results that were compared, and that differ.
    least, most : int
        Clocks of a job.
    jobs : int
    """

    elements: int
    wrong: int
    least: int
    most: int
    jobs: int

    @property
    def constant(self) -> bool:
        """All jobs took as many clocks."""
        return self.least == self.most


def check_products(
    setting: Setting, *, jobs: int, tiles: int, k: int, stall: int, seed: int, hardware: Emission | None = None
) -> Checked:
    """Jobs of random operands under stalls, each with another state of the generator; ``hardware`` if it is at hand."""
    return _check(setting, jobs, tiles, k, stall, seed, hardware)


def check_time(setting: Setting, *, jobs: int, k: int, seed: int) -> Checked:
    """Jobs of a tile, with nothing that waits: inputs, weights and random bits of each are others."""
    return _check(setting, jobs, 1, k, 0, seed)


def _check(
    setting: Setting, jobs: int, tiles: int, k: int, stall: int, seed: int, hardware: Emission | None = None
) -> Checked:
    params, rng = setting.params, np.random.default_rng(seed)
    engine = params.engine
    a = uniform(engine.a, (jobs, tiles, engine.rows, k), rng).astype(np.int64)
    b = uniform(engine.b, (jobs, tiles, k, engine.cols), rng).astype(np.int64)
    seeds: npt.NDArray[np.uint64] = rng.integers(1, 1 << 64, jobs, dtype=np.uint64)
    runs = run_jobs(setting, a, b, seeds, stall=stall, seed=seed, hardware=hardware)
    expected: list[Matrix] = []
    for job in range(jobs):
        drawn = draw(params, setting.mode, setting.important, setting.threshold, tiles, k, int(seeds[job]))
        expected.append(gated_gemm(params, drawn, a[job], b[job]))
    wrong = int((np.stack(expected) != runs.results).sum())
    return Checked(runs.results.size, wrong, int(runs.cycles.min()), int(runs.cycles.max()), jobs)

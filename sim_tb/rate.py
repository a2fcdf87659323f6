"""How fast an engine works: multiply-accumulates a cycle, measured by simulation of a streak of tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gen.operands import KINDS, operands_in_words
from gen.stimuli import Stimuli
from hdl.params import CheckFailed, EngineParams
from sim_tb.models import Hardware
from sim_tb.run import run_workload
from sim_tb.tiles import Tiles

__all__ = ["Streak", "measure_streak"]


@dataclass(frozen=True)
class Streak:
    """A streak of tiles in its steady state.

    Parameters
    ----------
    cycles : float
        Cycles from one tile to the next.
    macs_per_cycle : float
        Multiply-accumulates a cycle, those with zeros included.
    words : str
        Where the numbers are from.
    """

    cycles: float
    macs_per_cycle: float
    words: str


def measure_streak(
    params: EngineParams,
    hardware: Hardware,
    *,
    k: int,
    tiles: int = 8,
    sigma: float | None = None,
    stimuli: Stimuli | None = None,
    seed: int = 1,
) -> Streak:
    """Simulate tiles back to back; filling and draining is taken away by a job of a single tile.

    Parameters
    ----------
    k : int
        Inner size of the tiles.
    tiles : int
        Tiles of the streak, at least 2.
    sigma : float, optional
        Operands are normal with this standard deviation instead of uniform.
    stimuli : Stimuli, optional
        Gives the tiles instead.

    Raises
    ------
    CheckFailed
        Where a result is wrong.
    ToolError
        Where a tool is missing.
    """
    cycles = []
    work = None if stimuli is None else _tiles(params, stimuli, tiles, k, seed)
    for count in (1, tiles):
        part = None if work is None else work[:count]
        answer = run_workload(params, hardware, tiles=count, k=k, sigma=sigma, work=part, seed=seed)
        if not answer["passed"]:
            raise CheckFailed(f"streak of {count} tiles, K = {k}, seed {seed}: {'; '.join(answer['problems'])}")
        cycles.append(answer["cycles"])
    each = (cycles[1] - cycles[0]) / (tiles - 1)
    operands = KINDS["uniform"] if sigma is None else operands_in_words(sigma)
    if stimuli is not None:
        operands = stimuli.words(params)
    words = f"simulation of {tiles} tiles, K = {k:,}, {operands}, seed {seed}: {each:,.1f} cycles a tile"
    return Streak(each, params.rows * params.cols * k / each, words)


def _tiles(params: EngineParams, stimuli: Stimuli, count: int, k: int, seed: int) -> Tiles:
    rng = np.random.default_rng(seed)
    drawn = [stimuli.tile(params, k, rng) for _ in range(count)]
    return Tiles(np.array([a for a, _ in drawn]), np.array([b for _, b in drawn]))

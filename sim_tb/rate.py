"""How fast an engine works: multiply-accumulates a cycle, measured by simulation of a streak of tiles."""

from __future__ import annotations

from dataclasses import dataclass

from gen.operands import operands_in_words
from hdl.params import CheckFailed, EngineParams
from sim_tb.models import Hardware
from sim_tb.run import run_workload

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
    params: EngineParams, hardware: Hardware, *, k: int, tiles: int = 8, sigma: float | None = None, seed: int = 1
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

    Raises
    ------
    CheckFailed
        Where a result is wrong.
    ToolError
        Where a tool is missing.
    """
    cycles = []
    for count in (1, tiles):
        answer = run_workload(params, hardware, tiles=count, k=k, sigma=sigma, seed=seed)
        if not answer["passed"]:
            raise CheckFailed(f"streak of {count} tiles, K = {k}, seed {seed}: {'; '.join(answer['problems'])}")
        cycles.append(answer["cycles"])
    each = (cycles[1] - cycles[0]) / (tiles - 1)
    operands = "uniform operands" if sigma is None else operands_in_words(sigma)
    words = f"simulation of {tiles} tiles, K = {k:,}, {operands}, seed {seed}: {each:,.1f} cycles a tile"
    return Streak(each, params.rows * params.cols * k / each, words)

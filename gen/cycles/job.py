"""Cycles of a job whose operands come, and whose results leave, without stalls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gen.cycles.steps import expected_steps, steps_of
from gen.cycles.stored import stored_interval, stored_tail
from gen.nest.encoders import density
from gen.nest.window import follow
from hdl.engine.bodies import body_of
from hdl.params import Dataflow, EngineParams

__all__ = ["Operands", "Pace", "Streak", "expected_cycles", "ideal_steps", "job_cycles", "pace"]

Integers = NDArray[np.int64]
#: A and B of tiles with the same K, of shapes (tiles, rows, K) and (tiles, K, cols).
Operands = tuple[Integers, Integers]
#: Tiles of a job with the same K: their number, and K.
Streak = tuple[int, int]


@dataclass(frozen=True)
class Pace:
    """When the work of a job enters an engine that stores no operands, and when its last result has left.

    Work comes in units: tiles, or blocks of B where those stay. A unit occupies the array as many cycles as it has
    steps, and no less than ``apart`` lie between two of them: a tile's results leave, or the next block is loaded.

    Parameters
    ----------
    before : int
        Cycles before the first step.
    apart : int
        The least cycles from a unit to the next.
    after : int
        Cycles from the last step to the end of the job.
    end_waits : bool
        It is the end of a unit that has to wait, so that even the first one may; else it is the begin of the next one.
    turns : int
        Partial sums that take steps in turn, as many each: a unit, and a wait within it, is filled up to a multiple.
    """

    before: int
    apart: int
    after: int
    end_waits: bool
    turns: int = 1

    def cycles(self, units: NDArray[Any], counts: Sequence[int] | int = 1, rest: int | None = None) -> float:
        """What ``counter_cycles`` counts in a job.

        Parameters
        ----------
        units : array
            Steps of each unit, in their order; their mean, where it isn't known better.
        counts : int or sequence of int
            How often each of them comes, one after the other.
        rest : int, optional
            Cycles since the last step of the job before, or since a reset, up to the first beat of this one; enough of
            them if left out. Matters only to a tile that is shorter than its results take to leave.
        """
        units = self._filled(units)
        spaced = np.maximum(units, self._filled(self.apart))
        total = (spaced * counts).sum() + self.before + self.after
        if not self.end_waits:
            return float(total + units[-1] - spaced[-1])
        first = units[0] if rest is None else max(units[0], self._filled(self.apart - rest - self.before))
        return float(total + first - spaced[0])

    def _filled(self, steps: Any) -> Any:
        """Filled up to a multiple of the turns; a mean, which there is without turns only, stays as it is."""
        return steps if self.turns == 1 else -(-steps // self.turns) * self.turns


@lru_cache(maxsize=256)
def pace(params: EngineParams) -> Pace:
    """The pace of an engine that stores no operands."""
    flow, body = Dataflow(params), body_of(params)
    latency = body.latency
    assert latency is not None
    # ``latency`` counts from a beat at the ports to the first row of results, as if that beat took no wait.
    after = latency - body.ahead - flow.beat_steps
    if params.weight_stationary:
        return Pace(max(params.depth, body.ahead) + 1, params.depth, after, end_waits=False)
    return Pace(body.ahead, flow.drain_cycles, after + flow.result_steps, end_waits=True, turns=params.interleave)


def job_cycles(params: EngineParams, work: Sequence[Operands], rest: int | None = None) -> int:
    """What ``counter_cycles`` counts in a job of these tiles: exactly, but for single cycles where rows run apart.

    ``rest`` is that of :meth:`Pace.cycles`.
    """
    if params.axes.stores_operands:
        tiles = (tile for a, b in work for tile in (b.swapaxes(1, 2) if params.recodes_b else a))
        return follow(params, tiles)[-1] + stored_tail(params)
    units = []
    for a, b in work:
        steps = steps_of(params, a, b)
        units.append(steps.reshape(-1, params.rows if params.weight_stationary else steps.shape[1]).sum(axis=1))
    return int(pace(params).cycles(np.concatenate(units), rest=rest))


def expected_cycles(
    params: EngineParams, streaks: Sequence[Streak], sigma: float | None = None, rest: int | None = None
) -> float:
    """Cycles of a job of tiles whose operands are unknown.

    Exact where the cycles don't depend on operands. Else it is their mean, for operands of A that are normal with
    standard deviation ``sigma`` (B's is as large a part of its range), or uniform.
    """
    if params.axes.stores_operands:
        return sum(count * stored_interval(params, k, sigma) for count, k in streaks) + stored_tail(params)
    counts, sizes = np.array(streaks, np.int64).T
    beats = -(-sizes // params.k_step)
    if params.weight_stationary:
        counts, beats = counts * beats, np.full_like(beats, params.rows)
    steps: NDArray[Any] = beats * Dataflow(params).beat_steps
    if params.data_dependent:
        steps = beats * expected_steps(params, sigma)
    return pace(params).cycles(steps, counts, rest)


def ideal_steps(params: EngineParams, k: int, sigma: float | None = None) -> float:
    """Mean steps of a tile of inner size ``k`` if nothing ever waits: for a result, a block of B, or another row."""
    if params.axes.skips_by_row:
        return -(-k // params.k_step) * density(params.encoder, params.recoded, sigma).mean
    if params.axes.stores_operands:
        holders = params.cols if params.recodes_b else params.rows
        planes = density(params.encoder, params.recoded, sigma).planes
        return -(-k // params.k_step) * sum(1 - (1 - share) ** (holders * params.k_step) for share in planes)
    beats = -(-k // params.k_step) * (params.rows if params.weight_stationary else 1)
    return beats * (expected_steps(params, sigma) if params.data_dependent else Dataflow(params).beat_steps)

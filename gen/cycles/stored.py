"""Cycles of tiles in engines that store operands, from few tiles that are followed through store, window and rows."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache

from gen.nest.window import expected_interval
from hdl.engine.bodies import body_of
from hdl.engine.stored import Stored
from hdl.params import EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.ends import Ends

__all__ = ["stored_interval", "stored_tail"]

#: Segments of the tile that says what one more segment takes.
LONG = 4


@dataclass(frozen=True)
class _Case:
    """What the cycles of a tile depend on; engines that differ in nothing else take the same."""

    key: tuple[object, ...]
    params: EngineParams = field(compare=False)


def stored_interval(params: EngineParams, k: int, sigma: float | None) -> float:
    """About :func:`gen.nest.window.expected_interval`, and much quicker for many values of K.

    A tile takes a time for each of its segments but the last, and for that one a time that is followed at powers of
    two, and between them on a line.
    """
    shape = SparseShape(params)
    axes = params.axes
    key = (
        *(axes.skips_by_row, axes.sum.per_weight, axes.b is Travel.HAND_OVER, shape.holders, shape.lanes, shape.passes),
        *(params.rows, params.segment, params.group, params.queue, params.encoder, params.recoded),
    )
    case = _Case(key, params)
    whole, rest = divmod(k - 1, shape.segment)
    last = _line(case, rest + 1, sigma)
    if not whole:
        return last
    return last + whole * (_at(case, LONG * shape.segment, sigma) - _at(case, shape.segment, sigma)) / (LONG - 1)


@lru_cache(maxsize=256)
def stored_tail(params: EngineParams) -> int:
    """Cycles from the last step of a job, as :func:`gen.nest.window.follow` has it, to its end.

    The last sums leave the buses and are collected, and the rows of results leave.
    """
    body = body_of(params)
    assert isinstance(body, Stored)
    collected = body.collector.latency + params.cols * body.flow.column_skew
    if params.axes.skips_by_row:
        leave = 7 + body.flow.bus_stages
    else:
        leave = 8 + body.collector.plane.steps + Ends.least_interval(params)
    return leave + collected + params.rows + params.preload


def _line(case: _Case, k: int, sigma: float | None) -> float:
    points = [1 << i for i in range(k.bit_length() + 1)]
    high = points[bisect_left(points, k)]
    if high == k:
        return _at(case, k, sigma)
    low = high // 2
    ends = _at(case, low, sigma), _at(case, high, sigma)
    return ends[0] + (ends[1] - ends[0]) * (k - low) / (high - low)


@lru_cache(maxsize=4096)
def _at(case: _Case, k: int, sigma: float | None) -> float:
    return expected_interval(case.params, k, sigma)

"""How long a tile takes in an engine that takes digits plane after plane, with all that the nest does not show.

The nest counts the digits that are not zero. In hardware they come in groups, rows wait for each other at the ends of
a window, and for the result buses at the end of a plane (see :mod:`hdl.sparse`). This follows the groups of a streak
of tiles through store, window and rows, on operands drawn at random.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from gen.nest.encoders import encode
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.ends import Ends

__all__ = ["expected_interval", "follow"]

Integers = NDArray[np.int64]

#: Steps of K that are followed as a tile: a longer one takes in proportion, of shorter ones there are more.
STEPS = 4096
TILES = 3
SEED = 1


def expected_interval(params: EngineParams, k: int, sigma: float | None) -> float:
    """Mean cycles from one tile to the next in a streak.

    Parameters
    ----------
    params : EngineParams
        With digits plane after plane.
    k : int
        K of the tiles.
    sigma : float or None
        The operands that are recoded are normal with this standard deviation, as in
        :func:`gen.nest.encoders.density`; None for all values equally likely.
    """
    shape = SparseShape(params)
    steps = min(k, max(STEPS // shape.segment, 1) * shape.segment)
    rng = np.random.default_rng(SEED)
    tiles = TILES * max(1, STEPS // steps)
    ends = follow(params, (_operands(params, steps, sigma, rng) for _ in range(tiles + 1)))
    return (ends[-1] - ends[0]) / tiles * k / steps


def follow(params: EngineParams, tiles: Iterable[Integers]) -> list[int]:
    """Work off tiles, one after the other.

    Parameters
    ----------
    params : EngineParams
        With digits plane after plane.
    tiles : iterable of int arrays
        Of each the operands that are recoded: A[rows, k], or B[cols, k], the other way round.

    Returns
    -------
    list of int
        Cycles from the first beat of all to the last step of each tile.
    """
    shape = SparseShape(params)
    engine = _Apart(params) if params.axes.skips_by_row else _InStep(params)
    ends = []
    for operands in tiles:
        digits = encode(operands, params.encoder, params.recoded) != 0
        k = operands.shape[1]
        for start in range(0, k, shape.segment):
            stop = min(start + shape.segment, k)
            read = np.split(digits[:, start:stop].astype(np.int64), shape.passes, axis=2)
            planes = [list(_groups(shape, each.sum(axis=2))) for each in read]
            engine.segment(-(-(stop - start) // shape.lanes), planes, last=stop == k)
        ends.append(engine.end)
    return ends


def _operands(params: EngineParams, k: int, sigma: float | None, rng: np.random.Generator) -> Integers:
    """A[rows, k], or B, the other way round, where that is recoded."""
    low, high, shape = params.recoded.min, params.recoded.max, (SparseShape(params).holders, k)
    if sigma is None:
        return rng.integers(low, high + 1, shape)
    values = rng.normal(0, sigma, shape)
    while (outside := (values < low) | (values > high)).any():
        if outside.all():  # nearly all of the distribution is outside: it is flat inside
            return rng.integers(low, high + 1, shape)
        values[outside] = rng.normal(0, sigma, int(outside.sum()))
    return np.rint(values).astype(np.int64)


def _groups(shape: SparseShape, digits: Integers) -> Iterator[Integers]:
    """The groups of a plane: how many digits are not zero, by row and lane, of those of every row and step."""
    rows = len(digits)
    listed = []
    for lane in range(shape.lanes):
        for bank in range(shape.group):
            own = digits[:, bank * shape.lanes + lane :: shape.banks]
            listed.append(own[:, own.any(axis=0)])
    for entry in range(max(own.shape[1] for own in listed)):
        found = [own[:, entry] if entry < own.shape[1] else np.zeros(rows, np.int64) for own in listed]
        lanes = np.array(found, np.int64).reshape(shape.lanes, shape.group, rows).sum(axis=1)
        yield np.roll(lanes, entry % shape.turns, axis=0).T


class _InStep:
    """When everything happens where all rows take the same steps; times are cycles.

    Attributes
    ----------
    end : int
        When the last step of all segments has been sent.
    """

    def __init__(self, params: EngineParams) -> None:
        self.interval = Ends.least_interval(params)
        self.in_turn = params.axes.b is Travel.HAND_OVER
        self.per_weight = params.axes.sum.per_weight
        self.loaded = 0  # the last beat of a segment is in the store
        self.freed = deque([0, 0], maxlen=2)  # the halves of the store may be filled
        self.read = 0  # the reader may go on
        self.left = 0  # the rows' sums have left
        self.end = 0

    def segment(self, beats: int, planes: list[list[Integers]], *, last: bool) -> None:
        """Work off a segment, plane after plane."""
        self.loaded = max(self.loaded, self.freed[0]) + beats
        self.read = max(self.read, self.loaded + 1) + 1
        for steps in map(len, planes):
            self.read += 1
            if not steps:
                self.read += 1
                continue
            free = self.read if self.in_turn else max(self.read, self.left)
            if not self.per_weight:
                self.read = free + steps
                continue
            end = max(free + steps - 1, self.left)
            self.left = end + self.interval
            self.read = end + 1
        if last and not self.per_weight:
            self.read = max(self.read, self.left) + 1
            self.left = self.read - 1 + self.interval
        if last:
            self.read = max(self.read, self.left) + 1
        self.freed.append(self.read + 1)
        self.read += 1
        self.end = self.read


class _Apart:
    """When everything happens where rows run apart; times are cycles.

    Attributes
    ----------
    end : int
        When the last row has worked off all segments.
    """

    def __init__(self, params: EngineParams) -> None:
        rows, stage = params.rows, Dataflow.ROWS_PER_BUS_STAGE
        lanes = SparseShape(params).lanes
        self.per_weight = params.axes.sum.per_weight
        self.loaded = 0  # the last beat of a segment is in the store
        self.freed = deque([0, 0], maxlen=2)  # the halves of the store may be filled
        self.read = 0  # the reader may go on
        self.slots = deque([0] * params.queue, maxlen=params.queue)  # the slots of the window may be taken
        self.ready = np.zeros((rows, lanes), np.int64)  # rows may load a group
        self.bus = 0  # the result buses are free
        self.wait = Dataflow(params).bus_stages - 1 - np.arange(rows) // stage  # for sums from rows further away
        self.end = 0

    def segment(self, beats: int, planes: list[list[Integers]], *, last: bool) -> None:
        """Work off a segment, plane after plane."""
        self.loaded = max(self.loaded, self.freed[0]) + beats
        self.read = max(self.read, self.loaded + 1) + 1
        for groups in planes:
            self.read += 1
            for group in groups[:-1] if self.per_weight else groups:
                self._send(group)
            if groups and not self.per_weight:
                continue
            if groups:
                self._send(np.maximum(groups[-1], 1))  # what ends a plane comes to every row
                self._end_of_plane(np.any([group.any(axis=1) for group in groups], axis=0))
            else:
                self.read += 1
        if last and not self.per_weight:
            self._send(np.ones_like(self.ready))
            self._end_of_plane(np.ones(len(self.ready), bool))
        if last:
            self._send(np.ones_like(self.ready))
        self.freed.append(self.read + 1)
        self.read += 1
        self.end = int(self.ready.max())

    def _send(self, cycles: Integers) -> None:
        """A group takes a slot; it is loaded three cycles later at the earliest, and picked from the next one on.

        Where it takes no cycles it never waits.
        """
        sent = max(self.read, self.slots[0])
        self.read = sent + 1
        takes = cycles > 0
        self.ready = np.where(takes, np.maximum(self.ready, sent + 3) + cycles, self.ready)
        self.slots.append(max(sent + 3, int(self.ready[takes].max(initial=0))) + 2)

    def _end_of_plane(self, changed: NDArray[np.bool_]) -> None:
        """Rows with a sum wait for the buses, one after the other; they ask with their last digit."""
        through = self.ready.max(axis=1)
        for row in np.lexsort((np.arange(len(through)), through)):
            if changed[row]:
                self.bus = max(self.bus, int(through[row])) + 1
                through[row] = self.bus + self.wait[row]
        self.ready[:] = through[:, None]

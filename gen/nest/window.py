"""How long a tile takes in an engine that takes digits plane after plane, with all that the nest does not show.

The nest counts the digits that are not zero. In hardware they come in groups, rows wait for each other at the ends of
a window, and for the result buses at the end of a plane (see :mod:`hdl.sparse`). This follows the groups of a streak
of tiles through store, window and rows, on operands drawn at random.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.nest.encoders import encode
from hdl.engine.bodies import body_of
from hdl.engine.sparse import Sparse
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.ends import Ends

__all__ = ["expected_interval", "follow"]

Integers = NDArray[np.int64]

#: Steps of K that are followed as a tile: a longer one takes in proportion, of shorter ones there are some more.
STEPS = 4096
TILES, MOST = 3, 192
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
    tiles = min(TILES * max(1, STEPS // steps), MOST)
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
    for operands in tiles:
        digits = encode(operands, params.encoder, params.recoded) != 0
        k = operands.shape[1]
        for start in range(0, k, shape.segment):
            stop = min(start + shape.segment, k)
            read = np.split(digits[:, start:stop].astype(np.int64), shape.passes, axis=2)
            planes = [list(_groups(shape, each.sum(axis=2))) for each in read]
            engine.segment(-(-(stop - start) // shape.lanes), planes, last=stop == k)
    return engine.ends()


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
    rows, turns = len(digits), shape.turns
    listed = []
    for lane in range(shape.lanes):
        for bank in range(shape.group):
            own = digits[:, bank * shape.lanes + lane :: shape.banks]
            listed.append(own[:, own.any(axis=0)])
    for entry in range(max(own.shape[1] for own in listed)):
        found = [own[:, entry] if entry < own.shape[1] else np.zeros(rows, np.int64) for own in listed]
        lanes = np.array(found, np.int64).reshape(shape.lanes, shape.group, rows).sum(axis=1)
        yield (np.roll(lanes, entry % turns, axis=0) if turns > 1 else lanes).T


class _InStep:
    """When everything happens where all rows take the same steps; times are cycles."""

    def __init__(self, params: EngineParams) -> None:
        self.interval = Ends.least_interval(params)
        self.in_turn = params.axes.b is Travel.HAND_OVER
        self.per_weight = params.axes.sum.per_weight
        self.loaded = 0  # the last beat of a segment is in the store
        self.freed = deque([0, 0], maxlen=2)  # the halves of the store may be filled
        self.read = 0  # the reader may go on
        self.left = 0  # the rows' sums have left
        self.tiles: list[int] = []  # the last step of each has been sent

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
        if last:
            self.tiles.append(self.read)

    def ends(self) -> list[int]:
        """When the last step of each tile had been sent."""
        return self.tiles


@dataclass
class _Group:
    """A group on its way through the window.

    Parameters
    ----------
    sent : int
        When it took its slot: rows load it three cycles later at the earliest, and pick from the next one on.
    cycles : list
        By row and lane: how many it takes; one that takes none never waits.
    ends : list of bool
        The rows that have a sum which leaves behind it; empty where it ends none.
    tile : int
        The tile that it ends; -1 if it ends none.
    picked : int
        When all rows that have come so far were through with it.
    """

    sent: int
    cycles: list[list[int]]
    ends: list[bool]
    tile: int
    picked: int


class _Apart:
    """When everything happens where rows run apart; times are cycles.

    Rows work off what has been sent until they ask for the result buses. A slot is free again when all rows have picked
    its group, so that by the time of the next one all that was granted before is known.
    """

    def __init__(self, params: EngineParams) -> None:
        rows, stage = params.rows, Dataflow.ROWS_PER_BUS_STAGE
        self.shape = rows, SparseShape(params).lanes
        self.per_weight = params.axes.sum.per_weight
        self.queue = params.queue
        self.loaded = 0  # the last beat of a segment is in the store
        self.freed = deque([0, 0], maxlen=2)  # the halves of the store may be filled
        self.read = 0  # the reader may go on
        self.groups: dict[int, _Group] = {}  # by their number, those that something may still be asked of
        self.count = 0  # groups that were sent
        self.ready = [[0] * self.shape[1] for _ in range(rows)]  # the lanes of a row may load a group
        self.following = [0] * rows  # the group that a row picks next
        self.asks: dict[int, int] = {}  # since when rows wait for the result buses
        self.bus = 0  # the result buses are free
        self.wait = [Dataflow(params).bus_stages - 1 - row // stage for row in range(rows)]  # until sums are sent off
        body = body_of(params)
        assert isinstance(body, Sparse)
        self.leaves = body.settle + rows + 2  # from the end of a tile until rows may end the next one
        self.through: list[list[int]] = []  # when rows have ended each tile
        self.held: dict[int, int] = {}  # the tiles that rows would end when the results of the one before have left

    def segment(self, beats: int, planes: list[list[Integers]], *, last: bool) -> None:
        """Work off a segment, plane after plane."""
        self.loaded = max(self.loaded, self.freed[0]) + beats
        self.read = max(self.read, self.loaded + 1) + 1
        every = np.ones(self.shape, np.int64)
        for groups in planes:
            self.read += 1
            for group in groups[:-1] if self.per_weight else groups:
                self._send(group)
            if not groups:
                self.read += 1
            elif self.per_weight:  # what ends a plane comes to every row
                ends = np.any([group.any(axis=1) for group in groups], axis=0)
                self._send(np.maximum(groups[-1], 1), ends.tolist())
        if last and not self.per_weight:
            self._send(every, [True] * len(every))
        if last:
            self.through.append([])
            self._send(every, tile=len(self.through) - 1)
        self.freed.append(self.read + 1)
        self.read += 1

    def ends(self) -> list[int]:
        """When the last row was through with each tile."""
        while self.asks:
            self._grant()
        return [max(rows) for rows in self.through]

    def _send(self, cycles: Integers, ends: Sequence[bool] = (), tile: int = -1) -> None:
        """Send a group as soon as there is a slot."""
        sent = max(self.read, self._released(self.count - self.queue))
        self.read = sent + 1
        self.groups[self.count] = _Group(sent, cycles.tolist(), list(ends), tile, sent + 3)
        self.count += 1
        for row in range(len(self.ready)):
            if row not in self.asks and row not in self.held:
                self._advance(row)

    def _released(self, number: int) -> int:
        """When the slot of a group is free."""
        if number < 0:
            return 0
        while min(self.following) <= number:
            self._grant()
        return self.groups.pop(number).picked + 2

    def _advance(self, row: int) -> None:
        """Let a row pick groups, up to the end of a sum; it asks for the buses with its last digit."""
        ready = self.ready[row]
        while self.following[row] < self.count:
            group = self.groups[self.following[row]]
            self.following[row] += 1
            for lane, cycles in enumerate(group.cycles[row]):
                if cycles:
                    ready[lane] = max(ready[lane], group.sent + 3) + cycles
                    group.picked = max(group.picked, ready[lane])
            if group.ends:
                ready[:] = [max(ready)] * len(ready)
                if group.ends[row]:
                    self.asks[row] = ready[0]
                    return
            if group.tile >= 0:
                ready[:] = [max(ready)] * len(ready)
                self.held[row] = group.tile
                self._end(row)
                return

    def _end(self, row: int) -> None:
        """Let a row end a tile if the results of the one before have left, and go on; then those that wait for it."""
        tile, rows = self.held[row], len(self.ready)
        before = self.through[tile - 1] if tile else [-self.leaves] * rows
        if len(before) < rows:
            return
        del self.held[row]
        end = max(self.ready[row][0], max(before) + self.leaves)
        self.ready[row] = [end] * self.shape[1]
        self.through[tile].append(end)
        self._advance(row)
        if len(self.through[tile]) == rows:
            for other in [each for each, held in self.held.items() if held == tile + 1]:
                self._end(other)

    def _grant(self) -> None:
        """The buses take the sums of a row, of those that ask the lowest one."""
        cycle = max(self.bus, min(self.asks.values()))
        row = min(row for row, since in self.asks.items() if since <= cycle)
        del self.asks[row]
        self.bus = cycle + 1
        self.ready[row] = [cycle + 1 + self.wait[row]] * self.shape[1]
        self._advance(row)

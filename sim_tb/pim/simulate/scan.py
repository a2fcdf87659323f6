"""The scan of the vector unit in time: vectors that are only read, beside the lanes."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import PimParams
from hdl.pim.vector.greatest import Greatest
from hdl.pim.vector.sum import Sum
from sim_tb.pim.simulate.operand import ADDRESSES, TRANSFER
from sim_tb.pim.simulate.turns import NEVER, Turns

__all__ = ["Scan"]


class Scan:
    """Reads one vector after the other, a beat a clock where SRAM keeps up.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape
    turns : Turns
        Whose vectors are read.

    Attributes
    ----------
    word : int
        The SRAM word that it asks for, or -1.
    """

    def __init__(self, params: PimParams, shape: LaneShape, turns: Turns) -> None:
        self._turns = turns
        self._words = params.vector_lanes // params.lanes
        total = Sum(params.vector_lanes, shape.adder)
        self._gap = total.gap
        self._latency = {
            "greatest": TRANSFER + Greatest(params.vector_lanes).latency,
            "sum": TRANSFER + shape.adder + total.latency,
        }
        self.word = -1
        # Whose vector it is, beats after the present one, the first clock in which the next vector may begin.
        self._which = self._beats = self._open = 0

    def clock(self, granted: int) -> None:
        """Advance by one clock, before the turns do; its request is granted or not."""
        turns = self._turns
        if granted:
            now = turns.now
            self._open = now + 1 + self._gap
            if self._beats:
                self._beats -= 1
                self.word = (self.word + self._words) % ADDRESSES
            else:
                self.word = -1
                turns.ends_at(now + self._latency[turns.jobs[self._which].stage.scans], self._which)
        elif self.word < 0 and turns.scans and turns.now >= self._open:
            self._which = which = turns.pick(turns.scans)
            turns.scans &= ~(1 << which)
            job = turns.jobs[which]
            self._beats, self.word = job.beats, job.a

    def rest(self) -> int:
        """Clocks in which it asks for nothing, and no vector begins."""
        if self.word >= 0:
            return 0
        return max(self._open - self._turns.now, 0) if self._turns.scans else NEVER

    def steady(self) -> int:
        """Clocks in which it asks for word after word, or for nothing."""
        return self._beats if self.word >= 0 else self.rest()

    def state(self) -> Iterator[int]:
        """Integers that determine what it does."""
        reads = self.word >= 0
        yield self.word
        yield from (self._turns.counted(self._which), self._beats) if reads else (0, 0)
        yield max(self._open - self._turns.now, 0)

    def restore(self, values: Iterator[int]) -> None:
        """Take a state; the clock is 0."""
        self.word, self._which, self._beats, self._open = (next(values) for _ in range(4))

"""A block from a state on: the way that it takes without a refresh, and the ways round for refreshes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim_tb.pim.simulate.burst.blocks import Block
from sim_tb.pim.simulate.burst.canonical import FAR, Places
from sim_tb.pim.simulate.burst.spans import Spans
from sim_tb.pim.simulate.burst.steps import Steps
from sim_tb.pim.simulate.statistics import Numbers
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Detour", "States", "Trail"]

State = tuple[int, Places]


@dataclass(slots=True)
class Detour:
    """What a refresh changes, from a place of the way on until the way is met again, or the block is at its end.

    Parameters
    ----------
    first, last : int
        It is so wherever the refresh is due in so many clocks, from the first number to the last one.
    to : int
        The place of the way where it ends.
    clocks : int
        That it takes.
    more : int
        Clocks that it takes more than the way does up to there.
    vector : int
        The same for clocks in which the vector unit is at work.
    counts : array of int64
        The same for what is added to the statistics.
    gives : tuple of int
        Scalar registers that are written, in order.
    end : int
        The state at the block's end, if that isn't the way's; or -1.
    """

    first: int
    last: int
    to: int
    clocks: int
    more: int
    vector: int
    counts: Numbers
    gives: tuple[int, ...]
    end: int


class Gone(NamedTuple):
    """A block from beginning to end, with a refresh due in a certain clock, or in one that is near enough.

    Parameters
    ----------
    clocks, vector : int
        That it took; and those of them in which the vector unit was at work.
    counts : array of int64
        What has been added to the statistics.
    end : int
        The state at its end.
    gives : list of int
        Scalar registers that are written, in order.
    earlier, later : int
        By how many clocks the refresh may be due earlier, or later, and all goes the same way.
    """

    clocks: int
    vector: int
    counts: Numbers
    end: int
    gives: list[int]
    earlier: int
    later: int


class States:
    """States by number: a shape and its places."""

    def __init__(self) -> None:
        self.all: list[State] = []
        self._numbers: dict[State, int] = {}
        self._shifted: dict[tuple[int, int], int] = {}

    def number(self, state: State) -> int:
        """The number of a state."""
        found = self._numbers.setdefault(state, len(self.all))
        if found == len(self.all):
            self.all.append(state)
        return found

    def even(self, number: int) -> bool:
        """In a state all banks of each channel are the same, and no operation is on one of them."""
        return not any(self.all[number][1].banks)

    def shifted(self, number: int, rows: int) -> int:
        """The state with all rows moved on."""
        found = self._shifted.get((number, rows))
        if found is None:
            shape, places = self.all[number]
            found = self._shifted[number, rows] = self.number((shape, places.lifted(rows)))
        return found


class Trail:
    """The way of a block.

    Parameters
    ----------
    steps : Steps
    states : States
    block : Block
    begin : int

    Attributes
    ----------
    begin : int
        The state in which it begins.
    at, vector : list of int
        Clocks up to each place of the way, its end included; and those in which the vector unit is at work.
    needs : list of int
        Clocks from the begin on until a refresh is due with which the way goes on beyond each place.
    need, clocks, end : int
        Of the whole way: needed, taken, the state.
    gives : list of (int, int)
        Scalar registers that are written: the place of the way, and the register.
    counts : array of int64, shape (places, totals)
        What has been added to the statistics at each place of the way, its end included.
    halts : bool
        The program ends on the way.
    """

    def __init__(self, steps: Steps, states: States, block: Block, begin: int) -> None:
        self._steps, self._states, self._segments = steps, states, block.segments
        self.begin = begin
        shape, places = states.all[begin]
        self._passed = [(shape, places)]
        self.at, self.vector, self.needs = [0], [0], []
        self.gives: list[tuple[int, int]] = []
        self.halts = False
        interval, need = steps.interval, -NEVER
        counts = [steps.zeros]
        for index, segment in enumerate(block.segments):
            until = interval if interval and steps.owes(shape) else FAR
            step, shape, places = steps.step(shape, places, until, segment, last=False)
            learnt = step.learnt
            self.gives += [(index, register) for register in learnt.gives]
            self.halts |= learnt.ends is not None
            need = max(need, self.at[-1] + learnt.first if learnt.free else NEVER)
            self.needs.append(need)
            self._passed.append((shape, places))
            self.at.append(self.at[-1] + learnt.clocks)
            self.vector.append(self.vector[-1] + learnt.vector)
            counts.append(counts[-1] + learnt.counts)
        self.end = states.number((shape, places))
        self.need, self.clocks = need, self.at[-1]
        self.counts = np.array(counts)
        self._detours: dict[int, Spans[Detour]] = {}

    def go(self, until: int) -> Gone:
        """From its beginning to its end, with a refresh due in so many clocks."""
        at, needs, interval = self.at, self.needs, self._steps.interval
        clocks, vector, counts, end = self.clocks, self.vector[-1], self.counts[-1], self.end
        place, past, earlier, later = 0, len(needs), NEVER, NEVER
        gives: list[int] = []
        while True:
            due = until + at[place] if until != FAR else NEVER
            leaves = self.leaves(place, due)
            if leaves > place:
                earlier = min(earlier, due - needs[leaves - 1])
                gives += [register for index, register in self.gives if place <= index < leaves]
            if leaves == past:
                break
            later = min(later, needs[leaves] - 1 - due)
            until = due - at[leaves]
            detour = self.detour(leaves, until)
            earlier, later = min(earlier, until - detour.first), min(later, detour.last - until)
            clocks, vector, counts = clocks + detour.more, vector + detour.vector, counts + detour.counts
            gives += detour.gives
            if detour.end >= 0:
                end = detour.end
                break
            place, until = detour.to, (until - detour.clocks - 1) % interval + 1
        return Gone(clocks, vector, counts, end, gives, earlier, later)

    def leaves(self, place: int, due: int) -> int:
        """Where the way ends that is gone from a place on, with a refresh due in a clock of it."""
        return max(place, bisect_right(self.needs, due))

    def detour(self, place: int, until: int) -> Detour:
        """The way round from a place on, with a refresh due in so many clocks."""
        known = self._detours.get(place)
        if known is None:
            known = self._detours[place] = Spans()
        found = known.find(until)
        if found is None:
            found = self._explore(place, until)
            known.add(found.first, found.last, found)
        return found

    def _explore(self, place: int, until: int) -> Detour:
        """Go through segments from a place on, up to the end or to where the way is met."""
        steps, interval, segments = self._steps, self._steps.interval, self._segments
        shape, places = self._passed[place]
        counts = steps.zeros
        gives: list[int] = []
        clocks = vector = 0
        begin, begun, earlier, later = place, until, NEVER, NEVER
        met = False
        while place < len(segments) and not met:
            step, shape, places = steps.step(shape, places, until, segments[place], last=False)
            learnt = step.learnt
            earlier, later = min(earlier, until - learnt.first), min(later, learnt.last - until)
            counts = counts + learnt.counts
            gives += learnt.gives
            clocks, vector = clocks + learnt.clocks, vector + learnt.vector
            until = (until - learnt.clocks - 1) % interval + 1
            place += 1
            met = (shape, places) == self._passed[place]
        return Detour(
            first=begun - earlier,
            last=begun + later,
            to=place,
            clocks=clocks,
            more=clocks - self.at[place] + self.at[begin],
            vector=vector - self.vector[place] + self.vector[begin],
            counts=counts - self.counts[place] + self.counts[begin],
            gives=tuple(gives),
            end=-1 if met else self._states.number((shape, places)),
        )

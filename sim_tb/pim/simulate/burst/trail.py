"""A block from a state on: the way that it takes without a refresh, and the ways round for refreshes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from sim_tb.pim.simulate.burst.blocks import Block
from sim_tb.pim.simulate.burst.canonical import Places
from sim_tb.pim.simulate.burst.steps import Step, Steps

__all__ = ["Detour", "States", "Trail"]

State = tuple[int, Places]

#: Needed where no time is enough.
NEVER = 1 << 60


@dataclass(slots=True)
class Detour:
    """What a refresh changes, from a place of the way on until the way is met again, or the block is at its end.

    Parameters
    ----------
    least, most : int
        Clocks until the refresh is due for which it is so.
    to : int
        The place of the way where it ends.
    clocks, vector : int
        That it takes; and those of them in which the vector unit is at work.
    steps : tuple of Step
    gives : tuple of int
        Scalar registers that are written, in order.
    end : int
        The state at the block's end, if that isn't the way's; or -1.
    times : int
        How often it was gone.
    """

    least: int
    most: int
    to: int
    clocks: int
    vector: int
    steps: tuple[Step, ...]
    gives: tuple[int, ...]
    end: int
    times: int = 0


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
        The state in which it begins.

    Attributes
    ----------
    way : list of Step
    at, vector : list of int
        Clocks up to each place of the way, its end included; and those in which the vector unit is at work.
    needs : list of int
        Clocks from the begin on until a refresh is due with which the way goes on beyond each place.
    need, clocks, end : int
        Of the whole way: needed, taken, the state.
    gives : list of (int, int)
        Scalar registers that are written: the place of the way, and the register.
    halts : bool
        The program ends on the way.
    times, visits : int, list of int
        How often the whole way was gone; and for each place how many ways more begin there than end there.
    """

    def __init__(self, steps: Steps, states: States, block: Block, begin: int) -> None:
        self._steps, self._states, self._segments = steps, states, block.segments
        self.way: list[Step] = []
        shape, places = states.all[begin]
        self._passed = [(shape, places)]
        self.at, self.vector, self.needs = [0], [0], []
        self.gives: list[tuple[int, int]] = []
        self.halts = False
        interval, need = steps.interval, -NEVER
        for index, segment in enumerate(block.segments):
            step, shape, places = steps.step(shape, places, interval, segment, last=False)
            learnt = step.learnt
            self.gives += [(index, register) for register in learnt.gives]
            self.halts |= learnt.ends is not None
            need = max(need, self.at[-1] + learnt.least if learnt.most >= interval else NEVER)
            self.way.append(step)
            self.needs.append(need)
            self._passed.append((shape, places))
            self.at.append(self.at[-1] + learnt.clocks)
            self.vector.append(self.vector[-1] + learnt.vector)
        self.end = states.number((shape, places))
        self.need, self.clocks = need, self.at[-1]
        self.times = 0
        self.visits = [0] * (len(self.way) + 1)
        self._detours: dict[int, list[Detour]] = {}

    def leaves(self, place: int, until: int) -> int:
        """Where the way ends that is gone from a place on, with a refresh due in so many clocks."""
        return max(place, bisect_right(self.needs, until + self.at[place]))

    def detour(self, place: int, until: int) -> Detour:
        """The way round from a place on."""
        known = self._detours.setdefault(place, [])
        for each in known:
            if each.least <= until <= each.most:
                return each
        known.append(self._explore(place, until))
        return known[-1]

    def _explore(self, place: int, until: int) -> Detour:
        interval = self._steps.interval
        shape, places = self._passed[place]
        least, most = -NEVER, NEVER
        taken: list[Step] = []
        clocks, left, met = 0, until, False
        while place < len(self.way) and not met:
            step, shape, places = self._steps.step(shape, places, left, self._segments[place], last=False)
            learnt = step.learnt
            least, most = max(least, learnt.least - left), min(most, learnt.most - left)
            left = (left - learnt.clocks - 1) % interval + 1
            clocks += learnt.clocks
            taken.append(step)
            place += 1
            met = (shape, places) == self._passed[place]
        return Detour(
            until + least,
            until + most,
            place,
            clocks,
            sum(step.learnt.vector for step in taken),
            tuple(taken),
            tuple(register for step in taken for register in step.learnt.gives),
            -1 if met else self._states.number((shape, places)),
        )

    def count(self) -> None:
        """Give each step the times that it was gone."""
        times, self.times = self.times, 0
        for step, visits in zip(self.way, self.visits, strict=False):
            times += visits
            step.times += times
        self.visits = [0] * (len(self.way) + 1)
        for known in self._detours.values():
            for each in known:
                for step in each.steps:
                    step.times += each.times
                each.times = 0

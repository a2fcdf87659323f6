"""What is known of segments: states by number, and what each segment does in each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.burst.canonical import FAR, Places
from sim_tb.pim.simulate.burst.learnt import Learnt
from sim_tb.pim.simulate.burst.machine import Machine, Shape
from sim_tb.pim.simulate.burst.segment import Segment, Segments
from sim_tb.pim.simulate.burst.spans import Spans
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Step", "Steps"]


class Step:
    """A segment in a state.

    Attributes
    ----------
    learnt : Learnt
    after : int
        The number of the next state's shape.
    """

    __slots__ = ("after", "learnt")

    def __init__(self, learnt: Learnt, after: int) -> None:
        self.learnt, self.after = learnt, after


class Steps:
    """Everything that a system was seen to do, whatever the programs were.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    zeros : array of int64
        Statistics of nothing.
    asked : int
        How often the simulator had to be asked.
    """

    def __init__(self, params: PimParams) -> None:
        self.machine = Machine(params)
        self.canon = self.machine.canon
        self.interval = params.timing.trefi
        self.segments = Segments(params, self.canon)
        self.shapes: list[Shape] = []
        self._numbers: dict[Shape, int] = {}
        self._known: dict[tuple[Any, ...], Spans[Step]] = {}
        self.asked = 0
        self.zeros = np.zeros(self.machine.totals, np.int64)

    def number(self, shape: Shape) -> int:
        """The number of a shape."""
        found = self._numbers.setdefault(shape, len(self.shapes))
        if found == len(self.shapes):
            self.shapes.append(shape)
        return found

    def step(self, shape: int, places: Places, until: int, segment: Segment, *, last: bool) -> tuple[Step, int, Places]:
        """A segment from a state on, with a refresh due in so many clocks, or ``FAR``, as if none ever was.

        Returns
        -------
        Step
        int, Places
            The next state.
        """
        key = (shape, segment.key, last, segment.meets(places, self.canon.apart))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Spans()
        step = known.find(until if until != FAR else NEVER)
        if step is None:
            step = self._learn(shape, places, until, segment, last=last)
            known.add(step.learnt.first, step.learnt.last, step)
        rule = step.learnt.moves
        following = rule.apply(places, segment)
        after = step.after
        if rule.shifts:
            after = self._ranked(after, following)
        return step, after, following

    def _learn(self, shape: int, places: Places, until: int, segment: Segment, *, last: bool) -> Step:
        """Ask the simulator."""
        self.asked += 1
        # Within layers rows count from those of the first one on, and a row before them has no number.
        rows = max(0, -min(places.rows, default=0))
        where = places.lifted(rows) if rows else places
        learnt, found, _, _ = self.machine.run(self.shapes[shape], where, until, segment, rows, last=last)
        return Step(learnt, self.number(found))

    def owes(self, shape: int) -> bool:
        """A refresh is due and has not come."""
        return self.shapes[shape].owes

    def _ranked(self, shape: int, places: Places) -> int:
        """The shape with the distances that rows have here; those that were far apart may have come nearer."""
        whole = self.shapes[shape]
        found = self.machine.ranked(whole, places)
        return shape if found is whole else self.number(found)

"""What is known of segments: states by number, and what each segment does in each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.burst.canonical import Places
from sim_tb.pim.simulate.burst.learnt import Learnt
from sim_tb.pim.simulate.burst.machine import Machine
from sim_tb.pim.simulate.burst.segment import Segment, Segments
from sim_tb.pim.simulate.unit import State

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
    moving : list of bool
        By the number of a shape: clocks of it move with refreshes.
    """

    def __init__(self, params: PimParams) -> None:
        self.machine = Machine(params)
        self.canon = self.machine.canon
        self.interval = params.timing.trefi
        self.segments = Segments(params, self.canon)
        self.shapes: list[State] = []
        self.moving: list[bool] = []
        self._parts: dict[Any, Any] = {}
        self._numbers: dict[State, int] = {}
        self._known: dict[tuple[Any, ...], list[Step]] = {}
        self.asked = 0
        self.zeros = np.zeros(len(self.machine.ledger.totals), np.int64)

    def number(self, shape: State, *, moving: bool = False) -> int:
        """The number of a shape; ``moving``: clocks of it move with refreshes."""
        found = self._numbers.get(shape)
        if found is None:
            found = self._numbers[shape] = len(self.shapes)
            self.shapes.append(shape)
            self.moving.append(moving)
        return found

    def _shared(self, shape: State) -> State:
        """The shape, with parts that other shapes have as well."""
        units, loaded, (settled, beside, accounts) = shape
        share = self._parts.setdefault
        units = tuple([share(each, each) for each in units])
        return units, loaded, (settled, share(beside, beside), tuple([share(each, each) for each in accounts]))

    def step(self, shape: int, places: Places, until: int, segment: Segment, *, last: bool) -> tuple[Step, int, Places]:
        """A segment from a state on, with a refresh due in so many clocks.

        Returns
        -------
        Step
        int, Places
            The next state.
        """
        key = (shape, segment.key, last, segment.meets(places, self.canon.apart))
        known = self._known.setdefault(key, [])
        for step in known:
            if step.learnt.least <= until <= step.learnt.most:
                break
        else:
            # Within layers rows count from those of the first one on, and a row before them has no number.
            rows = max(0, -min(places.rows, default=0))
            lifted = places.lifted(rows), until, segment.lifted(rows)
            learnt, next_shape, moves = self.machine.run(
                self.shapes[shape], *lifted, last=last, moves=self.moving[shape]
            )
            step = Step(learnt, self.number(self._shared(next_shape), moving=moves))
            self.asked += 1
            known.append(step)
        rule = step.learnt.moves
        following = rule.apply(places, segment)
        after = step.after
        if rule.shifts:
            after = self._ranked(after, following)
        return step, after, following

    def _ranked(self, shape: int, places: Places) -> int:
        """The shape with the distances that rows have here; those that were far apart may have come nearer."""
        whole = self.shapes[shape]
        units = self.canon.ranked(whole[0], places)
        return shape if units is None else self.number((units, *whole[1:]), moving=self.moving[shape])

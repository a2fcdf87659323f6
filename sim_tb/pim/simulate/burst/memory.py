"""All that is known of a system: what it was seen to do, and the ways of blocks that were put together from it."""

from __future__ import annotations

from typing import NamedTuple

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.burst.blocks import Block, Blocks
from sim_tb.pim.simulate.burst.spans import Spans
from sim_tb.pim.simulate.burst.steps import Steps
from sim_tb.pim.simulate.burst.trail import States, Trail
from sim_tb.pim.simulate.statistics import Numbers

__all__ = ["Memory", "Passed"]

#: What the simulator may have been asked for before all is forgotten: some 20 KB each.
MOST = 32_000


class Passed(NamedTuple):
    """What a stretch did.

    Parameters
    ----------
    clocks, vector : int
        That it took; and those of them in which the vector unit was at work.
    state : int
        The state after it.
    counts : array of int64
        What was added to the statistics.
    """

    clocks: int
    vector: int
    state: int
    counts: Numbers


class Memory:
    """What programs on a system have in common.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    steps : Steps
    states : States
    blocks : Blocks
    passed : dict
        By stretch, the numbers of its banks and state; and in spans, by clocks until a refresh is due.
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self._clear()

    def _clear(self) -> None:
        params = self.params
        self.steps = Steps(params)
        self.states = States()
        self.blocks = Blocks(params, self.steps.segments)
        self.passed: dict[tuple[int, tuple[int, ...], int], Spans[Passed]] = {}
        self._trails: dict[tuple[int, Block], Trail] = {}

    def relieved(self, state: int) -> int:
        """The number of a state, after everything else was forgotten if it has become too much."""
        if self.steps.asked < MOST:
            return state
        number, places = self.states.all[state]
        shape = self.steps.shapes[number]
        self._clear()
        return self.states.number((self.steps.number(shape), places))

    def trail(self, state: int, block: Block) -> Trail:
        """The way of a block from a state on."""
        found = self._trails.get((state, block))
        if found is None:
            found = self._trails[state, block] = Trail(self.steps, self.states, block, state)
        return found

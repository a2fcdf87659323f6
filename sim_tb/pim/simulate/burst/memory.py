"""All that is known of a system: what it was seen to do, and the ways of blocks that were put together from it."""

from __future__ import annotations

import numpy as np

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.burst.blocks import Block, Blocks
from sim_tb.pim.simulate.burst.ledger import Numbers
from sim_tb.pim.simulate.burst.steps import Steps
from sim_tb.pim.simulate.burst.trail import States, Trail

__all__ = ["Memory"]


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
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.steps = Steps(params)
        self.states = States()
        self.blocks = Blocks(params, self.steps.segments)
        self._trails: dict[tuple[int, Block], Trail] = {}
        self._usual: dict[Block, Trail] = {}

    def trail(self, state: int, block: Block) -> Trail | None:
        """The way of a block from a state on; or, from one that moves with refreshes, a way that it will meet."""
        found = self._trails.get((state, block))
        if found is None:
            if self.steps.moving[self.states.all[state][0]]:
                return self._usual.get(block)
            found = self._trails[state, block] = Trail(self.steps, self.states, block, state)
            self._usual[block] = found
        return found

    def count(self) -> Numbers:
        """What counts of all that has happened since this was last asked."""
        for trail in self._trails.values():
            trail.count()
        total = np.zeros_like(self.steps.all[0].learnt.counts) if self.steps.all else np.zeros(0, np.int64)
        for step in self.steps.all:
            if step.times:
                total += step.times * step.learnt.counts + step.later * step.learnt.slopes
                step.times = step.later = 0
        return total

"""How many cycles operands take to enter an engine: exact, from the operands themselves."""

from __future__ import annotations

from gen.cycles.steps import steps_of
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Skip
from sim_tb.tiles import Tiles

__all__ = ["active_cycles"]


def active_cycles(params: EngineParams, tiles: Tiles) -> int:
    """Cycles in which operands of these tiles enter the array: what ``counter_active`` counts.

    That is one for each step of a beat, see :func:`gen.cycles.steps.steps_of`; where operands are stored, or each lane
    skips its own zeros, one for each beat that is taken.
    """
    if params.axes.skip is not Skip.COMMON or params.axes.stores_operands:
        flow = Dataflow(params)
        return tiles.count * flow.a.beats(tiles.k) * flow.beat_steps
    return int(steps_of(params, tiles.a, tiles.b).sum())

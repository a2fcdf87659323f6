"""How many cycles operands take to enter an engine: exact, from the operands themselves."""

from __future__ import annotations

import numpy as np

from gen.nest.encoders import encode
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Recoded, Skip
from sim_tb.tiles import Tiles

__all__ = ["active_cycles"]


def active_cycles(params: EngineParams, tiles: Tiles) -> int:
    """Cycles in which operands of these tiles enter the array: what ``counter_active`` counts.

    That is one for a beat of A, or one for each group of digits that follow each other in time. Where only steps are
    skipped in which no operand has a digit, a beat takes as many as there are weights at which one of its operands that
    are recoded has a digit other than zero, and one if there are none. Where a block of B stays it holds a single row
    of A.
    """
    flow = Dataflow(params)
    beats = flow.a.beats(tiles.k)
    if params.axes.skip is not Skip.COMMON or params.axes.stores_operands:
        return tiles.count * beats * flow.beat_steps
    operands = tiles.b.swapaxes(1, 2) if params.axes.recoded is Recoded.B else tiles.a
    beats = -(-tiles.k // params.k_step)
    filled = np.zeros((*operands.shape[:2], beats * params.k_step), dtype=np.int64)
    filled[:, :, : tiles.k] = operands
    some = encode(filled, params.encoder, params.recoded) != 0
    some = some.reshape(*operands.shape[:2], beats, params.k_step, -1)
    together = (3,) if params.weight_stationary else (1, 3)
    return int(np.maximum(some.any(axis=together).sum(axis=-1), 1).sum())

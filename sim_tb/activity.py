"""How many cycles operands take to enter an engine: exact, from the operands themselves."""

from __future__ import annotations

import numpy as np

from gen.nest.encoders import encode
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Skip
from sim_tb.tiles import Tiles

__all__ = ["active_cycles"]


def active_cycles(params: EngineParams, tiles: Tiles) -> int:
    """Cycles in which operands of these tiles enter the array: what ``counter_active`` counts.

    That is one for a beat of A, or one for each group of digits that follow each other in time. Where only steps are
    skipped in which no row has a digit, a beat takes as many as there are digits that are not zero in one of its
    operands of A, and one if there are none; a beat is a single row where a block of B stays.
    """
    flow = Dataflow(params)
    beats = flow.a.beats(tiles.k)
    if params.axes.skip is not Skip.COMMON:
        return tiles.count * beats * flow.beat_steps
    beats = -(-tiles.k // params.k_step)
    filled = np.zeros((tiles.count, params.rows, beats * params.k_step), dtype=np.int64)
    filled[:, :, : tiles.k] = tiles.a
    rows = () if params.weight_stationary else (1,)  # that keep step
    some = (encode(filled, params.encoder, params.a) != 0).reshape(tiles.count, params.rows, beats, params.k_step, -1)
    return int(np.maximum(some.any(axis=(*rows, 3)).sum(axis=-1), 1).sum())

"""How long a tile takes where the operands of a beat decide, beyond what the nest counts: exact means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.nest.encoders import density
from gen.operands import usual_sigma
from hdl.params import Dataflow, EngineParams, OperandFormat
from hdl.params.axes import Recoded

__all__ = ["empty_beats", "expected_terms"]

Floats = NDArray[np.float64]


def expected_terms(params: EngineParams, k: int, sigma: float | None) -> float:
    """Mean cycles from one tile to the next in a streak.

    A beat takes, over all of its operands, the most terms (digits that are not zero) of one of A times the most terms
    of one of B; at least one cycle. Operands are independent.

    Parameters
    ----------
    params : EngineParams
        With the scheme ``laconic``.
    k : int
        K of the tiles.
    sigma : float or None
        Operands A are normal with this standard deviation, operands B in proportion to their format; None for all
        values equally likely.
    """
    part = None if sigma is None else sigma / usual_sigma(params.a)
    beats, steps = Dataflow(params).a.beats(k), 0.0
    whole = k // params.depth
    for count, lanes in ((whole, params.depth), (beats - whole, k % params.depth)):
        most = [
            _most(params.encoder, operand, part, elements * lanes)
            for operand, elements in ((params.a, params.rows), (params.b, params.cols))
        ]
        pairs = np.maximum(np.outer(*(np.arange(len(each)) for each in most)), 1)
        steps += count * float((np.outer(*most) * pairs).sum())
    return max(steps, Dataflow(params).drain_cycles)


def empty_beats(params: EngineParams, k: int, sigma: float | None) -> float:
    """Mean number of a tile's beats that have no digit at all, and take a step all the same.

    Parameters
    ----------
    params : EngineParams
        An engine that skips only steps in which no row has a digit.
    k : int
        K of the tile.
    sigma : float or None
        Standard deviation of the operands that are recoded; None for all values equally likely.
    """
    flow = Dataflow(params)
    operands = flow.b.lanes if params.axes.recoded is Recoded.B else flow.a.lanes
    return flow.a.beats(k) * density(params.encoder, params.recoded, sigma).counts[0] ** operands


def _most(encoder: str, operand: OperandFormat, part: float | None, count: int) -> Floats:
    """The distribution of the most terms that any of ``count`` operands has; without operands there are none."""
    sigma = None if part is None else part * usual_sigma(operand)
    reached = np.minimum(np.cumsum(density(encoder, operand, sigma).counts), 1.0) ** count
    return np.diff(reached, prepend=0.0) if count else np.eye(1)[0]

"""How long a tile takes where both operands are worked off term by term (``laconic``): the exact mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.nest.encoders import density
from gen.operands import usual_sigma
from hdl.params import Dataflow, EngineParams, OperandFormat

__all__ = ["expected_terms"]

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


def _most(encoder: str, operand: OperandFormat, part: float | None, count: int) -> Floats:
    """The distribution of the most terms of so many operands; of none, there are none."""
    sigma = None if part is None else part * usual_sigma(operand)
    reached = np.minimum(np.cumsum(density(encoder, operand, sigma).counts), 1.0) ** count
    return np.diff(reached, prepend=0.0) if count else np.eye(1)[0]

"""Softmax as the vector unit does it: bf16 in and out, fp32 inside, one rounding to bf16."""

from __future__ import annotations

from sim_tb.golden.float.arithmetic import Bits, Float, add, multiply, narrow, widen
from sim_tb.golden.float.functions import LOG2E, ONE, power_of_two, reciprocal
from sim_tb.golden.float.reductions import greatest, total

__all__ = ["softmax"]


def softmax(x: Bits, scale: Float = ONE, lanes: int = 32, weights: Bits | None = None) -> Bits:
    """Softmax of ``scale * x`` over the last axis, for a positive scale; times ``weights``, if there are any.

    The powers are computed twice, once for their sum and once to be multiplied with its reciprocal, instead of being
    kept: an element is rounded to bf16 once.
    """
    values = widen(x)
    t = multiply(add(values, -greatest(values)[..., None]), multiply(scale, LOG2E))
    factor = reciprocal(total(power_of_two(t, ONE), lanes))
    shares = power_of_two(t, factor[..., None])
    return narrow(shares if weights is None else multiply(shares, widen(weights)))

"""Softmax and the normalisations as the vector unit does them: bf16 in and out, fp32 inside, one rounding to bf16."""

from __future__ import annotations

import numpy as np

from sim_tb.golden.float.arithmetic import Bits, Float, Floats, add, multiply, narrow, widen
from sim_tb.golden.float.functions import LOG2E, ONE, power_of_two, reciprocal, rsqrt
from sim_tb.golden.float.reductions import greatest, total

__all__ = ["layernorm", "rmsnorm", "softmax"]


def softmax(x: Bits, scale: Float = ONE, lanes: int = 32) -> Bits:
    """Softmax of ``scale * x`` over the last axis, for a positive scale.

    The powers are computed twice, once for their sum and once to be multiplied with its reciprocal, instead of being
    kept: an element is rounded to bf16 once.
    """
    values = widen(x)
    t = multiply(add(values, -greatest(values)[..., None]), multiply(scale, LOG2E))
    factor = reciprocal(total(power_of_two(t, ONE), lanes))
    return narrow(power_of_two(t, factor[..., None]))


def layernorm(x: Bits, gamma: Bits, beta: Bits, epsilon: float = 1e-5, lanes: int = 32) -> Bits:
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` over the last axis."""
    values = widen(x)
    share = np.float32(1 / x.shape[-1])
    mean = multiply(total(values, lanes), share)
    centred = add(values, -mean[..., None])
    return narrow(add(_normalise(centred, epsilon, widen(gamma), lanes), widen(beta)))


def rmsnorm(x: Bits, gamma: Bits, epsilon: float = 1e-5, lanes: int = 32) -> Bits:
    """``x / sqrt(mean square + epsilon) * gamma`` over the last axis."""
    return narrow(_normalise(widen(x), epsilon, widen(gamma), lanes))


def _normalise(values: Floats, epsilon: float, gamma: Floats, lanes: int) -> Floats:
    """``values / sqrt(mean square + epsilon) * gamma``; epsilon is added to the sum, n times as large."""
    n = values.shape[-1]
    squares = total(multiply(values, values), lanes)
    mean_square = multiply(add(squares, np.float32(n * epsilon)), np.float32(1 / n))
    return multiply(multiply(values, rsqrt(mean_square)[..., None]), gamma)

"""Functions by range reduction, polynomials and one step of third order, in fp32 additions and multiplications.

Every step rounds once; see :mod:`sim_tb.golden.float.arithmetic`. All take and give fp32 numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim_tb.golden.float.arithmetic import Float, Floats, add, bits, floats, flush, multiply

__all__ = [
    "LOG2E",
    "divide",
    "exp",
    "gelu",
    "gelue",
    "power_of_two",
    "reciprocal",
    "rectified",
    "rsqrt",
    "sigmoid",
    "silu",
    "split",
]

Integers = npt.NDArray[np.int64]


def constant(pattern: int) -> Float:
    """An fp32 number by its bits."""
    return np.float32(floats(np.array(pattern)))


ONE = np.float32(1)
LOG2E = constant(0x3FB8AA3B)
#: 2^f = EXP_SCALE * ((y + f + C) * y + D), where y = (f + A) * f + B: minimax on [-1/2, 1/2] in Knuth's form.
EXP_A, EXP_B, EXP_C, EXP_D = map(constant, (0x401AF9A5, 0x41FD97B1, 0xC23A512B, 0x44100B8B))
EXP_SCALE = constant(0x3C1CCBEB)
#: 1/h = 2 (h^2 + A h + B) near h = 0.794, where the start of the reciprocal puts it.
RECIPROCAL_START, RECIPROCAL_A, RECIPROCAL_B = 198, constant(0xC0186B70), constant(0x3FF1F380)
#: 1/sqrt(q) = (q^2 + A q + B) / 8 near q = 1.55.
RSQRT_START, RSQRT_A, RSQRT_B = 157, constant(0xC0A5A916), constant(0x4140C257)
#: GELU in its tanh form is x / (1 + 2^t), t = B * x * (x^2 + A): A = 1/0.044715, B = -2 log2(e) sqrt(2/pi) / A.
GELU_A, GELU_B = constant(0x41B2E92F), constant(0xBDD2D3E8)
#: GELU with the error function is near x / (1 + 2^t), t = C * x * (u^2 + B), where u = x * (x^2 + A).
GELUE_A, GELUE_B, GELUE_C = map(constant, (0xC34C999A, 0x495C0F40, 0xB62B51E2))
#: Exponents of two that stand for a factor of infinity and of zero.
INFINITE, ZERO = 511, -512


def split(t: Floats) -> tuple[Integers, Floats]:
    """The integer nearest to ``t`` (halves away from zero), and the exact rest, +0 where there is none.

    From 2^8 on the integer is infinite in effect, and the rest is zero. NaN: zero and NaN.
    """
    t = flush(t)
    magnitude = np.minimum(np.abs(np.where(np.isnan(t), 0, t)), 256).astype(np.float64)
    sign = np.where(np.signbit(t), -1, 1)
    whole = np.floor(magnitude + 0.5)
    far = np.abs(t) >= 256
    rest = np.where(far, 0.0, sign * (magnitude - whole)) + 0.0
    integer = np.where(far, np.where(sign > 0, INFINITE, ZERO), (sign * whole).astype(np.int64))
    return integer, np.where(np.isnan(t), t, rest.astype(np.float32))


def power_of_two(t: Floats, scale: Floats | Float = EXP_SCALE) -> Floats:
    """``2**t * scale / EXP_SCALE``."""
    integer, f = split(t)
    y = add(multiply(add(f, EXP_A), f), EXP_B)
    z = add(multiply(add(y, add(f, EXP_C)), y), EXP_D)
    return multiply(z, scale, integer)


def exp(x: Floats, log2_base: Float = LOG2E) -> Floats:
    """``e**x``; with another ``log2_base`` the power of another base."""
    return power_of_two(multiply(x, log2_base))


def start(code: Integers) -> Floats:
    """The number of an 8-bit start value: an exponent of 2^-1 or 2^0, and 7 bits of fraction."""
    return floats((code + (126 << 7)).astype(np.uint32) << np.uint32(16))


def divide(x: Floats | Float, d: Floats) -> Floats:
    """``x / d``, where x is a bf16 number."""
    pattern = bits(flush(d)).astype(np.int64)
    exponent, fraction = (pattern >> 23) & 0xFF, pattern & 0x7FFFFF
    y = start(RECIPROCAL_START - (fraction >> 16))
    m = np.where(np.isnan(d), d, floats(fraction | 126 << 23))  # in [1/2, 1)
    power = np.where(exponent == 0, INFINITE, np.where(exponent == 255, ZERO, 127 - exponent))
    h = multiply(m, y)
    p = add(multiply(add(h, RECIPROCAL_A), h), RECIPROCAL_B)
    return multiply(multiply(p, x), np.where(pattern >> 31, -y, y), power)


def reciprocal(d: Floats) -> Floats:
    """``1 / d``."""
    return divide(ONE, d)


def rsqrt(v: Floats) -> Floats:
    """``1 / sqrt(v)``; NaN for negative numbers, and an infinity of its sign for a zero."""
    pattern = bits(flush(v)).astype(np.int64)
    exponent, fraction = (pattern >> 23) & 0xFF, pattern & 0x7FFFFF
    odd = (exponent + 1) & 1
    y = start(RSQRT_START - (odd << 6) - (fraction >> 17))
    m = floats(fraction | (127 + odd) << 23)  # in [1, 4)
    m = np.where(np.isnan(v) | (np.asarray(v) <= -(2.0**-126)), np.float32(np.nan), m)
    power = np.where(exponent == 0, INFINITE, np.where(exponent == 255, ZERO, -3 - ((exponent - 127 - odd) >> 1)))
    q = multiply(multiply(m, y), y)
    p = add(multiply(add(q, RSQRT_A), q), RSQRT_B)
    return multiply(p, np.where(pattern >> 31, -y, y), power)


def silu(x: Floats) -> Floats:
    """``x / (1 + exp(-x))``, where x is a bf16 number. NaN for minus infinity, as infinity times zero is."""
    return divide(x, add(exp(x, -LOG2E), ONE))


def sigmoid(x: Floats) -> Floats:
    """``1 / (1 + exp(-x))``."""
    return divide(ONE, add(exp(x, -LOG2E), ONE))


def gelu(x: Floats) -> Floats:
    """``x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) / 2``, where x is a bf16 number. NaN for minus infinity."""
    t = multiply(multiply(add(multiply(x, x), GELU_A), x), GELU_B)
    return divide(x, add(power_of_two(t), ONE))


def gelue(x: Floats) -> Floats:
    """``x * (1 + erf(x / sqrt(2))) / 2``, where x is a bf16 number. NaN for minus infinity."""
    u = multiply(add(multiply(x, x), GELUE_A), x)
    t = multiply(multiply(add(multiply(u, u), GELUE_B), x), GELUE_C)
    return divide(x, add(power_of_two(t), ONE))


def rectified(x: Floats) -> Floats:
    """``x`` where it is above zero or NaN, and +0 elsewhere."""
    x = flush(x)
    return np.where(np.isnan(x) | (x > 0), x, np.float32(0))

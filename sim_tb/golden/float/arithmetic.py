"""Additions and multiplications as the PIM controller does them: one rounding a step, no subnormal numbers.

Arrays of ``float32`` hold fp32 numbers, arrays of ``uint16`` the bits of bf16 numbers. A subnormal operand counts as a
zero of its sign, and a result below 2^-126 becomes one. Whether a product is below that is decided after rounding it
to 24 bits as if the exponent had no end; a sum that small is exact anyway.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bits", "Floats", "add", "bits", "floats", "flush", "maximum", "multiply", "narrow", "widen"]

#: fp32 numbers; a single one is a NumPy scalar.
Floats = npt.NDArray[np.float32]
Float = np.float32
#: Bit patterns of fp32 (``uint32``) or bf16 (``uint16``) numbers.
Bits = npt.NDArray[Any]

SMALLEST = np.float32(2.0**-126)
#: Powers of two beyond these make any product overflow or vanish: they count as infinity and zero.
SCALE_MIN, SCALE_MAX = -256, 255


def flush(x: Floats | Float) -> Floats:
    """Subnormal numbers become zeros of their sign."""
    return np.where(np.abs(x) < SMALLEST, np.copysign(np.float32(0), x), x).astype(np.float32)


def bits(x: Floats) -> Bits:
    """The bits of fp32 numbers; every NaN is 0x7FC00000."""
    return np.where(np.isnan(x), np.uint32(0x7FC00000), x.view(np.uint32)).astype(np.uint32)


def floats(patterns: Bits) -> Floats:
    """The fp32 numbers with these bits."""
    numbers: Floats = np.asarray(patterns).astype(np.uint32).view(np.float32)
    return numbers


def widen(x: Bits) -> Floats:
    """Bf16 to fp32: exact. Every NaN is the quiet one."""
    return floats(bits(floats(np.asarray(x).astype(np.uint32) << np.uint32(16))))


def narrow(x: Floats) -> Bits:
    """Fp32 to bf16: round to nearest even. Every NaN is 0x7FC0."""
    pattern = bits(flush(x)).astype(np.uint64)
    kept, lost = pattern >> np.uint64(16), pattern & np.uint64(0xFFFF)
    up = (lost > 0x8000) | ((lost == 0x8000) & (kept % 2 == 1))
    return np.asarray(kept + up, np.uint16)


def add(x: Floats | Float, y: Floats | Float) -> Floats:
    """``x + y``, rounded to nearest even."""
    with np.errstate(over="ignore", invalid="ignore"):
        return flush(flush(x) + flush(y))


def multiply(x: Floats | Float, y: Floats | Float, power: npt.NDArray[np.int64] | int = 0) -> Floats:
    """``x * y * 2**power``, rounded to nearest even once, whatever the range of ``x * y``.

    A ``power`` above 255 is infinite, one below -256 makes a factor of zero.
    """
    power = np.asarray(power)
    with np.errstate(over="ignore", invalid="ignore"):
        # 24 by 24 bits are exact in float64, and so is the product's fraction, rounded to 24 bits.
        product = flush(x).astype(np.float64) * flush(y).astype(np.float64)
        fraction, exponent = np.frexp(product)
        rounded = np.ldexp(np.rint(fraction * 2.0**24), exponent - 24 + np.clip(power, SCALE_MIN, SCALE_MAX))
        factor = np.where(power > SCALE_MAX, np.inf, np.where(power < SCALE_MIN, 0.0, 1.0))
        rounded = rounded * factor
        small = np.abs(rounded) < 2.0**-126
        result: Floats = np.where(small, np.copysign(0.0, rounded), rounded).astype(np.float32)
        return result


def maximum(x: Floats, y: Floats) -> Floats:
    """The greater one; NaN if either is, and +0 of zeros of either sign."""
    x, y = flush(x), flush(y)
    greater = np.where(x > y, x, y)
    greater = np.where(greater == 0, np.float32(0), greater)
    return np.where(np.isnan(x) | np.isnan(y), np.float32(np.nan), greater)

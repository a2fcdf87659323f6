"""Vectors as integers of 8 bits with a common scale, a power of two."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim_tb.golden.float import flush, narrow, widen
from sim_tb.golden.pim.device import Elements

__all__ = ["packed", "quantised"]

Integers = npt.NDArray[np.int8]
#: The greatest magnitude of an integer.
MOST = 127
#: Exponent of the least scale, as scales are no subnormal numbers.
LEAST = -126
#: Bits of a bf16 number that is no number.
NAN = 0x7FC0


def quantised(a: Elements) -> tuple[Integers, int]:
    """The integers, and the scale as the bits of a bf16 number.

    The scale is the greatest power of two with which the greatest magnitude is at least 64, or 2^-126 where that is
    less; integers are the nearest, ties to even, and at most 127 in magnitude.

    Parameters
    ----------
    a : uint16 array of shape (n,)
        Bf16 numbers as their bits, at least one.
    """
    values = flush(widen(a)).astype(np.float64)
    if not np.isfinite(values).all():
        return np.zeros(len(a), np.int8), NAN
    greatest = float(np.abs(values).max())
    exponent = max(math.frexp(greatest)[1] - 7, LEAST) if greatest else LEAST
    integers = np.clip(np.rint(np.ldexp(values, -exponent)), -MOST, MOST).astype(np.int8)
    return integers, int(narrow(np.array([2.0**exponent], np.float32))[0])


def packed(integers: Integers) -> Elements:
    """Integers two in place of a bf16 number, the first one in its lower half; after an odd one there is a zero."""
    lower, upper = (np.zeros(-(-len(integers) // 2), np.uint16) for _ in range(2))
    lower[:] = integers[::2].view(np.uint8)
    upper[: len(integers) // 2] = integers[1::2].view(np.uint8)
    return (lower | upper << 8).astype(np.uint16)

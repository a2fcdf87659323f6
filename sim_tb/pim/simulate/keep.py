"""SKEEP, the one instruction whose registers may say where others go on."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

__all__ = ["kept"]


def kept(scalars: Sequence[int | None], best: int, other: int, origin: int) -> tuple[int | None, int | None]:
    """A pair of registers after SKEEP.

    Parameters
    ----------
    scalars : sequence of int or None
        The scalar registers, as bits; None where the number isn't known, and the pair isn't either then.
    best, other : int
        The first register of the pair, and that of the pair to compare it with.
    origin : int
        What is added to the place of the other one.
    """
    left, right = scalars[best], scalars[other]
    if left is None or right is None:
        return None, None
    first, second = _number(left), _number(right)
    if not (second > first or (math.isnan(second) and not math.isnan(first))):
        return left, scalars[best + 1]
    place = scalars[other + 1]
    return right, None if place is None else (place + origin) % (1 << 32)


def _number(bits: int) -> float:
    """A single-precision number; subnormal ones are zero."""
    if not bits >> 23 & 0xFF:
        return 0.0
    found: float = struct.unpack("<f", struct.pack("<I", bits))[0]
    return found

"""Wires of digits as integers and back, whatever the encoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdl.arith.digits import Encoding

__all__ = ["pack", "unpack", "value"]

Integers = NDArray[np.int64]


def unpack(encoding: Encoding, wires: ArrayLike) -> Integers:
    """The digits that wires stand for, lowest first, in a new last axis. Each must be well formed."""
    rest = np.asarray(wires, dtype=np.int64)
    digits = []
    for fields in encoding.fields:
        wire = {field: rest >> i & 1 for i, field in enumerate(fields)}
        rest = rest >> len(fields)
        if "minus" in wire:
            wire["one"] = wire["neg"] = wire["minus"]
        one, two, neg = (wire.get(field, np.zeros_like(rest)) for field in ("one", "two", "neg"))
        assert not (one & two).any(), "a magnitude is one-hot"
        assert not (neg & ~(one | two)).any(), "zero is not negative"
        digits.append((one + 2 * two) * (1 - 2 * neg))
    assert not rest.any(), "there are no other wires"
    return np.stack(digits, axis=-1)


def pack(encoding: Encoding, digits: ArrayLike) -> Integers:
    """The wires of digits, from the last axis. Each digit must be one that its wires can say."""
    planes = np.moveaxis(np.asarray(digits, dtype=np.int64), -1, 0)
    wires = np.zeros(planes.shape[1:], dtype=np.int64)
    place = 0
    for fields, digit in zip(encoding.fields, planes, strict=True):
        wire = {"one": abs(digit) == 1, "two": abs(digit) == 2, "neg": digit < 0}
        if "minus" in fields:
            wire = {"minus": digit == -1, "plus": digit == 1}
        assert not any(bits.any() for field, bits in wire.items() if field not in fields), fields
        for field in fields:
            wires |= wire[field].astype(np.int64) << place
            place += 1
    return wires


def value(encoding: Encoding, digits: Integers) -> Integers:
    """What digits, in the last axis, are worth."""
    weights = 1 << encoding.digit_bits * np.arange(encoding.digits)
    return digits @ weights

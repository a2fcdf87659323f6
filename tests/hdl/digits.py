"""Digits of the hardware as integers and back, independent of the encoders."""

from __future__ import annotations

from hdl.arith.digits import Encoding

__all__ = ["pack", "unpack"]


def unpack(encoding: Encoding, wires: int) -> list[int]:
    """The digits that so many wires stand for, lowest first; each must be well formed."""
    digits = []
    for fields in encoding.fields:
        wire = {field: wires >> i & 1 for i, field in enumerate(fields)}
        wires >>= len(fields)
        one, two = wire.get("one", wire.get("minus", 0)), wire.get("two", 0)
        neg = wire.get("neg", wire.get("minus", 0))
        assert not (one and two), "a magnitude is one-hot"
        assert not neg or one or two, "zero is not negative"
        digits.append((one + 2 * two) * (-1 if neg else 1))
    assert not wires, "no other wires"
    return digits


def pack(encoding: Encoding, digits: list[int]) -> int:
    """The wires of digits; each must be able to take its value."""
    wires = place = 0
    for fields, digit in zip(encoding.fields, digits, strict=True):
        wire = {"one": abs(digit) == 1, "two": abs(digit) == 2, "neg": digit < 0}
        if "minus" in fields:
            wire = {"minus": digit == -1, "plus": digit == 1}
        assert all(field in fields for field, value in wire.items() if value), f"{digit} in {fields}"
        for field in fields:
            wires |= wire[field] << place
            place += 1
    return wires

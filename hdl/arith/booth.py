"""Modified Booth recoding, radix 4: an operand as digits in {-2, -1, 0, 1, 2}.

Source: O. L. MacSorley, "High-speed arithmetic in binary computers", 1961.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params import OperandFormat

__all__ = ["BoothRecoder", "Digit", "booth_bits", "booth_digits", "booth_fields", "recode", "split"]


@dataclass(frozen=True)
class Digit:
    """A digit: its magnitude one-hot, and its sign; None where the digit never takes that value.

    A zero digit is never negative.
    """

    one: Value
    two: Value | None
    neg: Value | None


def booth_digits(operand: OperandFormat) -> int:
    """Digits that represent every value of ``operand``: an unsigned one needs room for its positive sign."""
    return -(-operand.width // 2) if operand.signed else operand.width // 2 + 1


def booth_fields(operand: OperandFormat) -> list[tuple[str, ...]]:
    """The wires of each digit. The highest digit of an unsigned operand is 0, 1 or, at odd widths, 2."""
    fields: list[tuple[str, ...]] = [("one", "two", "neg")] * booth_digits(operand)
    if not operand.signed:
        fields[-1] = ("one", "two") if operand.width % 2 else ("one",)
    return fields


def booth_bits(operand: OperandFormat) -> int:
    """Wires of all digits."""
    return sum(map(len, booth_fields(operand)))


def recode(value: Value, operand: OperandFormat) -> Value:
    """The wires of the digits of ``value``, the lowest digit's first; see :func:`split`."""
    sign = value[-1] if operand.signed else Const(0, 1)
    bits = Cat(Const(0, 1), value, sign, sign)
    wires: list[Value] = []
    for i, fields in enumerate(booth_fields(operand)):
        low, mid, high = bits[2 * i], bits[2 * i + 1], bits[2 * i + 2]
        if "neg" in fields:
            wires += [mid ^ low, (high & ~mid & ~low) | (~high & mid & low), high & ~(mid & low)]
        elif "two" in fields:
            wires += [mid ^ low, mid & low]
        else:
            wires.append(low)
    return Cat(wires)


def split(digits: Value, operand: OperandFormat) -> list[Digit]:
    """The digits, of weight 4**i, that :func:`recode` gives."""
    result, place = [], 0
    for fields in booth_fields(operand):
        wires = {field: digits[place + i] for i, field in enumerate(fields)}
        result.append(Digit(wires["one"], wires.get("two"), wires.get("neg")))
        place += len(fields)
    return result


class BoothRecoder(Part):
    """Recode one operand. Combinational.

    Parameters
    ----------
    operand : OperandFormat

    Members
    -------
    value : In(operand.width)
    digits : Out(booth_bits(operand))
        See :func:`split`.
    """

    module = "recode"
    clocked = False

    def __init__(self, operand: OperandFormat) -> None:
        self.operand = operand
        super().__init__({"value": In(operand.width), "digits": Out(booth_bits(operand))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.digits.eq(recode(self.value, self.operand))
        return m

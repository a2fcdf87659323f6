"""Modified Booth recoding, radix 4: an operand as digits in {-2, -1, 0, 1, 2}.

Source: research on bit-weight tensor engines, modified Booth truth table (O. L. MacSorley, 1961).
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params import OperandFormat

__all__ = ["BITS_PER_DIGIT", "BoothRecoder", "booth_digits"]

#: A digit travels as (one, two, neg): its magnitude one-hot, and its sign.
BITS_PER_DIGIT = 3


def booth_digits(operand: OperandFormat) -> int:
    """Digits that represent every value of ``operand``: an unsigned one needs room for its positive sign."""
    return -(-operand.width // 2) if operand.signed else operand.width // 2 + 1


class BoothRecoder(Part):
    """Recode one operand. Combinational.

    Parameters
    ----------
    operand : OperandFormat

    Members
    -------
    value : In(operand.width)
    digits : Out(3 * booth_digits(operand))
        Digit i, of weight 4**i, in bits 3i (magnitude is one), 3i + 1 (magnitude is two), 3i + 2 (negative). A zero
        digit is never negative.
    """

    module = "recode"
    clocked = False

    def __init__(self, operand: OperandFormat) -> None:
        self.operand = operand
        self.count = booth_digits(operand)
        super().__init__({"value": In(operand.width), "digits": Out(BITS_PER_DIGIT * self.count)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sign = self.value[-1] if self.operand.signed else Const(0, 1)
        bits = Cat(Const(0, 1), self.value, sign, sign)
        for i in range(self.count):
            low, mid, high = bits[2 * i], bits[2 * i + 1], bits[2 * i + 2]
            one = mid ^ low
            two = (high & ~mid & ~low) | (~high & mid & low)
            neg = high & ~(mid & low)
            m.d.comb += self.digits[BITS_PER_DIGIT * i : BITS_PER_DIGIT * (i + 1)].eq(Cat(one, two, neg))
        return m

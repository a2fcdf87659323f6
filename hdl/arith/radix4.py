"""Encoders to radix-4 digits in {-2, -1, 0, 1, 2}: modified Booth, EN-T, and pairs of digits of the non-adjacent form.

All three are one rule. Two bits of the operand and the carry from below are 0 to 4. Of these, 3 is written as -1 and 4
as 0, each with a carry of 1 into the next digit; 2 is either 2, or -2 with a carry. Here alone they differ: such a
digit is negative where

- Booth: the higher of the two bits is set. The carry is that bit in every case, so that no chain arises.
- EN-T: the operand is negative. All digits but -1 (and 1, its negative) then have the operand's sign, which makes them
  the digits of the magnitude, in {-1, 0, 1, 2}, with the sign given to each; yet nothing is ever negated.
- NAF: the next higher bit is set. A carry is then taken where it ends a run of ones, which gives the non-adjacent form,
  known as 3x xor x, in pairs of digits: as few digits as can be that are not zero.

Sources: O. L. MacSorley, "High-speed arithmetic in binary computers", 1961 (Booth); Wu et al., HPCA 2025 (EN-T);
G. W. Reitwiesner, "Binary arithmetic", 1960 (NAF).
"""

from __future__ import annotations

from abc import abstractmethod

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.arith.digits import Encoding
from hdl.params import OperandFormat

__all__ = ["Booth", "EnT", "Naf"]


class Radix4(Encoding):
    """Digits of two bits each. An unsigned operand has room for the carry of its highest bits."""

    digit_bits = 2

    def __init__(self, operand: OperandFormat) -> None:
        super().__init__(operand)
        odd = operand.width % 2
        digits = -(-operand.width // 2) if operand.signed else operand.width // 2 + 1
        self.fields: list[tuple[str, ...]] = [("one", "two", "neg")] * digits
        # The highest digit of an odd signed operand is its sign and a carry; an unsigned one is 0, 1 or, if odd, 2.
        if operand.signed and odd:
            self.fields[-1] = ("one", "neg")
        elif not operand.signed:
            self.fields[-1] = ("one", "two") if odd else ("one",)

    def extended(self, value: Value) -> Value:
        """Two bits of the operand for every digit, and one more."""
        sign = value[-1] if self.operand.signed else Const(0, 1)
        return Cat(value, sign.replicate(2 * self.digits + 1 - len(value)))


class Booth(Radix4):
    """Modified Booth: digit i is x[2i-1] + x[2i] - 2 x[2i+1]."""

    def recode(self, m: Module, value: Value, name: str = "") -> Value:
        bits = Cat(Const(0, 1), self.extended(value))
        wires: list[Value] = []
        for i, fields in enumerate(self.fields):
            low, mid, high = bits[2 * i], bits[2 * i + 1], bits[2 * i + 2]
            if fields == ("one", "two", "neg"):
                wires += [mid ^ low, (high & ~mid & ~low) | (~high & mid & low), high & ~(mid & low)]
            elif fields == ("one", "neg"):
                wires += [mid ^ low, high & ~low]
            elif fields == ("one", "two"):
                wires += [mid ^ low, mid & low]
            else:
                wires.append(low)
        return Cat(wires)


class _Chained(Radix4):
    """Encoders whose carry depends on all bits below."""

    @abstractmethod
    def negative_two(self, bits: Value) -> Value:
        """For each digit: -2 is written with a carry, instead of 2; ``bits`` as of :meth:`extended`."""

    def recode(self, m: Module, value: Value, name: str = "") -> Value:
        bits = self.extended(value)
        mid, high, turn = bits[:-1:2], bits[1::2], self.negative_two(bits)
        carry: list[Value] = [Const(0, 1)]
        for i in range(self.digits - 1):
            carry.append(Signal(name=f"carry{name}{i + 1}"))
            # Two bits and the carry from below are 3 or more, or they are 2 and written as -2.
            any_set, all_set = mid[i] | carry[i] | turn[i], mid[i] & carry[i] & turn[i]
            m.d.comb += carry[i + 1].eq(Mux(high[i], any_set, all_set))
        kinds = ("one", "two", "neg")
        one, two, neg = words = [Signal(self.digits, name=f"{kind}{name}") for kind in kinds]
        m.d.comb += [
            one.eq(mid ^ Cat(carry)),
            two.eq((high ^ mid) & ~one),
            neg.eq((one & high) | (two & turn)),
        ]
        wires = dict(zip(kinds, words, strict=True))
        return Cat(wires[field][i] for i, fields in enumerate(self.fields) for field in fields)


class EnT(_Chained):
    """EN-T: the magnitude in digits -1, 0, 1 and 2, each with the sign of the operand."""

    def negative_two(self, bits: Value) -> Value:
        return bits[-1].replicate(self.digits)


class Naf(_Chained):
    """The non-adjacent form in pairs of digits: the fewest digits that are not zero."""

    def negative_two(self, bits: Value) -> Value:
        return bits[2::2]

"""Numbers whose subnormal ones count, in a format that has a bit of exponent more and so no subnormal ones."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields, normalise
from hdl.arith.float.format import FloatFormat
from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Widen"]


class Widen(Part):
    """The same number with one more bit of exponent; every NaN is the format's. Combinational.

    It stands where operands enter an array, so that no PE has to look for the first one of a significand.

    Parameters
    ----------
    narrow : FloatFormat
        The format of ``value``, as IEEE 754 has it: with subnormal numbers.

    Attributes
    ----------
    form : FloatFormat
        The format of ``o``.

    Members
    -------
    value : In(narrow.width)
    o : Out(form.width)
    """

    role = roles.RECODE
    clocked = False

    def __init__(self, narrow: FloatFormat) -> None:
        self.narrow = narrow
        self.form = FloatFormat(narrow.exponent + 1, narrow.significand)
        self.module = f"widen_{narrow}"
        super().__init__({"value": In(narrow.width), "o": Out(self.form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        narrow, form = self.narrow, self.form
        x = Fields(m, self.value, narrow, "x")
        shift = form.bias - narrow.bias
        steps = [1 << i for i in reversed(range((narrow.significand - 1).bit_length()))]
        shifted, taken = normalise(m, Cat(x.fraction, Const(0, 1)), steps, "x")
        places = Cat(reversed(taken))
        exponent = Signal(form.exponent)
        fraction = Signal(form.fraction)
        with m.If(x.infinite | x.nan):
            m.d.comb += [exponent.eq(form.special), fraction.eq(Mux(x.nan, 1 << (form.fraction - 1), 0))]
        with m.Elif(x.zero):
            m.d.comb += [exponent.eq(Mux(shifted[-1], shift + 1 - places, 0)), fraction.eq(shifted[:-1])]
        with m.Else():
            m.d.comb += [exponent.eq(x.exponent + shift), fraction.eq(x.fraction)]
        m.d.comb += self.o.eq(Cat(fraction, exponent, x.sign))
        return m

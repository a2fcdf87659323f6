"""The exact product of two short numbers, for a sum that has room for it."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import propagate
from hdl.arith.float.fields import Fields
from hdl.arith.float.format import FP32, FloatFormat
from hdl.arith.float.multiply import MULTIPLIERS
from hdl.arith.float.significands import product_heap
from hdl.lib.shared import Part
from hdl.params import ConfigError, Problem, near_name

__all__ = ["Product"]


class Product(Part):
    """``o = x * y`` with all bits of the significands' product, in the exponents of another format. Combinational.

    See :mod:`hdl.arith.float.format` for what all units have in common: nothing is rounded here, so that only a product
    outside of the range of these exponents becomes an infinity or a zero. Infinity times zero is NaN. A zero, an
    infinity and a NaN have no other bits than those which say so, as :class:`hdl.arith.float.sum.Sum` takes them; the
    sign of a NaN is any.

    Parameters
    ----------
    x : FloatFormat
        Format of both operands.
    wide : FloatFormat
        Its exponents are those of the product, with at least as many bits as those of the operands.
    multiplier : str
        ``fused`` (Booth partial products) or ``inferred`` (the operator ``*``, left to synthesis).

    Attributes
    ----------
    form : FloatFormat
        The format of the product.

    Members
    -------
    x, y : In(x.width)
    o : Out(form.width)

    Raises
    ------
    ConfigError
        If the exponents don't fit, or there is no such multiplier.
    """

    clocked = False

    def __init__(self, x: FloatFormat, wide: FloatFormat = FP32, multiplier: str = "fused") -> None:
        problems = []
        if x.exponent > wide.exponent:
            problems.append(Problem("float.product", f"the exponents of {wide} have fewer bits than those of {x}"))
        if multiplier not in MULTIPLIERS:
            names = " or ".join(MULTIPLIERS)
            hint = near_name(multiplier, MULTIPLIERS)
            problems.append(Problem("float.multiplier", f"must be {names}, not {multiplier!r}", hint))
        if problems:
            raise ConfigError(problems)
        self.operand = x
        self.form = FloatFormat(wide.exponent, 2 * x.significand)
        self.multiplier = multiplier
        self.module = f"product_{x}_{self.form}_{multiplier}"
        super().__init__({"x": In(x.width), "y": In(x.width), "o": Out(self.form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        form, operand = self.form, self.operand
        x, y = Fields(m, self.x, operand, "x"), Fields(m, self.y, operand, "y")
        product = Signal(2 * operand.significand)
        # The hidden bits are ones: the product of a zero is not looked at.
        factors = Cat(x.fraction, Const(1, 1)), Cat(y.fraction, Const(1, 1))
        if self.multiplier == "fused":
            m.d.comb += product.eq(propagate(m, product_heap(m, *factors)))
        else:
            m.d.comb += product.eq(factors[0] * factors[1])
        carry = product[-1]  # it lies in [1, 4)
        # The sum of the exponents with and without the carry, of which one is chosen when that is there.
        bias = form.bias - 2 * operand.bias
        reach = range(2 + bias, 2 * operand.special + bias)
        exponent = [Signal(range(min(reach.start, 0), reach.stop), name=f"exponent{i}") for i in range(2)]
        m.d.comb += [each.eq(x.exponent + y.exponent + (bias + i)) for i, each in enumerate(exponent)]
        chosen = Signal(form.exponent)
        small = Signal(name="underflows")
        large = Signal(name="overflows")
        m.d.comb += chosen.eq(Mux(carry, exponent[1][: form.exponent], exponent[0][: form.exponent]))
        if reach.start < 1:
            m.d.comb += small.eq(Mux(carry, exponent[1] < 1, exponent[0] < 1))
        if reach.stop > form.special:
            m.d.comb += large.eq(Mux(carry, exponent[1] >= form.special, exponent[0] >= form.special))
        fraction = Signal(form.fraction)
        m.d.comb += fraction.eq(Mux(carry, product[:-1], Cat(Const(0, 1), product[:-2])))
        infinite, zero = x.infinite | y.infinite, x.zero | y.zero
        nan = Signal()
        special = Signal()
        nothing = Signal()
        m.d.comb += [
            nan.eq(x.nan | y.nan | (infinite & zero)),
            special.eq(nan | infinite | (large & ~zero)),
            nothing.eq(zero | small),
        ]
        number = Signal(form.width - 1)
        m.d.comb += number.eq(Mux(special, Mux(nan, form.nan, form.infinity), Mux(nothing, 0, Cat(fraction, chosen))))
        m.d.comb += self.o.eq(Cat(number, x.sign ^ y.sign))
        return m

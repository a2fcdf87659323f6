"""A sum in a single step: a near path for what cancels, a far path for all else."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import normalise, round_up, shift_right
from hdl.arith.float.format import FP32, FloatFormat
from hdl.lib.shared import Part
from hdl.params import ConfigError, Problem

__all__ = ["Sum"]

#: Bits below the significand: guard, round and sticky.
BELOW = 3


class _Number:
    """The parts of an addend, its significand as wide as the sum's."""

    def __init__(self, m: Module, number: Value, form: FloatFormat, width: int, name: str) -> None:
        self.sign = number[-1]
        self.exponent = number[form.fraction : -1]
        fraction = Cat(Const(0, width - form.significand), number[: form.fraction])
        self.significand = Signal(width, name=f"{name}_significand")
        special = Signal(name=f"{name}_special")
        m.d.comb += [
            self.significand.eq(Cat(fraction, self.exponent.any())),
            special.eq(self.exponent.all()),
        ]
        self.special = special
        self.nan = special & number[form.fraction - 1]


class Sum(Part):
    """``o = x + y``, rounded to nearest even. Combinational, and made to be short: a sum waits for itself.

    It differs from :class:`hdl.arith.float.add.Adder`, which is smaller and takes several steps: every sum of zero is
    +0, as is one below the least normal number, so that adding any zero to a sum changes nothing. Zeros, infinities and
    NaN have no bits but those which say so: a fraction of zero, or its highest bit alone. An infinity less itself is
    NaN.

    Subtraction of numbers whose exponents differ by one at most may cancel any number of bits, but then needs no
    rounding: the near path. All else moves by one place at most: the far path. Both work at once.

    Parameters
    ----------
    x, y : FloatFormat
        Formats of the addends.
    form : FloatFormat
        Format of the sum: exponents as those of the addends, and no fewer bits of significand than either has.

    Members
    -------
    x, y : In(x.width), In(y.width)
    o : Out(form.width)

    Raises
    ------
    ConfigError
        If the formats don't fit each other.
    """

    clocked = False

    def __init__(self, x: FloatFormat = FP32, y: FloatFormat = FP32, form: FloatFormat = FP32) -> None:
        if not x.exponent == y.exponent == form.exponent or form.significand < max(x.significand, y.significand):
            raise ConfigError([Problem("float.sum", f"{x} and {y} are not of the exponents of {form}, or longer")])
        self.x_form = x
        self.y_form = y
        self.form = form
        self.module = f"sum_{x}_{y}_{form}"
        super().__init__({"x": In(x.width), "y": In(y.width), "o": Out(form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        form = self.form
        x = _Number(m, self.x, self.x_form, form.significand, "x")
        y = _Number(m, self.y, self.y_form, form.significand, "y")
        subtract = Signal()
        ahead = Signal(form.exponent + 1)
        behind = Signal(form.exponent + 1)
        m.d.comb += [
            subtract.eq(x.sign ^ y.sign),
            ahead.eq(x.exponent - y.exponent),
            behind.eq(y.exponent - x.exponent),
        ]
        less = ahead[-1]
        close = ~ahead[1:].any() | ahead.all()
        near, near_number = self._near(m, x, y)
        far_number, overflow = self._far(m, x, y, subtract, less, Mux(less, behind, ahead)[: form.exponent])
        takes_near = Signal()
        nan = Signal()
        infinite = Signal()
        m.d.comb += [
            takes_near.eq(subtract & close & near),
            nan.eq(x.nan | y.nan | (x.special & y.special & subtract)),
            infinite.eq(x.special | y.special | (overflow & ~takes_near)),
        ]
        number = Signal(form.width)
        zero = Signal()
        m.d.comb += [
            number.eq(Mux(takes_near, near_number, far_number)),
            # An infinite addend is the sum's sign; both paths keep the greater one's where exponents differ.
            zero.eq(~number[form.fraction : -1].any()),
            self.o.eq(
                Mux(
                    nan,
                    form.nan,
                    Mux(
                        infinite,
                        Cat(Const(form.infinity, form.width - 1), number[-1]),
                        Mux(zero, 0, number),
                    ),
                )
            ),
        ]
        return m

    def _near(self, m: Module, x: _Number, y: _Number) -> tuple[Value, Value]:
        """The difference where exponents differ by one at most: whether it is exact, and the number."""
        form = self.form
        apart = Signal(2)
        m.d.comb += apart.eq(x.exponent[:2] - y.exponent[:2])
        ahead, behind = apart == 1, apart == 3
        zero = Const(0, 1)
        own = Mux(behind, Cat(x.significand, zero), Cat(zero, x.significand))
        other = Mux(ahead, Cat(y.significand, zero), Cat(zero, y.significand))
        width = form.significand + 1
        less = Signal(width + 1)
        more = Signal(width + 1)
        m.d.comb += [more.eq(own - other), less.eq(other - own)]
        size = Signal(width, name="difference")
        negative = more[-1]
        m.d.comb += size.eq(Mux(negative, less[:-1], more[:-1]))
        steps = [1 << i for i in reversed(range((width - 1).bit_length()))]
        shifted, taken = normalise(m, size, steps, "difference")
        exponent = Signal(range(-width, 1 << form.exponent), name="near_exponent")
        m.d.comb += exponent.eq(Mux(behind, y.exponent, x.exponent) - Cat(reversed(taken)))
        nothing = ~shifted[-1] | exponent[-1]
        biased = Mux(nothing, 0, exponent[: form.exponent])
        return ~size[-1], Cat(shifted[1:-1], biased, x.sign ^ negative)

    def _far(
        self, m: Module, x: _Number, y: _Number, subtract: Value, less: Value, distance: Value
    ) -> tuple[Value, Value]:
        """The sum where at most one place is lost or gained, and whether it is beyond the range."""
        form = self.form
        width = form.significand
        big, small = Mux(less, y.significand, x.significand), Mux(less, x.significand, y.significand)
        aligned, sticky = shift_right(m, Cat(Const(0, BELOW - 1), small), distance, "aligned")
        addend = Cat(sticky, aligned)
        # The lowest bits carry a one in where the addend is taken away.
        total = Signal(width + BELOW + 2)
        inverted = addend ^ subtract.replicate(len(addend))
        m.d.comb += total.eq(Cat(Const(1, 1), Const(0, BELOW), big) + Cat(subtract, inverted))
        bits = total[1:]
        high, middle = bits[-1] & ~subtract, bits[-2]
        rounded = []
        for place in (BELOW + 1, BELOW, BELOW - 1):
            kept, below = bits[place : place + width], bits[:place]
            each = Signal(width + 1, name=f"rounded_{place}")
            m.d.comb += each.eq(kept + round_up(kept[0], below))
            rounded.append(each)
        found = Signal(width + 1)
        m.d.comb += found.eq(Mux(high, rounded[0], Mux(middle, rounded[1], rounded[2])))
        over = found[-1]
        base = Mux(less, y.exponent, x.exponent)
        exponents = [Signal(range(-1, (1 << form.exponent) + 2), name=f"exponent_{i}") for i in range(4)]
        m.d.comb += [each.eq(base + i - 1) for i, each in enumerate(exponents)]
        exponent = Signal.like(exponents[0], name="far_exponent")
        chosen = [Mux(over, exponents[i + 1], exponents[i]) for i in range(3)]
        m.d.comb += exponent.eq(Mux(high, chosen[2], Mux(middle, chosen[1], chosen[0])))
        overflow = ~exponent[-1] & (exponent[form.exponent] | exponent[: form.exponent].all())
        biased = Mux(exponent[-1], 0, exponent[: form.exponent])
        return Cat(found[: width - 1], biased, Mux(less, y.sign, x.sign)), overflow

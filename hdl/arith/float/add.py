"""A floating-point adder on one path: order, align, add, normalise, round."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields, Pipeline, check_latency, normalise, pack, round_up, shift_right
from hdl.arith.float.format import FP32, FloatFormat
from hdl.lib.shared import Part

__all__ = ["Adder"]

#: Bits below the significand: guard, round and sticky.
BELOW = 3


class Adder(Part):
    """``o = x + y``, rounded to nearest even; see :mod:`hdl.arith.float.format` for what all units have in common.

    x + (-x) is +0 and -0 + -0 is -0, so that adding -0 changes nothing. An infinity less itself is NaN.
    With ``plain`` every sum of zero is +0, so that adding any zero changes none of the sums.

    Parameters
    ----------
    form : FloatFormat
        Format of operands and sum. Bf16 operands enter an fp32 adder with 16 zeros below them.
    latency : int
        Steps from operands to sum, 1 to 4.
    plain : bool
        Zeros have no sign.

    Members
    -------
    en : In(latency)
        Bit i: what is in step i moves on; otherwise the registers behind that step keep what they hold.
    x, y : In(form.width)
    o : Out(form.width)
        ``latency`` steps later.

    Raises
    ------
    ConfigError
        If there is no such latency.
    """

    STAGES = 4

    def __init__(self, form: FloatFormat = FP32, latency: int = STAGES, *, plain: bool = False) -> None:
        check_latency("adder", latency, self.STAGES)
        self.form = form
        self.latency = latency
        self.plain = plain
        self.module = f"add_{form}_{latency}" + ("_plain" if plain else "")
        super().__init__({"en": In(latency), "x": In(form.width), "y": In(form.width), "o": Out(form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        form = self.form
        behind = Pipeline(m, self.en, self.STAGES, self.latency)
        width = form.significand + BELOW + 1
        steps = [1 << i for i in reversed(range((width - 1).bit_length()))]
        early = (len(steps) + 1) // 2 - 1  # steps of normalisation in the stage of the addition

        x, y = Fields(m, self.x, form, "x"), Fields(m, self.y, form, "y")
        swap = Signal()
        m.d.comb += swap.eq(self.x[:-1] < self.y[:-1])
        s1 = behind(
            1,
            sign=Mux(swap, y.sign, x.sign),
            exponent=Mux(swap, y.exponent, x.exponent),
            less=Mux(swap, x.exponent, y.exponent),
            big=Mux(swap, y.significand, x.significand),
            small=Mux(swap, x.significand, y.significand),
            both_minus=x.sign & y.sign,
            both_zero=x.zero & y.zero,
            subtract=x.sign ^ y.sign,
            infinite=x.infinite | y.infinite,
            nan=x.nan | y.nan | (x.infinite & y.infinite & (x.sign ^ y.sign)),
        )
        hidden = s1.small[-1]
        small = Cat(Const(0, BELOW - 1), s1.small[:-1] & hidden.replicate(form.fraction), hidden)
        distance = Signal(form.exponent)
        m.d.comb += distance.eq(s1.exponent - s1.less)
        aligned, sticky = shift_right(m, small, distance, "aligned")
        s2 = behind(
            2,
            sign=s1.sign,
            exponent=s1.exponent,
            big=s1.big,
            small=Cat(sticky, aligned),
            both_minus=s1.both_minus,
            both_zero=s1.both_zero,
            subtract=s1.subtract,
            infinite=s1.infinite,
            nan=s1.nan,
        )
        total = Signal(width)
        inverted = s2.small ^ s2.subtract.replicate(len(s2.small))
        m.d.comb += total.eq(Cat(Const(0, BELOW), s2.big) + Cat(inverted, s2.subtract) + s2.subtract)
        shifted, taken = normalise(m, total, steps[:early], "total")
        s3 = behind(
            3,
            sign=s2.sign,
            exponent=s2.exponent,
            total=shifted,
            taken=Cat(reversed(taken)),
            both_minus=s2.both_minus,
            both_zero=s2.both_zero,
            infinite=s2.infinite,
            nan=s2.nan,
        )
        shifted, late = normalise(m, s3.total, steps[early:], "sum")
        exponent = Signal(range(-width, 2 << form.exponent), name="exponent")
        m.d.comb += exponent.eq(s3.exponent + 1 - Cat(reversed(late), s3.taken))
        fraction, below = shifted[BELOW + 1 : -1], shifted[: BELOW + 1]
        nothing = ~shifted[-1] | s3.both_zero
        result: Value = pack(
            m,
            form,
            sign=s3.sign if self.plain else Mux(nothing, s3.both_minus, s3.sign),
            exponent=exponent,
            fraction=fraction,
            up=round_up(fraction[0], below),
            zero=nothing,
            infinite=s3.infinite,
            nan=s3.nan,
        )
        if self.plain:
            result = Cat(result[:-1], result[-1] & result[form.fraction : -1].any())
        s4 = behind(4, o=result)
        m.d.comb += self.o.eq(s4.o)
        return m

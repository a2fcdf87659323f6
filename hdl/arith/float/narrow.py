"""Conversion to a format of fewer significand bits. The other way needs no hardware: zeros below the number."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields, pack, round_up
from hdl.arith.float.format import BF16, FP32, FloatFormat
from hdl.lib.shared import Part
from hdl.params import ConfigError, Problem

__all__ = ["Narrow"]


class Narrow(Part):
    """Round to nearest even in one step.

    Parameters
    ----------
    wide, form : FloatFormat
        From and to; their exponents are equally wide.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(wide.width)
    o : Out(form.width)
        One step later.

    Raises
    ------
    ConfigError
        If ``form`` is not ``wide`` with fewer significand bits.
    """

    LATENCY = 1

    def __init__(self, wide: FloatFormat = FP32, form: FloatFormat = BF16) -> None:
        if wide.exponent != form.exponent or wide.significand <= form.significand:
            raise ConfigError([Problem("float.narrow", f"{wide} can't be narrowed to {form}")])
        self.wide = wide
        self.form = form
        self.module = f"narrow_{wide}_{form}"
        super().__init__({"en": In(1), "x": In(wide.width), "o": Out(form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        x = Fields(m, self.x, self.wide, "x")
        lost = self.wide.significand - self.form.significand
        fraction, below = x.fraction[lost:], x.fraction[:lost]
        o = Signal(self.form.width, name="result", reset_less=True)
        number = pack(
            m,
            self.form,
            sign=x.sign,
            exponent=Cat(x.exponent, Const(0, 2)),
            fraction=fraction,
            up=round_up(fraction[0], below),
            zero=x.zero,
            infinite=x.infinite,
            nan=x.nan,
        )
        with m.If(self.en):
            m.d.sync += o.eq(number)
        m.d.comb += self.o.eq(o)
        return m

"""Whether a number is greater than another."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields
from hdl.arith.float.format import FP32, FloatFormat
from hdl.lib.shared import Part

__all__ = ["Greater"]


class Greater(Part):
    """``o = x > y``, where a NaN is greater than every number. Zeros of either sign are equal. Combinational.

    Members
    -------
    x, y : In(form.width)
    o : Out(1)
    """

    clocked = False

    def __init__(self, form: FloatFormat = FP32) -> None:
        self.form = form
        self.module = f"greater_{form}"
        super().__init__({"x": In(form.width), "y": In(form.width), "o": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(self._place(m, self.x, "x") > self._place(m, self.y, "y"))
        return m

    def _place(self, m: Module, number: Value, name: str) -> Value:
        """An integer that orders as the numbers do: of negative ones the complement, and above all of them NaN."""
        fields = Fields(m, number, self.form, name)
        found = Signal(self.form.width + 1, name=f"{name}_place")
        upper = Cat(number[:-1], ~number[-1])
        m.d.comb += found.eq(Mux(number[-1], ~number, upper))
        with m.If(fields.zero):
            m.d.comb += found.eq(1 << (self.form.width - 1))
        with m.If(fields.nan):
            m.d.comb += found.eq(1 << self.form.width)
        return found

"""The greater of two numbers."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields
from hdl.arith.float.format import BF16, FloatFormat
from hdl.lib.shared import Part

__all__ = ["Maximum"]


class Maximum(Part):
    """``o = max(x, y)``: NaN if either is, +0 of two zeros of whatever sign. Combinational.

    Members
    -------
    x, y : In(form.width)
    o : Out(form.width)
    """

    clocked = False

    def __init__(self, form: FloatFormat = BF16) -> None:
        self.form = form
        self.module = f"max_{form}"
        super().__init__({"x": In(form.width), "y": In(form.width), "o": Out(form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        x, y = Fields(m, self.x, self.form, "x"), Fields(m, self.y, self.form, "y")
        a, b = self._plain(m, self.x, x, "a"), self._plain(m, self.y, y, "b")
        less = Signal()
        m.d.comb += less.eq(Mux(a[-1] ^ b[-1], a[-1], (a[:-1] < b[:-1]) ^ (a[-1] & (a[:-1] != b[:-1]))))
        m.d.comb += self.o.eq(Mux(x.nan | y.nan, self.form.nan, Mux(less, b, a)))
        return m

    def _plain(self, m: Module, number: Value, fields: Fields, name: str) -> Value:
        """The number with one zero only."""
        plain = Signal(self.form.width, name=name)
        m.d.comb += plain.eq(Mux(fields.zero, Const(0, self.form.width), number))
        return plain

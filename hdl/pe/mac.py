"""The baseline PE: a multiplier and an adder."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["MacPE"]


class MacPE(Part):
    """Multiply two registered operands and accumulate.

    ``acc <= (clear ? 0 : acc) + a * b`` in every cycle with ``en``, on operands that arrived in the cycle with ``en``
    before.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with this step's product. While ``clear_out`` is high, ``acc`` holds the finished sum.
    a_in, a_out, b_in, b_out
        Operands, one step from input to output.
    acc : Out(accumulator)
        The sum, modulo 2**accumulator.
    """

    module = "pe"

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        super().__init__(
            {
                "en": In(1),
                "clear_in": In(1),
                "clear_out": Out(1),
                "a_in": In(params.a.width),
                "a_out": Out(params.a.width),
                "b_in": In(params.b.width),
                "b_out": Out(params.b.width),
                "acc": Out(params.accumulator),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        a = Signal(params.a.width, reset_less=True)
        b = Signal(params.b.width, reset_less=True)
        clear = Signal(reset_less=True)
        acc = Signal(params.accumulator, reset_less=True)
        product = (a.as_signed() if params.a.signed else a) * (b.as_signed() if params.b.signed else b)
        with m.If(self.en):
            m.d.sync += [
                a.eq(self.a_in),
                b.eq(self.b_in),
                clear.eq(self.clear_in),
                acc.eq(Mux(clear, 0, acc) + product),
            ]
        m.d.comb += [self.a_out.eq(a), self.b_out.eq(b), self.clear_out.eq(clear), self.acc.eq(acc)]
        return m

"""From the array's result buses to rows of C: final addition, then deskew."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.array.skew import Skew
from hdl.params import EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Drain"]


class Drain(wiring.Component):
    """Finish the sums and align the columns.

    A redundant accumulator is finished in two steps: sum, carries and the correction of what the steps added in
    excess become two words, then one. Column j works one step after column j - 1, and its correction follows it.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear : In(1)
        This step enters the array as the first of new sums.
    acc : In(cols * acc_bits)
        The array's result buses: column j's accumulator, one step after column j - 1's, two steps after ``clear`` the
        first.
    row : Out(cols * accumulator)
        A row of C.

    Attributes
    ----------
    latency : int
        Steps from column 0's accumulator to its row.
    """

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        self.latency = params.cols - 1 + (2 if scheme.redundant else 0)
        super().__init__(
            {
                "en": In(1),
                "clear": In(1),
                "acc": In(params.cols * scheme.acc_bits),
                "row": Out(params.cols * params.accumulator),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, bits = self.params.accumulator, self.scheme.acc_bits
        sums: list[Value] = [self.acc[j * bits : (j + 1) * bits] for j in range(self.params.cols)]
        if self.scheme.redundant:
            sums = self._finish(m, sums, self._correction(m))
        m.submodules.deskew = deskew = Skew(self.params.cols, width, reverse=True)
        m.d.comb += [deskew.en.eq(self.en), deskew.i.eq(Cat(sums)), self.row.eq(deskew.o)]
        return m

    def _correction(self, m: Module) -> Value:
        """What the steps of the sums that arrive at column 0 have added in excess, negated.

        Every step counts, bubbles too. The count of a tile is held while its sums use the result bus.
        """
        zeros = (self.scheme.excess & -self.scheme.excess).bit_length() - 1  # low bits of the excess that are zero
        width = max(self.params.accumulator - zeros, 0)
        running = Signal(width, reset_less=True)
        held = Signal(width, reset_less=True)
        correction = Signal(width, reset_less=True)
        with m.If(self.en):
            m.d.sync += running.eq(Mux(self.clear, 0, running) - (self.scheme.excess >> zeros))
            m.d.sync += correction.eq(held)
            with m.If(self.clear):
                m.d.sync += held.eq(running)
        return correction

    def _finish(self, m: Module, accumulators: list[Value], correction: Value) -> list[Value]:
        """Add sum, carries and correction of all columns, as whole words with a lane for each column."""
        width, cols = self.params.accumulator, self.params.cols
        s = Cat(acc[:width] for acc in accumulators)
        c = Cat(self._carry_word(acc[width:]) for acc in accumulators)
        here = self._follow(m, correction)
        half = Signal(cols * width)
        partial = Signal(cols * width, reset_less=True)
        carry = Signal(cols * width, reset_less=True)
        finished = Signal(cols * width, reset_less=True)
        m.d.comb += half.eq(s ^ c)
        lanes = [slice(j * width, (j + 1) * width) for j in range(cols)]
        with m.If(self.en):
            m.d.sync += [
                partial.eq(half ^ here),
                carry.eq((s & c) | (half & here)),
                finished.eq(Cat((partial[x] + (carry[x] << 1))[:width] for x in lanes)),
            ]
        return [finished[x] for x in lanes]

    def _follow(self, m: Module, correction: Value) -> Value:
        """The correction as each column needs it, in column j j steps later, and at its place in the word."""
        width, cols = len(correction), self.params.cols
        later = Signal((cols - 1) * width, name="corrections", reset_less=True)
        here = Cat(correction, later)
        with m.If(self.en):
            m.d.sync += later.eq(here)
        low = Const(0, self.params.accumulator - width)
        return Cat(Cat(low, here[j * width : (j + 1) * width]) for j in range(cols))

    def _carry_word(self, carries: Value) -> Value:
        """Carry bits at their columns."""
        bits: list[Value] = [Const(0, 1)] * self.params.accumulator
        for column, bit in zip(self.scheme.carries, carries, strict=True):
            bits[column] = bit
        return Cat(bits)

"""The final adder of a row, which takes the sums of its columns in turn."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.finish import excess_taken
from hdl.lib import roles
from hdl.lib.delay import delay
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["RowAdder"]


class RowAdder(Part):
    """Finish the sums of a row one after the other, from column 0 on, and put them side by side.

    Where columns work one after the other, one of them finishes in a step: its accumulator is gated onto a bus along
    the row, which has a register every few columns. Where they work in step, their accumulators go into registers at
    once, and move up to the adder from there.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear : In(1)
        This step enters the row as the first of new sums. Present where steps add in excess.
    acc : In(cols * acc_bits)
    done : In(cols)
        Accumulators, and whether they hold finished sums: that of column 0 a step after ``clear``, of column j
        j * column_skew steps after that.
    sums : Out(cols * accumulator)
    complete : Out(1)
        The finished sums are complete: 2 + finish + Dataflow.turn_steps steps after ``done`` of column 0.
    """

    module = "row_adder"
    role = roles.DRAIN

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        cols = params.cols
        super().__init__(
            {
                "en": In(1),
                **({"clear": In(1)} if scheme.excess else {}),
                "acc": In(cols * scheme.acc_bits),
                "done": In(cols),
                "sums": Out(cols * scheme.width),
                "complete": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits, width, part = self.scheme.acc_bits, self.scheme.width, self.scheme.adder()
        correction: Value = Const(0, 0)
        if excess := self.scheme.excess:
            correction = excess_taken(m, self.en, self.clear, len(part.correction_in), excess >> part.zeros)
        word = self._in_turn(m)
        number = place(m, "finish", part, en=self.en, valid=word[bits], acc=word[:bits], correction_in=correction).sum
        valid, last = delay(m, "flags", self.en, word[bits:], self.scheme.pe.finish)
        sums = Signal(len(self.sums), name="row", reset_less=True)
        complete = Signal(name="row_complete", reset_less=True)
        m.d.comb += [self.sums.eq(sums), self.complete.eq(complete)]
        with m.If(self.en):
            m.d.sync += complete.eq(last)
            with m.If(valid):
                m.d.sync += sums.eq(Cat(sums[width:], number))
        return m

    def _in_turn(self, m: Module) -> Value:
        """Column after column: an accumulator, whether it is one, and whether it is the row's last."""
        cols, bits = self.params.cols, self.scheme.acc_bits
        words = [Cat(self.acc.word_select(j, bits), Const(1, 1), Const(j == cols - 1, 1)) for j in range(cols)]
        if not Dataflow(self.params).column_skew:
            return self._chain(m, words)
        gated = [Mux(self.done[j], word, 0) for j, word in enumerate(words)]
        size = Dataflow.ROWS_PER_BUS_STAGE
        bus: Value = Const(0, bits + 2)
        for first in reversed(range(0, cols, size)):
            stage = Signal(bits + 2, name=f"stage{first}", reset_less=True)
            for word in gated[first : first + size]:
                bus = bus | word
            with m.If(self.en):
                m.d.sync += stage.eq(bus)
            bus = stage
        return bus

    def _chain(self, m: Module, words: list[Value]) -> Value:
        """A register for every column, from which the sums move up."""
        waiting: Value = Const(0, len(words[0]))
        for j in reversed(range(len(words))):
            register = Signal(len(words[0]), name=f"waiting{j}", reset_less=True)
            with m.If(self.en):
                m.d.sync += register.eq(Mux(self.done[j], words[j], waiting))
            waiting = register
        return waiting

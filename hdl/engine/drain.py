"""The final additions of carry-save accumulators, one column after the other."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.engine.finish import Finish
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Drain"]


class Drain(Part):
    """One final addition a column.

    Where the columns of the array work one after the other, the correction of what the steps have added in excess
    follows them.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear : In(1)
        This step enters the array as the first of new sums. There where a step adds in excess.
    acc : In(cols * acc_bits)
        The array's result buses: column 0's first accumulator two steps after ``clear``, column j's j * column_skew
        steps after that.
    sums : Out(cols * accumulator)
        The finished sums, ``Dataflow.finish_steps`` steps later.
    """

    module = "drain"
    role = roles.DRAIN

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        super().__init__(
            {
                "en": In(1),
                **({"clear": In(1)} if scheme.excess else {}),
                "acc": In(params.cols * scheme.acc_bits),
                "sums": Out(params.cols * params.accumulator),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        excess = self.scheme.excess
        zeros = (excess & -excess).bit_length() - 1 if excess else self.params.accumulator  # its low bits that are zero
        flow = Dataflow(self.params)
        follow = bool(flow.column_skew)
        part = Finish(self.params.accumulator, self.scheme.columns, zeros, steps=flow.finish_steps, follow=follow)
        correction = self._correction(m, len(part.correction_in), excess >> zeros) if excess else Const(0, 0)
        sums = []
        for j in range(self.params.cols):
            acc = self.acc.word_select(j, self.scheme.acc_bits)
            finish = place(m, f"finish{j}", part, en=self.en, acc=acc, correction_in=correction)
            if follow:
                correction = finish.correction_out
            sums.append(finish.sum)
        m.d.comb += self.sums.eq(Cat(sums))
        return m

    def _correction(self, m: Module, width: int, excess: int) -> Value:
        """What the steps of the sums that arrive at column 0 have added in excess, negated.

        The count of a tile is held while its sums use the result bus.
        """
        running = Signal(width, reset_less=True)
        held = Signal(width, reset_less=True)
        correction = Signal(width, reset_less=True)
        with m.If(self.en):
            m.d.sync += [correction.eq(held), running.eq(Mux(self.clear, 0, running) - excess)]
            with m.If(self.clear):
                m.d.sync += held.eq(running)
        return correction

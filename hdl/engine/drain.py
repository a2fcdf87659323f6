"""The final additions of sums that leave an array over its result buses."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.finish import excess_taken
from hdl.arith.float.turns import TurnSum
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Drain"]


class Drain(Part):
    """One final addition for each sum that comes in a step.

    Where the columns of the array work one after the other, ``valid`` and the correction of what the steps have added
    in excess follow them.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear : In(1)
        This step enters the array as the first of new sums. Present where steps add in excess.
    valid : In(1)
        Column 0 has an accumulator in this step, or may have.
    acc : In(scheme.bus_bits)
        The array's result buses: column 0's first accumulator two steps after ``clear``, column j's j * column_skew
        steps after that. Or, where all results share an adder, one accumulator after another.
    sums : Out(count * accumulator)
        The finished sums, ``scheme.pe.finish`` steps later.
    """

    module = "drain"
    role = roles.DRAIN

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        self.count = scheme.bus_bits // scheme.acc_bits
        super().__init__(
            {
                "en": In(1),
                **({"clear": In(1)} if scheme.excess else {}),
                "valid": In(1),
                "acc": In(scheme.bus_bits),
                "sums": Out(self.count * params.accumulator),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.params.floating:
            return self._turns(m)
        follow = bool(Dataflow(self.params).column_skew) and self.count == self.params.cols
        part = self.scheme.adder(follow=follow)
        correction: Value = Const(0, 0)
        valid: Value = self.valid
        if excess := self.scheme.excess:
            correction = excess_taken(m, self.en, self.clear, len(part.correction_in), excess >> part.zeros)
        sums = []
        for j in range(self.count):
            acc = self.acc.word_select(j, self.scheme.acc_bits)
            finish = place(m, f"finish{j}", part, en=self.en, valid=valid, acc=acc, correction_in=correction)
            if follow:
                correction, valid = finish.correction_out, finish.valid_out
            sums.append(finish.sum)
        m.d.comb += self.sums.eq(Cat(sums))
        return m

    def _turns(self, m: Module) -> Module:
        """Partial sums that took the steps of k in turn: one number of each column's."""
        part, size = TurnSum(self.params.interleave), self.scheme.acc_bits
        columns = [self.acc.word_select(j, size) for j in range(self.count)]
        placed = [place(m, f"finish{j}", part, en=self.en, acc=each) for j, each in enumerate(columns)]
        m.d.comb += self.sums.eq(Cat(each.sum for each in placed))
        return m

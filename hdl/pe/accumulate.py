"""The PE of an array in which results stay: products, and the sums that they are added to."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.lib.delay import held
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement
from hdl.pe.sums import Adding, RunningSum, accumulators, exact, take_sum

__all__ = ["AccumulatePE"]


class AccumulatePE(ProcessingElement):
    """Add the products of the operands of a step to its sums: ``acc <= (clear ? 0 : acc) + a * b``.

    By the axes of the engine it has one sum, or one for each weight of a digit; each is a single number, or keeps some
    of its carries; a step has one product, or with a tree over k as many as that has steps of K. So it is, among
    others, a multiplier with an adder (``mac``), OPT1 and OPT2 (Wu et al., HPCA 2025):

    - Where carries are saved the carry-propagate addition has left the loop. The finished sum is that of the bits of
      ``acc`` in their columns, minus :attr:`excess` for every step since (and with) ``clear``, modulo 2**accumulator.
      The excess comes from the sign bits of the partial products; it is subtracted once, at the drain.
    - With a sum for each weight no product is shifted, and each sum begins at the column of its weight: one level of
      full adders a step where a step has one product. The drain shifts and combines them.
    - Several products a step are compressed in a step before the sums: ``clear`` comes that much later.

    For the ports see :class:`hdl.pe.base.ProcessingElement`.

    Attributes
    ----------
    adding : Adding
    sums : list of RunningSum
        The lowest weight's first.
    flags : int
        Bits above an operand of A that say something of it.
    """

    flags = 0

    def __init__(self, params: EngineParams) -> None:
        lanes = params.k_step
        self.adding = Adding(params, lanes)
        factors = self.adding.factors
        self.sums = accumulators(params, factors, tops=self.adding.tops, count=lanes << self.adding.raised)
        self.columns = tuple(column for each in self.sums for column in each.columns)
        self.excess = 0 if exact(params) else self.adding.excess
        self.steps = 2 + self.adding.steps
        self.finish = finish_steps(params)
        self.ahead = 0 if params.axes.hands_a_over else self.adding.steps
        a_bits = self.adding.a_bits + self.flags
        super().__init__(params, a_bits, self.adding.b_bits, acc_bits=len(self.columns))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        clear = held(m, "clear", clear, self.ahead, en=self.en)
        registers = [self._registers(i, each) for i, each in enumerate(self.sums)]
        kept = (self._kept(m, clear, words) for words in registers)
        totals = self.adding.add(m, self.en, a, b, self.sums, kept)
        for each, words, total in zip(self.sums, registers, totals, strict=True):
            take_sum(m, self.en, clear, each, words, total)
        m.d.comb += self.acc.eq(Cat(registers))
        return m

    def _registers(self, i: int, each: RunningSum) -> list[Signal]:
        """The registers of sum ``i``: its sum bits and carry bits, those which rest apart from the others."""
        number = str(i) if len(self.sums) > 1 else ""
        return [Signal(bits, name=f"{kind}{number}{end}", reset_less=True) for kind, end, bits in each.words]

    @staticmethod
    def _kept(m: Module, clear: Value, words: list[Signal]) -> Value:
        """What a sum adds to: itself, or zero."""
        kept = [Signal(len(word), name=f"kept_{word.name}") for word in words]
        m.d.comb += [before.eq(Mux(clear, 0, word)) for before, word in zip(kept, words, strict=True)]
        return Cat(kept)


def finish_steps(params: EngineParams) -> int:
    """Steps in which a final adder makes a number of a sum; the sums of all weights are many words."""
    if params.axes.sums_in_one_step:
        return 0
    return 3 if params.axes.sum.per_weight else 2

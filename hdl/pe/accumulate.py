"""The PE of an array in which results stay: products, and the sums that they are added to."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal

from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement
from hdl.pe.sums import Adding, accumulators, exact

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
    """

    def __init__(self, params: EngineParams) -> None:
        lanes = params.k_step
        self.adding = Adding(params, lanes)
        factors = self.adding.factors
        self.sums = accumulators(params, factors, tops=self.adding.tops, count=lanes)
        self.columns = tuple(column for each in self.sums for column in each.columns)
        self.excess = 0 if exact(params) else self.adding.excess
        self.steps = 2 + self.adding.steps
        self.finish = finish_steps(params)
        super().__init__(params, lanes * factors.a_bits, lanes * factors.b_bits, acc_bits=len(self.columns))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        names = [""] if len(self.sums) == 1 else [str(i) for i in range(len(self.sums))]
        registers = [
            Signal(len(each.columns), name=f"{'acc' if name else 'sum'}{name}", reset_less=True)
            for name, each in zip(names, self.sums, strict=True)
        ]
        kept = [Signal(len(each), name=f"kept{name}") for name, each in zip(names, registers, strict=True)]
        m.d.comb += [word.eq(Mux(clear, 0, register)) for word, register in zip(kept, registers, strict=True)]
        totals = self.adding.add(m, self.en, a, b, self.sums, kept)
        with m.If(self.en):
            m.d.sync += [register.eq(total) for register, total in zip(registers, totals, strict=True)]
        m.d.comb += self.acc.eq(Cat(registers))
        return m


def finish_steps(params: EngineParams) -> int:
    """Steps in which a final adder makes a number of a sum; the sums of all weights are many words."""
    if params.axes.sums_in_one_step:
        return 0
    return 3 if params.axes.sum.per_weight else 2

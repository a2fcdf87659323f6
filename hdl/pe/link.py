"""What a chain along K is made of where results stay: PEs that multiply, and the accumulator at its end."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.params import EngineParams
from hdl.pe.base import Traveller
from hdl.pe.sums import Adding, RunningSum, accumulators, links, signed_links, take_sum

__all__ = ["Accumulator", "LinkPE"]


class LinkPE(Traveller):
    """Add a product to the sums that come from the PE before: ``sum_out <= sum_in + a * b`` in every step.

    Operands of A, and of B, travel as in all PEs: see :class:`hdl.pe.base.Traveller`.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    a, b, or a_in and a_out, b_in and b_out
        Operands, as the PE takes them.
    sum_in, sum_out
        The sums over the PEs before this one, of the operands of this step, and one step later those with this PE's
        product; see :func:`hdl.pe.sums.links`.

    Attributes
    ----------
    adding : Adding
    sums : list of RunningSum
        The lowest weight's first.
    """

    module = "pe"
    role = roles.PE

    def __init__(self, params: EngineParams) -> None:
        self.adding = Adding(params)
        factors = self.adding.factors
        self.sums = links(params, factors)
        bits = sum(len(each.local) for each in self.sums)
        super().__init__(
            params, {"a": factors.a_bits}, {"b": factors.b_bits}, {"sum_in": In(bits), "sum_out": Out(bits)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b = self.arrived(m, "a", "b")
        total = Signal(len(self.sum_out), name="total", reset_less=True)
        m.d.comb += self.sum_out.eq(total)
        value = Cat(self.adding.add(m, self.en, a, b, self.sums, split(self.sum_in, self.sums)))
        with m.If(self.en):
            m.d.sync += total.eq(value)
        return m


class Accumulator(Traveller):
    """Add the sums of a chain: ``acc <= (clear ? 0 : acc) + sum`` in every step, modulo 2**accumulator.

    ``clear`` travels as operands of A do.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear, or clear_in and clear_out
        Begin a new sum with this step's, or with that of the step to come. While ``clear``, or ``clear_out``, is high,
        ``acc`` holds the finished sum.
    sum : In
        What the last PE of the chain hands on.
    acc : Out(len(columns))
        The accumulator.

    Attributes
    ----------
    sums : list of RunningSum
        The lowest weight's first.
    columns : tuple of int
        The column of each bit of ``acc``.
    """

    module = "accumulator"
    role = roles.ACCUMULATOR

    def __init__(self, params: EngineParams) -> None:
        pe = LinkPE(params)
        self.words = pe.sums
        tops = [each.width for each in self.words]
        self.sums = accumulators(params, pe.adding.factors, tops=tops, count=params.depth)
        self.columns = tuple(column for each in self.sums for column in each.columns)
        super().__init__(params, {"clear": 1}, {}, {"sum": In(len(pe.sum_out)), "acc": Out(len(self.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        (clear,) = self.arrived(m, "clear")
        registers = [
            [Signal(bits, name=f"acc{i}_{kind}{end}", reset_less=True) for kind, end, bits in each.words]
            for i, each in enumerate(self.sums)
        ]
        kept = Signal(len(self.columns))
        m.d.comb += [kept.eq(Mux(clear, 0, self.acc)), self.acc.eq(Cat(registers))]
        if signed_links(self.params):
            total = kept + (self.sum.as_signed() if self.params.result_signed else self.sum)
        else:
            total = Cat(self._totals(m, kept))
        for each, words, value in zip(self.sums, registers, split(total, self.sums), strict=True):
            take_sum(m, self.en, clear, each, words, value)
        return m

    def _totals(self, m: Module, kept: Value) -> list[Value]:
        words = split(self.sum, self.words)
        totals = []
        for i, (each, before, word, form) in enumerate(
            zip(self.sums, split(kept, self.sums), words, self.words, strict=True)
        ):
            heap = each.heap(before)
            for bit, column in zip(word, form.local, strict=True):
                heap.add(bit, column)
            totals.append(each.total(m, heap, "sum" if len(self.sums) == 1 else f"plane{i}_"))
        return totals


def split(word: Value, sums: list[RunningSum]) -> list[Value]:
    """The bits of each sum in a word of all."""
    parts, start = [], 0
    for each in sums:
        parts.append(word[start : start + len(each.local)])
        start += len(each.local)
    return parts

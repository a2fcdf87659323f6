"""Laconic: both operands as signed powers of two, one pair of them a lane and step (S. Sharify et al., ISCA 2019)."""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from operator import and_, or_, xor

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap, share_of_levels
from hdl.arith.terms import TermForm, Terms
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement
from hdl.pe.sums import exact

__all__ = ["LaconicPE"]


class LaconicPE(ProcessingElement):
    """Multiply a term of A and one of B in each of ``depth`` lanes, and add the products to a carry-save accumulator.

    A product is a sign and a sum of exponents e. Written out, a positive one has bit e alone; a negative one has all
    bits from e up to the highest, and counts -2**(highest + 1) besides, which makes -2**e without any correction. That
    bit is inverted, as sign bits of partial products are elsewhere: all bits count positive, and each lane adds
    2**(highest + 1) in excess. The original counts ones and minus ones apart in a histogram over exponents; here they
    are one bit heap, half as high.

    Its pipeline: sums of exponents, heap, accumulator, a register behind each; ``clear`` thus comes two steps after
    its operands. The finished sum is that of the bits of ``acc`` in their columns, minus :attr:`excess` for every step
    since (and with) ``clear``, modulo 2**accumulator. Operands are terms, see :class:`hdl.arith.terms.TermForm`; for
    the ports see :class:`hdl.pe.base.ProcessingElement`.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of ``acc``.
    excess : int
        What each step adds beyond its products.
    """

    steps = 4  # products and the words that lanes are reduced to have registers, too

    def __init__(self, params: EngineParams) -> None:
        self.forms = TermForm(params, params.a), TermForm(params, params.b)
        self.top = sum(form.top for form in self.forms)  # the highest bit of a product
        self.each = params.depth << (self.top + 1)  # what products count beyond themselves, in a step
        self.excess = 0 if exact(params) else self.each
        self.sum_bits = min((params.depth * (3 << self.top)).bit_length(), params.accumulator)
        self.carries = carry_columns(params.accumulator, self.sum_bits, params.carry_every)
        self.columns = (*range(params.accumulator), *self.carries)
        a_bits, b_bits = (form.bits for form in self.forms)
        super().__init__(params, a_bits, b_bits, acc_bits=len(self.columns))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        products = self._multiply(m, *(form.split(wires) for form, wires in zip(self.forms, (a, b), strict=True)))
        heap = BitHeap(self.sum_bits)
        for column, word in enumerate(self._columns(m, products)):
            for bit in word:
                heap.add(bit, column)
        height = share_of_levels(self.params.depth, 2)
        heap.reduce(m, lambda column: height, "lanes")
        acc = Signal(len(self.columns), name="sum", reset_less=True)
        kept = Signal(len(self.columns))
        m.d.comb += [kept.eq(Mux(clear, 0, acc)), self.acc.eq(acc)]
        total = BitHeap(self.params.accumulator)
        for column, bit in zip(self.columns, kept, strict=True):
            total.add(bit, column)
        for column, bits in enumerate(heap.registered(m, self.en).columns):
            for bit in bits:
                total.add(bit, column)
        for column in range(self.params.accumulator):
            if (self.each - self.excess) and (-self.each >> column) & 1:
                total.add(Const(1, 1), column)
        value = Cat(*reduce_to_groups(m, total, self.carries))
        with m.If(self.en):
            m.d.sync += acc.eq(value)
        return m

    def _multiply(self, m: Module, a: Terms, b: Terms) -> Terms:
        """The product of the terms of each lane, one step later."""
        lanes = self.params.depth
        exponent: list[Value] = []
        carry: list[Value] = []
        for i in range(self.top.bit_length()):
            bits = [word[i] for word in (a.exponent, b.exponent) if i < len(word)] + carry
            s, c = Signal(lanes, name=f"exponent{i}"), Signal(lanes, name=f"carry{i}")
            m.d.comb += s.eq(reduce(xor, bits))
            pairs = [x & y for x, y in combinations(bits, 2)]
            carry = [c] if pairs else []
            m.d.comb += c.eq(reduce(or_, pairs)) if pairs else []
            exponent.append(s)
        names = ["present", "negative", *(f"sum{i}" for i in range(len(exponent)))]
        registers = [Signal(lanes, name=name, reset_less=True) for name in names]
        with m.If(self.en):
            m.d.sync += Cat(registers).eq(Cat(a.present & b.present, a.negative ^ b.negative, exponent))
        return Terms(registers[0], registers[1], registers[2:])

    def _columns(self, m: Module, terms: Terms) -> list[Value]:
        """The products written out: for each column a bit of every lane."""
        lanes = self.params.depth
        low, high = terms.exponent[:2], terms.exponent[2:]
        negative = Signal(lanes, name="minus")
        m.d.comb += negative.eq(terms.negative & terms.present)
        # Of four columns: the one of the exponent, or those from it up.
        at = [
            ~low[1] & ~low[0],
            ~low[1] & (low[0] | negative),
            (low[1] & ~low[0]) | (~low[1] & negative),
            (low[1] & low[0]) | negative,
        ]
        inside = [Signal(lanes, name=f"inside{i}") for i in range(4)]
        m.d.comb += [word.eq(value) for word, value in zip(inside, at, strict=True)]
        columns = []
        for group in range(self.top // 4 + 1):
            here = reduce(and_, (word if group >> i & 1 else ~word for i, word in enumerate(high)), terms.present)
            four, above = Signal(lanes, name=f"four{group}"), Signal(lanes, name=f"above{group}")
            m.d.comb += [four.eq(here), above.eq(negative & _below(high, group))]
            for i in range(4):
                column = Signal(lanes, name=f"column{4 * group + i}")
                m.d.comb += column.eq((four & inside[i]) | above)
                columns.append(column)
        sign = Signal(lanes, name="plus")
        m.d.comb += sign.eq(~negative)
        return [*columns[: self.top + 1], sign]


def _below(word: list[Value], limit: int) -> Value:
    """Lane by lane, whether a number, by the words of its bits, is less than ``limit``."""
    result: Value = Const(0, 1)
    for i, bit in enumerate(word):
        result = (~bit | result) if limit >> i & 1 else (~bit & result)
    return result

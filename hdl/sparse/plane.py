"""The sum of one plane of digits, in whichever PE takes digits one at a time, plane after plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.digit_product import digit_product, sign_column
from hdl.arith.heap import BitHeap
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["PlaneSum", "Term"]

#: From so many lanes on, where rows keep step, their products wait in a register, added up to so many bits a column.
CUT, WAITING = 8, 3
#: Gates from a digit and the operand to a product, in XOR delays.
PRODUCT_DELAY = 2.0


@dataclass(frozen=True)
class Term:
    """What a lane adds: a digit times an operand.

    Parameters
    ----------
    two, neg : Value
        The digit is +-2; it is negative.
    b : Value
    one : Value or None
        The digit is +-1. None where a digit is never zero, but ``b`` is.
    """

    two: Value
    neg: Value
    b: Value
    one: Value | None = None


class PlaneSum:
    """An accumulator of products of digits, all of one weight, or of operands shifted before; it never shifts.

    By the axes it saves its carries.

    Parameters
    ----------
    params : EngineParams

    Attributes
    ----------
    width : int
        Bits of the sum, modulo 2**width.
    carries : tuple of int
        Columns of the carry bits that are kept beside the sum bits; none where carries propagate.
    acc_bits : int
        Sum bits, and the carry bits above them.
    steps : int
        Cycles from products to the sum. Only the last one depends on ``en`` and ``clear``.
    excess : int
        What each step adds beyond its products: nothing where carries propagate.
    """

    def __init__(self, params: EngineParams) -> None:
        shape = SparseShape(params)
        self.form = shape.operand
        self.lanes = shape.lanes
        self.width = shape.sum_bits
        self.steps = 2 if shape.lanes >= CUT and not params.axes.skips_by_row else 1
        self.column = sign_column(self.form)
        self.saves = params.axes.saves_carries
        self.excess = shape.lanes << self.column if self.saves else 0
        top = min(self.column + shape.lanes.bit_length(), self.width)
        self.carries = carry_columns(self.width, top, params.carry_every) if self.saves else ()
        self.acc_bits = self.width + len(self.carries)

    def add(self, m: Module, en: Value, clear: Value, terms: Sequence[Term]) -> Value:
        """Where ``en``, add one product a lane, to a new sum where ``clear``; gives the accumulator.

        Products come ``steps`` - 1 cycles before ``en`` and ``clear``.
        """
        s = Signal(self.width, reset_less=True)
        c = Signal(len(self.carries), reset_less=True)
        s_kept = Signal(self.width)
        c_kept = Signal(len(self.carries))
        m.d.comb += [s_kept.eq(Mux(clear, 0, s)), c_kept.eq(Mux(clear, 0, c))]
        sums = BitHeap(self.width)
        sums.add(s_kept)
        for column, bit in zip(self.carries, c_kept, strict=True):
            sums.add(bit, column)
        heap = sums if self.steps == 1 else BitHeap(self.width)
        for lane, term in enumerate(terms):
            product = digit_product(m, f"product{lane}", term.two, term.neg, term.b, self.form, term.one)
            heap.add(term.neg)
            heap.add(product if self.saves else self._exact(product), arrival=PRODUCT_DELAY)
        if not self.saves and self.lanes > 1:
            less = Const(-self.lanes << self.column, self.width)
            for column in range(self.column, self.width):
                if (less.value >> column) & 1:
                    heap.add(Const(1, 1), column)
        if heap is not sums:
            heap.reduce(m, lambda column: WAITING, "lanes")
            for column, bits in enumerate(heap.registered(m, Const(1, 1)).columns):
                for bit in bits:
                    sums.add(bit, column)
        total, carry = reduce_to_groups(m, sums, self.carries)
        with m.If(en):
            m.d.sync += [s.eq(total), c.eq(carry)]
        return Cat(s, c)

    def _exact(self, product: Value) -> Value:
        """A single product with its sign extended; several are less a constant together, which costs less."""
        if self.lanes > 1:
            return product
        return Cat(product[:-1], (~product[-1]).replicate(self.width - self.column))

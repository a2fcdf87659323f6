"""What the PEs of the sparse schemes share: the sum of one plane of digits."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.digit_product import digit_product, sign_column
from hdl.arith.heap import BitHeap
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["PlaneSum"]

#: Gates from a digit and the operand to a product, in XOR delays.
PRODUCT_DELAY = 2.0


class PlaneSum:
    """A carry-save accumulator of products of digits of equal weight: it never shifts.

    Parameters
    ----------
    params : EngineParams

    Attributes
    ----------
    width : int
        Bits of the sum, modulo 2**width.
    carries : tuple of int
        Columns of the carry bits that are kept beside the sum bits.
    acc_bits : int
        Sum bits, and the carry bits above them.
    excess : int
        What each step adds beyond its products.
    """

    def __init__(self, params: EngineParams) -> None:
        shape = SparseShape(params)
        self.form = params.b
        self.lanes = shape.lanes
        self.width = shape.sum_bits
        column = sign_column(params.b)
        self.excess = shape.lanes << column
        top = min(column + shape.lanes.bit_length(), self.width)
        self.carries = carry_columns(self.width, top, params.carry_every)
        self.acc_bits = self.width + len(self.carries)

    def add(self, m: Module, en: Value, clear: Value, digits: list[tuple[Value, Value]], b: list[Value]) -> Value:
        """Where ``en``, add one product a lane, to a new sum where ``clear``; gives the accumulator.

        Parameters
        ----------
        digits : list of (two, neg)
            The digit of each lane: +-2 or +-1, and its sign.
        b : list of Value
            The operand of each lane; zero where a lane has no digit.
        """
        s = Signal(self.width, reset_less=True)
        c = Signal(len(self.carries), reset_less=True)
        s_kept = Signal(self.width)
        c_kept = Signal(len(self.carries))
        m.d.comb += [s_kept.eq(Mux(clear, 0, s)), c_kept.eq(Mux(clear, 0, c))]
        heap = BitHeap(self.width)
        heap.add(s_kept)
        for column, bit in zip(self.carries, c_kept, strict=True):
            heap.add(bit, column)
        for lane, ((two, neg), value) in enumerate(zip(digits, b, strict=True)):
            heap.add(neg)
            heap.add(digit_product(m, f"product{lane}", two, neg, value, self.form), arrival=PRODUCT_DELAY)
        total, carry = reduce_to_groups(m, heap, self.carries)
        with m.If(en):
            m.d.sync += [s.eq(total), c.eq(carry)]
        return Cat(s, c)

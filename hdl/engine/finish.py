"""The final addition of a carry-save accumulator."""

from __future__ import annotations

from bisect import bisect_left

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.heap import BitHeap
from hdl.lib.shared import Part

__all__ = ["Finish"]

#: Bits in a column that so many levels of full adders reduce to two (Dadda, 1965).
HEIGHTS = (2, 3, 4, 6, 9, 13, 19, 28, 42, 63, 94)


class Finish(Part):
    """Add the bits of an accumulator and a correction, modulo 2**width.

    They are a bit heap: all steps but the last reduce it to two words, each with its share of the levels of full
    adders, and the last one adds those.

    Parameters
    ----------
    width : int
        Bits of the sum.
    columns : tuple of int
        The column of each bit of ``acc``.
    zeros : int
        Low bits of the correction that are zero and left out.
    steps : int
        Steps that it takes, at least 2.
    follow : bool
        The correction moves on to the next column.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    acc : In(len(columns))
        The accumulator.
    correction_in, correction_out : In(width - zeros), Out(width - zeros)
        Added in this step; and, where ``follow``, for the next column, one step later.
    sum : Out(width)
        ``steps`` steps later.
    """

    module = "finish"

    def __init__(self, width: int, columns: tuple[int, ...], zeros: int, *, steps: int, follow: bool) -> None:
        self.width = width
        self.columns = columns
        self.zeros = min(zeros, width)
        self.steps = steps
        self.follow = follow
        super().__init__(
            {
                "en": In(1),
                "acc": In(len(columns)),
                "correction_in": In(width - self.zeros),
                **({"correction_out": Out(width - self.zeros)} if follow else {}),
                "sum": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = BitHeap(self.width)
        for bit, column in zip(self.acc, self.columns, strict=True):
            heap.add(bit, column)
        heap.add(self.correction_in, self.zeros)
        for step in range(1, self.steps):
            levels = bisect_left(HEIGHTS, max(map(len, heap.columns)))
            left = self.steps - step
            heap = self._reduce(m, heap, HEIGHTS[levels * (left - 1) // left], f"step{step}")
        x, y = (self._word(heap, row) for row in range(2))
        total = Signal(self.width, reset_less=True)
        m.d.comb += self.sum.eq(total)
        with m.If(self.en):
            m.d.sync += total.eq(x + y)
        if self.follow:
            later = Signal(len(self.correction_in), reset_less=True)
            m.d.comb += self.correction_out.eq(later)
            with m.If(self.en):
                m.d.sync += later.eq(self.correction_in)
        return m

    def _reduce(self, m: Module, heap: BitHeap, height: int, name: str) -> BitHeap:
        """Reduce a heap to columns of ``height`` bits, and put registers behind it."""
        heap.reduce(m, lambda column: height, name)
        result = BitHeap(self.width)
        columns = heap.columns
        for row in range(height):
            filled = [column for column, bits in enumerate(columns) if row < len(bits)]
            register = Signal(len(filled), name=f"{name}_word{row}", reset_less=True)
            with m.If(self.en):
                m.d.sync += register.eq(Cat(columns[column][row] for column in filled))
            for bit, column in zip(register, filled, strict=True):
                result.add(bit, column)
        return result

    def _word(self, heap: BitHeap, row: int) -> Value:
        """One bit of every column, zero where it has fewer."""
        return Cat(bits[row] if row < len(bits) else Const(0, 1) for bits in heap.columns)

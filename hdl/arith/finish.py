"""The final addition of a carry-save accumulator."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import propagate
from hdl.arith.heap import BitHeap, share_of_levels
from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Finish", "excess_taken"]


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
        The correction, and ``valid``, move on to the next column.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, valid_out : In(1), Out(1)
        There is an accumulator to be finished, else registers rest; and, where ``follow``, the same one step later.
    acc : In(len(columns))
        The accumulator.
    correction_in, correction_out : In(width - zeros), Out(width - zeros)
        Added in this step; and, where ``follow``, for the next column, one step later.
    sum : Out(width)
        ``steps`` steps later.
    """

    module = "finish"
    role = roles.ADDERS

    def __init__(self, width: int, columns: tuple[int, ...], zeros: int, *, steps: int, follow: bool) -> None:
        self.width = width
        self.columns = columns
        self.zeros = min(zeros, width)
        self.steps = steps
        self.follow = follow
        super().__init__(
            {
                "en": In(1),
                "valid": In(1),
                "acc": In(len(columns)),
                "correction_in": In(width - self.zeros),
                **({"correction_out": Out(width - self.zeros), "valid_out": Out(1)} if follow else {}),
                "sum": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = BitHeap(self.width)
        for bit, column in zip(self.acc, self.columns, strict=True):
            heap.add(bit, column)
        heap.add(self.correction_in, self.zeros)
        behind = Signal(self.steps - 1, reset_less=True)  # sums in the steps behind the first
        moving = [self.en & there for there in (self.valid, *behind)]
        for step in range(1, self.steps):
            heap = self._reduce(m, heap, moving[step - 1], self.steps - step, f"step{step}")
        total = Signal(self.width, reset_less=True)
        m.d.comb += self.sum.eq(total)
        with m.If(moving[-1]):
            m.d.sync += total.eq(propagate(m, heap))
        with m.If(self.en):
            m.d.sync += behind.eq(Cat(self.valid, behind))
        if self.follow:
            later = Signal(len(self.correction_in), reset_less=True)
            m.d.comb += [self.correction_out.eq(later), self.valid_out.eq(behind[0])]
            with m.If(moving[0]):
                m.d.sync += later.eq(self.correction_in)
        return m

    def _reduce(self, m: Module, heap: BitHeap, en: Value, steps: int, name: str) -> BitHeap:
        """The first of ``steps`` steps that reduce a heap to two words."""
        height = share_of_levels(max(map(len, heap.columns)), steps)
        heap.reduce(m, lambda column: height, name)
        return heap.registered(m, en, f"{name}_word")


def excess_taken(m: Module, en: Value, clear: Value, width: int, excess: int) -> Value:
    """The correction of finished sums: what their steps have added in excess, negated.

    Parameters
    ----------
    clear : Value
        This step is the first of new sums.
    width : int
        Bits.
    excess : int
        What one step adds in excess.

    Returns
    -------
    Value
        The correction of the sums before, from two steps after ``clear`` until two steps after the next one.
    """
    running = Signal(width, reset_less=True)
    held = Signal(width, reset_less=True)
    correction = Signal(width, reset_less=True)
    with m.If(en):
        # A choice behind the subtraction: ``clear`` comes late.
        m.d.sync += [correction.eq(held), running.eq(Mux(clear, Const(-excess, width), running - excess))]
        with m.If(clear):
            m.d.sync += held.eq(running)
    return correction

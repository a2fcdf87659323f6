"""The foot of a column of PEs: it adds up the sums of all blocks of K."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import propagate
from hdl.arith.heap import BitHeap
from hdl.lib import roles
from hdl.lib.delay import Delay
from hdl.lib.shared import Part, place
from hdl.params import EngineParams

__all__ = ["Foot"]


class Foot(Part):
    """Add the sums over a block of K to those of the blocks before, row by row.

    The rows of each block come in the same order, so that the accumulators of a column are a delay line of ``rows``
    words around one adder; it moves on with every row that comes. A sum in carry-save form becomes one number first,
    in a step of its own: it is short, and the accumulators then hold no carries.

    Parameters
    ----------
    columns : tuple of int
        The column of each bit of ``x``: bit i counts 2**columns[i], modulo 2**params.block_bits.
    excess : int
        What ``x`` holds beyond the sum of products.
    follow : bool
        The next column has the same rows one step later, and takes ``valid`` and ``first`` from here.

    Attributes
    ----------
    finish : int
        Steps in which a sum becomes one number.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, first : In(1)
        A row is added in the next step; it begins a new sum.
    valid_out, first_out : Out(1)
        For the next column, where ``follow``.
    x : In(len(columns))
        Sum of products over a block: that of the next step's row where it becomes a number first, else this step's.
    sum : Out(accumulator)
        With the blocks before, two steps after ``valid``, modulo 2**accumulator.
    """

    module = "foot"
    role = roles.DRAIN

    def __init__(self, params: EngineParams, columns: tuple[int, ...], excess: int, *, follow: bool) -> None:
        self.params = params
        self.columns = columns
        self.excess = excess
        self.follow = follow
        self.finish = int(not params.axes.sums_in_one_step)
        flags = {name: In(1) for name in ("en", "valid", "first")}
        passed = {"valid_out": Out(1), "first_out": Out(1)} if follow else {}
        super().__init__({**flags, **passed, "x": In(len(columns)), "sum": Out(params.accumulator)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid = Signal(reset_less=True)
        first = Signal(reset_less=True)
        total = Signal(self.params.accumulator, reset_less=True)
        step = Signal()
        m.d.comb += [step.eq(self.en & valid), self.sum.eq(total)]
        if self.follow:
            m.d.comb += [self.valid_out.eq(valid), self.first_out.eq(first)]
        with m.If(self.en):
            m.d.sync += [valid.eq(self.valid), first.eq(self.first)]
        before = self._before(m, step, total) if self.params.rows > 1 else Mux(first, 0, total)
        x = self._number(m) if self.finish else self.x
        with m.If(step):
            m.d.sync += total.eq(before + (x.as_signed() if self.params.result_signed else x))
        return m

    def _before(self, m: Module, step: Value, total: Value) -> Value:
        """The sum of the row that comes next; where it begins a new one, it becomes zero before it is needed."""
        rows = self.params.rows
        end = place(m, "line", Delay(rows - 2, len(total)), en=step, i=total).o if rows > 2 else total
        before = Signal(len(total), reset_less=True)
        begin = self.valid & self.first
        with m.If(step | (self.en & begin)):
            m.d.sync += before.eq(Mux(begin, 0, end))
        return before

    def _number(self, m: Module) -> Value:
        """The sum as one number, without its excess, one step later."""
        width = self.params.block_bits
        heap = BitHeap(width)
        for column, bit in zip(self.columns, self.x, strict=True):
            heap.add(bit, column)
        for column in range(width):
            if (-self.excess >> column) & 1:
                heap.add(Const(1, 1), column)
        total = propagate(m, heap)
        number = Signal(width, reset_less=True)
        with m.If(self.en):
            m.d.sync += number.eq(total)
        return number

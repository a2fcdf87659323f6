"""The foot of a column of PEs: it adds up the sums of all blocks of K."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import propagate
from hdl.arith.heap import BitHeap
from hdl.lib.delay import Delay
from hdl.lib.shared import Part, place
from hdl.params import EngineParams

__all__ = ["Foot"]


class Foot(Part):
    """Add the sums over a block of K to those of the blocks before, row by row.

    The rows of each block come in the same order, so that the accumulators of a column are a delay line of ``rows``
    words around one adder; it moves on with every row that comes. A sum in carry-save form becomes one number first,
    in a step of its own (``Dataflow.finish_steps``): it is short, and the accumulators then hold no carries.

    Parameters
    ----------
    columns : tuple of int
        The column of each bit of ``x``: bit i counts 2**columns[i], modulo 2**params.block_bits.
    excess : int
        What ``x`` holds beyond the sum of products.
    follow : bool
        The next column has the same rows one step later, and takes ``valid`` and ``first`` from here.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, first : In(1)
        ``x`` belongs to a row; it begins a new sum.
    valid_out, first_out : Out(1)
        For the next column, where ``follow``.
    x : In(len(columns))
        Sum of products over a block.
    sum : Out(accumulator)
        With the blocks before, 1 + ``Dataflow.finish_steps`` steps later, modulo 2**accumulator.
    """

    module = "foot"

    def __init__(self, params: EngineParams, columns: tuple[int, ...], excess: int, *, follow: bool) -> None:
        self.params = params
        self.columns = columns
        self.excess = excess
        self.follow = follow
        flags = {name: In(1) for name in ("en", "valid", "first")}
        passed = {"valid_out": Out(1), "first_out": Out(1)} if follow else {}
        super().__init__({**flags, **passed, "x": In(len(columns)), "sum": Out(params.accumulator)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        x, valid, first = self.x, self.valid, self.first
        redundant = self.params.scheme != "mac"
        if redundant or self.follow:
            flags = Signal(2, reset_less=True)
            with m.If(self.en):
                m.d.sync += flags.eq(Cat(valid, first))
            if self.follow:
                m.d.comb += [self.valid_out.eq(flags[0]), self.first_out.eq(flags[1])]
            if redundant:
                x, valid, first = self._number(m), flags[0], flags[1]
        total = Signal(self.params.accumulator, reset_less=True)
        before: Value = total
        step = Signal()
        m.d.comb += [step.eq(self.en & valid), self.sum.eq(total)]
        if self.params.rows > 1:
            before = place(m, "line", Delay(self.params.rows - 1, len(total)), en=step, i=total).o
        with m.If(step):
            m.d.sync += total.eq(Mux(first, 0, before) + (x.as_signed() if self.params.result_signed else x))
        return m

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

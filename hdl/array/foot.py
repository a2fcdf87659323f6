"""The foot of a column of PEs: it adds up the sums of all blocks of K."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import carry_columns, propagate, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.plus import plus
from hdl.arith.step import Step, StepDigits
from hdl.lib import roles
from hdl.lib.ring import STAYING, delay_line
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["Foot"]


class Foot(Part):
    """Add the sums over a block of K to those of the blocks before, row by row.

    The rows of each block come in the same order, so that the accumulators of a column are a delay line of ``rows``
    words around one adder; it moves on with every row that comes. A sum that is not one number becomes one first, in a
    step of its own: it is short, and the accumulators then hold no carries.

    Where digits follow each other in time a row has several steps. With a sum for each weight, or carries that
    propagate, each step's sum is added by itself: as a number, shifted to the weight of the step where products have
    not been. Otherwise the steps of a row are summed in carry-save form, in front of all else.

    Parameters
    ----------
    columns : tuple of int
        The column of each bit of ``x``: bit i counts 2**columns[i], modulo 2**params.block_bits.
    excess : int
        What ``x`` holds beyond the sum of products.
    follow : bool
        The next column has the same rows one step later, and takes all flags from here.

    Attributes
    ----------
    finish : int
        Steps in which a sum becomes one number.
    flags : dict
        The bits of each flag.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, first : In(1)
        A row, or a step of one, is added in the next step; it begins a new sum.
    begins : In(1)
        It is a row's first step. Where digits follow each other in time.
    adds : In(1)
        The next step's sum is one of a row, of which ``begins`` then says whether it is the first; and ``valid`` comes
        with a row's last one. Where the steps of a row are summed first.
    index : In
        The number of the step whose sum comes in the next step. Where it is shifted.
    valid_out, first_out ... : Out
        For the next column, where ``follow``.
    x : In(len(columns))
        Sum of products over a block: that of ``finish`` steps later's row.
    sum : Out(accumulator)
        With the blocks before, two steps after ``valid``, modulo 2**accumulator.
    """

    module = "foot"
    role = roles.DRAIN

    def __init__(self, params: EngineParams, columns: tuple[int, ...], excess: int, *, follow: bool) -> None:
        axes = params.axes
        self.params = params
        self.columns = columns
        self.excess = excess
        self.follow = follow
        self.in_time = axes.digits.order is not None
        self.gathers = self.in_time and axes.saves_carries and not axes.sum.per_weight
        self.finish = int(not axes.sums_in_one_step) + self.gathers
        digits = None if params.floating else Step.of(params).products.encoding
        self.shifts = [0]
        if axes.sum.per_weight and isinstance(digits, StepDigits):
            self.shifts = [digits.step_bits * step for step in range(digits.steps)]
        self.flags = {"valid": 1, "first": 1}
        if self.in_time:
            self.flags |= {"begins": 1, **({"adds": 1} if self.gathers else {})}
        if len(self.shifts) > 1:
            self.flags["index"] = (len(self.shifts) - 1).bit_length()
        ports: dict[str, Any] = {"en": In(1), **{name: In(bits) for name, bits in self.flags.items()}}
        if follow:
            ports |= {f"{name}_out": Out(bits) for name, bits in self.flags.items()}
        self.resets = params.rows - 2 >= STAYING
        super().__init__({**ports, "x": In(len(columns)), "sum": Out(params.accumulator)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        flags = {name: Signal(bits, name=f"row_{name}", reset_less=True) for name, bits in self.flags.items()}
        total = Signal(self.params.accumulator, reset_less=True)
        step = Signal()
        m.d.comb += [step.eq(self.en & flags["valid"]), self.sum.eq(total)]
        if self.follow:
            m.d.comb += [getattr(self, f"{name}_out").eq(flag) for name, flag in flags.items()]
        with m.If(self.en):
            m.d.sync += [flag.eq(getattr(self, name)) for name, flag in flags.items()]
        # Rows move on with their first step.
        begins = flags["begins"] if self.in_time and not self.gathers else None
        moves = step if begins is None else step & begins
        before: Value = Mux(flags["first"], 0, total)
        if self.params.rows > 1:
            before = self._before(m, moves, total)
        if begins is not None:
            before = Mux(begins, before, total)
        x, columns = self.x, self.columns
        if self.gathers:
            x, columns = self._gathered(m, flags["adds"], flags["begins"])
        if self.finish:
            x = self._number(m, x, columns, flags.get("index"))
        if self._signed:
            x = x.as_signed()
        with m.If(step):
            m.d.sync += total.eq(plus(m, self.params, "add", before, x))
        return m

    @property
    def _signed(self) -> bool:
        """Sums of a block are two's complement."""
        if self.params.floating or (self.gathers and not self.params.result_signed):
            return False
        return Step.of(self.params).signed(self.params)

    def _before(self, m: Module, step: Value, total: Value) -> Value:
        """The sum of the row that comes next; where it begins a new one, it becomes zero before it is needed."""
        rows = self.params.rows
        end = delay_line(m, "line", step, total, rows - 2)
        before = Signal(len(total), name="sum_before", reset_less=True)
        begin = self.valid & self.first
        if self.in_time and not self.gathers:
            begin &= self.begins
        with m.If(step | (self.en & begin)):
            m.d.sync += before.eq(Mux(begin, 0, end))
        return before

    def _gathered(self, m: Module, adds: Value, begins: Value) -> tuple[Value, tuple[int, ...]]:
        """The sum of a row's steps so far, modulo 2**params.block_bits, and the columns of its bits."""
        width = self.params.block_bits
        heap = BitHeap(width)
        carries = carry_columns(width, width, self.params.carry_every)
        columns = (*range(width), *carries)
        gathered = Signal(len(columns), reset_less=True)
        kept = Signal(len(columns))
        m.d.comb += kept.eq(Mux(begins, 0, gathered))
        for word, places in ((kept, columns), (self.x, self.columns)):
            for column, bit in zip(places, word, strict=True):
                heap.add(bit, column)
        heap.add_constant(-self.excess)
        total = Cat(*reduce_to_groups(m, heap, carries, "gathered"))
        with m.If(self.en & adds):
            m.d.sync += gathered.eq(total)
        return gathered, columns

    def _number(self, m: Module, x: Value, columns: tuple[int, ...], index: Value | None) -> Value:
        """The sum as one number, without its excess, at the weight of its step, one step later."""
        width = self.params.block_bits
        if self.in_time and not self.gathers:
            width = Step.of(self.params).sum_bits(self.params, self.params.depth)
        heap = BitHeap(width)
        for column, bit in zip(columns, x, strict=True):
            heap.add(bit, column)
        if not self.gathers:
            heap.add_constant(-self.excess)
        total = propagate(m, heap)
        if index is not None:
            total = self._shifted(m, index, total)
        number = Signal(len(total), reset_less=True)
        with m.If(self.en):
            m.d.sync += number.eq(total)
        return number

    def _shifted(self, m: Module, index: Value, x: Value) -> Value:
        """A number at the weight of its step; both have a sign."""
        width = min(len(x) + self.shifts[-1], self.params.accumulator)
        x = x.as_signed()
        shifted = Signal(width)
        with m.Switch(index):
            for number, places in enumerate(self.shifts[:-1]):
                with m.Case(number):
                    m.d.comb += shifted.eq(x.shift_left(places))
            with m.Default():
                m.d.comb += shifted.eq(x.shift_left(self.shifts[-1]))
        return shifted

"""Beats to steps where the digits of A follow each other in time: what stands in front of the array."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.engine.held import HeldColumn, HeldRow
from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params import EngineParams

__all__ = ["Stepper"]


class Stepper(Part):
    """Turn a beat of operands of A and B into steps: some digits of all operands of A, then the next ones.

    A beat takes as many steps as operands have groups of digits, the lowest first. Where only steps are skipped in
    which no operand of A has a digit, it takes as many as are left, and one if none is. All rows and lanes go on
    together. Beats follow each other without a gap.

    Members
    -------
    en : In(1)
        Advance; otherwise nothing changes.
    have, last : In(1)
        A beat waits on both operand streams; it is the last of its tile.
    ready : Out(1)
        A beat that waits is taken.
    a : In(rows * k_step * a.width)
    b : In(cols * k_step * b.width)
    valid, step_last : Out(1)
        There is a step, ``latency`` cycles after its beat was taken at the earliest; it is the last of its tile.
    take : In(1)
        The step is done. Only where ``en``.
    digits : Out(rows * row.digits)
    weighted : Out(cols * column.weighted)
        The digits and operands of the step for each row and column, see :class:`hdl.engine.held.HeldRow`; digits are
        zero where there is no ``take``.

    Attributes
    ----------
    latency : int
        Cycles from a beat to its first step, at the least.
    """

    module = "serialiser"
    role = roles.SERIALISER
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.row, self.column = HeldRow(params), HeldColumn(params)
        self.steps = self.row.group.steps
        self.latency = 2 if self.row.waits else 1
        inputs = dict.fromkeys(("en", "have", "last", "take"), 1)
        inputs |= {"a": params.rows * len(self.row.values), "b": params.cols * len(self.column.values)}
        outputs = dict.fromkeys(("ready", "valid", "step_last"), 1)
        outputs |= {"digits": params.rows * len(self.row.digits)}
        outputs |= {"weighted": params.cols * len(self.column.weighted)}
        super().__init__(
            {name: In(bits) for name, bits in inputs.items()} | {name: Out(bits) for name, bits in outputs.items()}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid, last, load, step = Signal(), Signal(), Signal(), Signal()
        there, there_last = self.have, self.last
        controls = {"store": load}
        if self.row.waits:
            store, there, there_last = Signal(), Signal(name="waiting"), Signal(name="waiting_last")
            controls = {"store": store, "load": load}
            m.d.comb += [self.ready.eq(self.en & (~there | load)), store.eq(self.ready & self.have)]
            with m.If(store):
                m.d.sync += [there.eq(1), there_last.eq(self.last)]
            with m.Elif(load):
                m.d.sync += there.eq(0)
        select = Signal(self.steps)
        taken = Signal(self.steps)
        m.d.comb += taken.eq(select & self.take.replicate(self.steps))
        rows = self._held(m, "row", self.row, self.a, select=taken, **controls)
        columns = self._held(m, "column", self.column, self.b, select=select, **controls)
        if self.row.waits:
            done = self._skip(m, reduce(or_, (row.some for row in rows)), load, step, select)
        else:
            done = self._count(m, load, step, select)
        free = Signal()
        m.d.comb += [
            free.eq(self.en & (~valid | (self.take & done))),
            load.eq(free & there),
            step.eq(self.take & ~done),
            self.valid.eq(valid),
            self.step_last.eq(last & done),
            self.digits.eq(Cat(row.digits for row in rows)),
            self.weighted.eq(Cat(column.weighted for column in columns)),
        ]
        if not self.row.waits:
            m.d.comb += self.ready.eq(free)
        with m.If(free):
            m.d.sync += valid.eq(there)
        with m.If(load):
            m.d.sync += last.eq(there_last)
        return m

    def _held(self, m: Module, name: str, part: Part, values: Value, **controls: Value) -> list[Shared]:
        """The operands of all rows, or columns."""
        size = len(part.values)
        return [
            place(m, f"{name}{i}", part, values=values.word_select(i, size), **controls)
            for i in range(len(values) // size)
        ]

    def _count(self, m: Module, load: Value, step: Value, select: Signal) -> Value:
        """Select all steps in turn; gives whether the last one is."""
        if self.steps == 1:
            m.d.comb += select.eq(1)
            return Const(1, 1)
        with m.If(load):
            m.d.sync += select.eq(1)
        with m.Elif(step):
            m.d.sync += select.eq(select << 1)
        return select[-1]

    def _skip(self, m: Module, some: Value, load: Value, step: Value, select: Signal) -> Value:
        """Select the steps in which there is a digit in turn; gives whether the last one is."""
        left, following, lowest = Signal(self.steps), Signal(self.steps), Signal(self.steps)
        m.d.comb += following.eq(Mux(load, some, left))
        m.d.comb += lowest.eq(Cat(bit & ~following[:i].any() for i, bit in enumerate(following)))
        with m.If(load | step):
            m.d.sync += [select.eq(lowest), left.eq(following & ~lowest)]
        return ~left.any()

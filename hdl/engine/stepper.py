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
    accept : Out(1)
        The beat that waits is taken.
    idle : Out(1)
        No beat is under way.
    a : In(rows * k_step * a.width)
    b : In(cols * k_step * b.width)
    valid, step_last : Out(1)
        There is a step, ``latency`` cycles after its beat was offered at the earliest; it is the last of its tile.
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
        outputs = dict.fromkeys(("accept", "idle", "valid", "step_last"), 1)
        outputs |= {"digits": params.rows * len(self.row.digits)}
        outputs |= {"weighted": params.cols * len(self.column.weighted)}
        super().__init__(
            {name: In(bits) for name, bits in inputs.items()} | {name: Out(bits) for name, bits in outputs.items()}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid, last, load, step = Signal(), Signal(), Signal(), Signal()
        # The step is the last one of its beat, of its tile: known in registers, as much depends on them.
        done, step_last = Signal(), Signal()
        if self.row.waits:
            there, there_last, store = self._wait(m, load)
            controls = {"store": store, "load": load}
        else:
            there, there_last = self._hold(m, load), self.last
            controls = {"store": load}
        select = Signal(self.steps)
        taken = Signal(self.steps)
        m.d.comb += taken.eq(select & self.take.replicate(self.steps))
        rows = self._held(m, "row", self.row, self.a, select=taken, **controls)
        columns = self._held(m, "column", self.column, self.b, select=select, **controls)
        if self.row.waits:
            following, ends = self._skip(m, reduce(or_, (row.some for row in rows)), load, step)
        else:
            following, ends = self._count(load, select)
        free = Signal()
        m.d.comb += [
            self.idle.eq(~valid & ~there),
            free.eq(self.en & (~valid | (self.take & done))),
            load.eq(free & there),
            step.eq(self.take & ~done),
            self.valid.eq(valid),
            self.step_last.eq(step_last),
            self.digits.eq(Cat(row.digits for row in rows)),
            self.weighted.eq(Cat(column.weighted for column in columns)),
        ]
        with m.If(free):
            m.d.sync += valid.eq(there)
        with m.If(load):
            m.d.sync += last.eq(there_last)
        with m.If(load | step):
            m.d.sync += [select.eq(following), done.eq(ends), step_last.eq(ends & Mux(load, there_last, last))]
        return m

    def _wait(self, m: Module, load: Value) -> tuple[Value, Value, Value]:
        """A place for the next beat: whether one waits there, whether it is its tile's last, and that one is stored."""
        waiting, waiting_last, store = Signal(), Signal(), Signal()
        m.d.comb += [self.accept.eq(store), store.eq(self.en & (~waiting | load) & self.have)]
        with m.If(store):
            m.d.sync += [waiting.eq(1), waiting_last.eq(self.last)]
        with m.Elif(load):
            m.d.sync += waiting.eq(0)
        return waiting, waiting_last, store

    def _hold(self, m: Module, load: Value) -> Value:
        """The next beat waits where it comes from; gives whether one does.

        Where a beat takes several steps it is accepted a cycle after it was loaded, so that nothing in front waits for
        what this cycle decides.
        """
        if self.steps == 1:
            m.d.comb += self.accept.eq(load)
            return self.have
        loaded = Signal()
        m.d.sync += loaded.eq(load)
        m.d.comb += self.accept.eq(loaded)
        return self.have & ~loaded

    def _held(self, m: Module, name: str, part: Part, values: Value, **controls: Value) -> list[Shared]:
        """The operands of all rows, or columns."""
        size = len(part.values)
        return [
            place(m, f"{name}{i}", part, values=values.word_select(i, size), **controls)
            for i in range(len(values) // size)
        ]

    def _count(self, load: Value, select: Value) -> tuple[Value, Value]:
        """The next step, which follows the one before, and whether it is the last one."""
        if self.steps == 1:
            return Const(1, 1), Const(1, 1)
        return Mux(load, 1, select << 1), select[-2] & ~load

    def _skip(self, m: Module, some: Value, load: Value, step: Value) -> tuple[Value, Value]:
        """The next step in which there is a digit, or none at all, and whether it is the last one."""
        left, among, lowest, others = (Signal(self.steps, name=name) for name in ("left", "among", "lowest", "others"))
        m.d.comb += [
            among.eq(Mux(load, some, left)),
            lowest.eq(Cat(bit & ~among[:i].any() for i, bit in enumerate(among))),
            others.eq(among & ~lowest),
        ]
        with m.If(load | step):
            m.d.sync += left.eq(others)
        return lowest, ~others.any()

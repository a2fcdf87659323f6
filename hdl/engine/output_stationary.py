"""Engines whose PEs keep the sums: operands pass by, and finished sums leave over the result buses."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.array.deskew import Deskew
from hdl.array.rows import Array
from hdl.array.skew import skew
from hdl.engine.body import Body
from hdl.engine.control import Control
from hdl.engine.drain import Drain
from hdl.engine.turns import TurnControl
from hdl.lib.delay import delay, later
from hdl.lib.shared import place
from hdl.params import EngineParams
from hdl.params.axes import Adders
from hdl.pe.scheme import Scheme

__all__ = ["Operands", "OutputStationary"]


@dataclass(frozen=True)
class Operands:
    """What the array may take in a step.

    Parameters
    ----------
    have, last : Value
        There are operands; they are the last of their tile.
    a, b : Value
        The operands of all rows, zero where none are taken, and of all columns.
    hold, passed : Value and Signal, or None
        The operands that wait are passed over instead, while the array stands still; they are, in this cycle.
    """

    have: Value
    last: Value
    a: Value
    b: Value
    hold: Value | None = None
    passed: Signal | None = None


class OutputStationary(Body):
    """Operands, skewed, through the array; results, finished and aligned.

    A bubble is a zero of the operand that is recoded: its products are zero. Of floating-point operands both are, as a
    zero times an infinity is none. For the ports see
    :class:`hdl.engine.body.Body`.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        self.scheme = Scheme.of(params)
        self.core = {part: count * params.rows * params.cols for part, count in self.scheme.core.items()}
        if self.scheme.recode is not None:
            places = params.cols if self.scheme.recodes_b else params.a_rows
            self.core[self.scheme.recode.module] = self.scheme.lanes * places
        if self.scheme.widen is not None:
            self.core[self.scheme.widen.module] = self.scheme.lanes * (params.a_rows + params.cols)
        #: Steps by which operands wait in front of the recoders, which would be too much after the logic that lets
        #: them enter.
        self.wait = int(self.scheme.recode is not None or self.scheme.widen is not None)

    @property
    def align(self) -> int:
        """Steps from the first sum that a final adder takes, or would, to its row of results, beside that addition.

        A row's adder has a register for the row, and the result bus one more; the adder of all has one for a row.
        """
        if self.scheme.adders is Adders.ROW:
            return self.flow.turn_steps + 2
        return self.flow.hold_steps + self.params.cols if self.scheme.adders is Adders.ONE else super().align

    @property
    def steps(self) -> int:
        return self.wait + self.scheme.pe.steps + self.scheme.pe.finish + self.align

    def elaborate(self, platform: object) -> Module:
        m = Module()
        en = Signal()
        take = Signal()
        enter = Signal()
        operands = self.operands(m, en, take, enter)
        inputs = {"have": operands.have, "last": operands.last, "room": self.room}
        inputs |= {} if operands.hold is None else {"hold": operands.hold}
        kind = TurnControl if self.params.interleave > 1 else Control
        control = place(m, "control", kind(self.params, self.steps, holds="hold" in inputs), **inputs)
        moves: Value = en
        if operands.passed is not None:
            moves = en | operands.passed
            m.d.comb += operands.passed.eq(control.passed)
        m.d.comb += [
            en.eq(control.en),
            take.eq(control.take),
            enter.eq(control.enter),
            self.blocked.eq(~moves),
            self.row_valid.eq(en & control.row_valid),
            self.row_last.eq(control.row_last),
            self.row_data.eq(self._rows(m, en, control.clear, operands)),
        ]
        return m

    def operands(self, m: Module, en: Value, take: Value, enter: Value) -> Operands:
        """The operands of the next step, which ``take`` accepts; drives everything that depends on the streams.

        ``enter`` tells operands from a bubble where a step is made: all their bits depend on it, ``take`` on its own
        would be slow. Here a step takes a beat of each.
        """
        streams = self.pair(m, take)
        every = self.params.multiplies_by_operator or self.params.reset_data or self.params.floating
        a = self._entering(m, "a", self.a_data, enter, zero=every or not self.scheme.recodes_b)
        b = self._entering(m, "b", self.b_data, enter, zero=every or self.scheme.recodes_b)
        m.d.comb += [
            self.beat.eq(take),
            self.active.eq(take),
            self.starved.eq(en & self.wanted & ~streams.have),
        ]
        return Operands(self.wanted & streams.have, streams.last, a, b)

    @staticmethod
    def _entering(m: Module, name: str, data: Value, enter: Value, *, zero: bool) -> Value:
        """Operands of a stream; in a bubble ``zero``, or whatever they are.

        The product with a zero is zero whatever the other operand is. But in a simulation with unknown values an
        operator, a netlist, or digits make an unknown one of it: zero is at least the operand that is recoded.
        """
        if not zero:
            return data
        operands = Signal(len(data), name=f"operands_{name}")
        m.d.comb += operands.eq(Mux(enter, data, 0))
        return operands

    def _rows(self, m: Module, en: Value, clear: Value, operands: Operands) -> Value:
        """Rows of results."""
        rows, cols, wait = self.params.rows, self.params.cols, self.wait
        a, b = (delay(m, f"wait_{name}", en, value, wait) for name, value in (("a", operands.a), ("b", operands.b)))
        ahead = self.scheme.pe.ahead
        early = delay(m, "wait_clear", en, clear, wait + self.scheme.pe.steps - 2 - ahead)
        clear = delay(m, "clear_ahead", en, early, ahead)
        clears: Value = early.replicate(rows)
        if self.flow.row_skew:
            clears, a = skew(m, "skew_clear", en, clears, rows), skew(m, "skew_a", en, a, rows, stays=True)
        if self.flow.column_skew:
            b = skew(m, "skew_b", en, b, cols, stays=True)
        hold = {}
        if self.scheme.adders is Adders.ONE:
            hold["hold"] = later(m, "clear", en, clear, 1 + self.flow.hold_steps)[1:].any()
        array = place(m, "array", Array(self.params, self.scheme), en=en, clear=clears, a=a, b=b, **hold)
        sums = array.acc
        valid = self._there(m, en, clear) if self._watches else Const(1, 1)
        if self.scheme.adders in (Adders.COLUMN, Adders.ONE):
            steps = {"clear": clear} if self.scheme.excess else {}
            sums = place(m, "drain", Drain(self.params, self.scheme), en=en, valid=valid, acc=sums, **steps).sums
        return self._aligned(m, en, valid, sums)

    @property
    def _watches(self) -> bool:
        """Something outside of the array is clocked only while there are results."""
        if self.scheme.adders is Adders.OWN:
            return bool(self.flow.column_skew) and self.params.cols > 1
        return self.scheme.adders is Adders.COLUMN

    def _there(self, m: Module, en: Value, clear: Value) -> Value:
        """The first column's result bus has a tile's results, in ``result_steps`` steps from two after ``clear``."""
        begin, there = Signal(name="results_begin"), Signal(name="results_there")
        left = Signal(range(self.flow.result_steps), name="results_left")
        with m.If(en):
            m.d.sync += [
                begin.eq(clear),
                there.eq(begin | (there & left.any())),
                left.eq(Mux(begin, self.flow.result_steps - 1, left - 1)),
            ]
        return there

    def _aligned(self, m: Module, en: Value, valid: Value, sums: Value) -> Value:
        """The results of a row side by side; ``valid`` as of the result bus."""
        adders = self.scheme.adders
        if adders is Adders.ONE:
            row = Signal(self.flow.c.payload_bits, reset_less=True)
            with m.If(en):
                m.d.sync += row.eq(Cat(row[len(sums) :], sums))
            return row
        if adders is Adders.ROW or not self.flow.column_skew or self.params.cols == 1:
            return sums
        finished = later(m, "valid", en, valid, self.scheme.pe.finish)[-1] if self.scheme.pe.finish else valid
        return place(m, "deskew", Deskew(self.params.cols, self.scheme.width), en=en, valid=finished, i=sums).o

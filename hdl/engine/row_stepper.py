"""Rows of A to steps, where a block of B stays and digits follow each other in time."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.arith.step import step_digits
from hdl.engine.held import Held, HeldDigits
from hdl.engine.stepper import Stepper
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.axes import Recoded

__all__ = ["RowStepper"]


class HeldRow(Held):
    """A row of A whose operands meet digits in the PEs. For parameters and other ports see :class:`Held`.

    Members
    -------
    step : Out(lanes * form.width)
        The operands.
    """

    module = "held_row"

    def elaborate(self, platform: object) -> Module:
        m = Module()
        _, held = self.hold(m, self.values)
        m.d.comb += self.step.eq(held & self.select.any().replicate(len(held)))
        return m


class RowStepper(Stepper):
    """Turn a row of A into steps: some digits of all its operands, then the next ones.

    Where digits of B are taken, or PEs recode, the row is the same in all its steps. A row takes as many steps as
    operands have groups of digits, the lowest first; but where steps are skipped in which none of its operands has a
    digit, as many as are left, and one if none is.

    Members
    -------
    en : In(1)
        Advance; otherwise nothing changes.
    have, last : In(1)
        A row waits; it is the last of its tile.
    accept : Out(1)
        The row that waits is taken.
    idle : Out(1)
        No row is under way.
    a : In(depth * a.width)
    valid, row_last : Out(1)
        There is a step; its row is the last of its tile.
    begins, ends : Out(1)
        The step is its row's first, or last.
    take : In(1)
        The step is done. Only where ``en``.
    drop : In(1)
        The row is not wanted.
    a_step : Out
        The digits, or operands, of the step; zero where there is no ``take``.
    index : Out
        The number of the step; zero where there is no ``take``.
    """

    def __init__(self, params: EngineParams) -> None:
        digits, self.skips = step_digits(params), params.data_dependent
        self.recoded = "a"
        held: Part
        if params.axes.recodes_in_pe or params.axes.recoded is Recoded.B:
            steps = {"step": params.depth * params.a.width}
            held = HeldRow(digits, params.a, params.depth, waits=self.skips, outputs=steps)
        else:
            held = HeldDigits(digits, Recoder(params.encoder, params.a), params.depth, waits=self.skips)
        self.held, self.places, self.steps = {"a": held}, {"a": 1}, digits.steps
        self.latency, self.index_bits = 2 if self.skips else 1, 0
        index_bits = (digits.steps - 1).bit_length()
        flags = {name: In(1) for name in ("en", "have", "last", "take", "drop")}
        flags |= {name: Out(1) for name in ("accept", "idle", "valid", "row_last", "begins", "ends")}
        beats = {"a": In(len(held.values)), "a_step": Out(len(held.step)), "index": Out(index_bits)}
        super(Stepper, self).__init__(flags | beats)

    @property
    def dropped(self) -> Value:
        port: Value = self.drop
        return port

    def say(
        self, m: Module, first: Value, moves: Value, select: Value, *, done: Value, last: Value, ends: Value
    ) -> None:
        begins = Signal()
        with m.If(moves):
            m.d.sync += begins.eq(first)
        m.d.comb += [self.begins.eq(begins), self.ends.eq(done), self.row_last.eq(last)]
        m.d.comb += self.index.eq(self.number(select, len(self.index)) & self.take.replicate(len(self.index)))

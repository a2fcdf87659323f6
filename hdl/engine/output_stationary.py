"""Engines whose PEs keep the sums: operands pass by, and finished sums leave over the result buses."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Mux, Signal, Value

from hdl.array.rows import Array
from hdl.array.skew import skew
from hdl.engine.body import Body
from hdl.engine.control import Control
from hdl.engine.drain import Drain
from hdl.lib.delay import delay
from hdl.lib.shared import place
from hdl.params import EngineParams
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
    """

    have: Value
    last: Value
    a: Value
    b: Value


class OutputStationary(Body):
    """Operands, skewed, through the array; results, finished and aligned.

    A bubble is a zero operand of A: its products are zero. For the ports see :class:`hdl.engine.body.Body`.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        self.scheme = Scheme.of(params)
        self.core = {part: count * params.rows * params.cols for part, count in self.scheme.core.items()}
        if self.scheme.recode is not None:
            self.core[self.scheme.recode.module] = self.scheme.lanes * params.rows

    def elaborate(self, platform: object) -> Module:
        m = Module()
        en, take = Signal(), Signal()
        operands = self.operands(m, en, take)
        latency = self.flow.recode_steps + self.flow.array_steps + self.flow.align_steps
        inputs = {"have": operands.have, "last": operands.last, "room": self.room}
        control = place(m, "control", Control(self.params, latency), **inputs)
        m.d.comb += [
            en.eq(control.en),
            take.eq(control.take),
            self.blocked.eq(~en),
            self.row_valid.eq(en & control.row_valid),
            self.row_last.eq(control.row_last),
            self.row_data.eq(self._rows(m, en, control.clear, operands)),
        ]
        return m

    def operands(self, m: Module, en: Value, take: Value) -> Operands:
        """The operands of the next step, which ``take`` accepts; drives everything that depends on the streams.

        Here a step takes a beat of each.
        """
        streams = self.pair(m, take)
        a = Signal(len(self.a_data), name="operands_a")
        b: Value = self.b_data
        operator = self.params.axes.multiplies and self.params.multiplier == "inferred"
        if operator or self.params.reset_data:
            # The product with a zero is zero whatever the other operand is. But in a simulation with unknown values an
            # operator, or a netlist, makes an unknown one of it.
            b = Signal(len(self.b_data), name="operands_b")
            m.d.comb += b.eq(Mux(take, self.b_data, 0))
        m.d.comb += [
            a.eq(Mux(take, self.a_data, 0)),
            self.beat.eq(take),
            self.active.eq(take),
            self.starved.eq(en & self.wanted & ~streams.have),
        ]
        return Operands(self.wanted & streams.have, streams.last, a, b)

    def _rows(self, m: Module, en: Value, clear: Value, operands: Operands) -> Value:
        """Rows of results."""
        rows, cols, wait = self.params.rows, self.params.cols, self.flow.recode_steps
        a, b = (delay(m, f"wait_{name}", en, value, wait) for name, value in (("a", operands.a), ("b", operands.b)))
        clear = delay(m, "wait_clear", en, clear, wait + self.flow.array_steps - 2)
        array = place(
            m,
            "array",
            Array(self.params, self.scheme),
            en=en,
            clear=skew(m, "skew_clear", en, clear.replicate(rows), rows),
            a=skew(m, "skew_a", en, a, rows),
            b=skew(m, "skew_b", en, b, cols) if self.flow.column_skew else b,
        )
        sums = array.acc
        if self.scheme.redundant:
            steps = {"clear": clear} if self.scheme.excess else {}
            sums = place(m, "drain", Drain(self.params, self.scheme), en=en, acc=sums, **steps).sums
        return skew(m, "deskew", en, sums, cols, reverse=True) if self.flow.column_skew else sums

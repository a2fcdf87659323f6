"""Engines whose PEs keep the sums: operands pass by, and finished sums leave over the result buses."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.array.rows import Array
from hdl.array.skew import skew
from hdl.engine.body import Body
from hdl.engine.control import Control
from hdl.engine.drain import Drain
from hdl.lib.delay import delay
from hdl.lib.shared import place
from hdl.params import EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["OutputStationary"]


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
        control = place(
            m,
            "control",
            Control(self.params, latency=self.flow.recode_steps + self.flow.array_steps + self.flow.align_steps),
            wanted=self.wanted,
            have=self.a_valid & self.b_valid,
            last=self.a_last,
            room=self.room,
        )
        take, en = control.take, control.en
        m.d.comb += [
            self.a_take.eq(take),
            self.b_take.eq(take),
            self.beat.eq(take),
            self.beat_last.eq(self.a_last),
            self.active.eq(take),
            self.starved.eq(control.starved),
            self.blocked.eq(~en),
            self.mismatch.eq(take & (self.a_last != self.b_last)),
            self.row_valid.eq(en & control.row_valid),
            self.row_last.eq(control.row_last),
            self.row_data.eq(self._rows(m, en, control.clear, take)),
        ]
        return m

    def _rows(self, m: Module, en: Value, clear: Value, take: Value) -> Value:
        """Rows of results, of steps that take operands or else are bubbles."""
        rows, cols, wait = self.params.rows, self.params.cols, self.flow.recode_steps
        operands = Signal(len(self.a_data))
        m.d.comb += operands.eq(Mux(take, self.a_data, 0))
        a: Value = operands
        count: Value = Const(1, 1)
        if self.scheme.marks:
            a = Cat(Cat(operands.word_select(i, self.scheme.a_bits - 1), take) for i in range(rows))
            count = delay(m, "wait_count", en, take | clear, wait)
        a, b = (delay(m, f"wait_{name}", en, value, wait) for name, value in (("a", a), ("b", self.b_data)))
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
            steps = {"clear": clear, "count": count} if self.scheme.excess else {}
            sums = place(m, "drain", Drain(self.params, self.scheme), en=en, acc=sums, **steps).sums
        return skew(m, "deskew", en, sums, cols, reverse=True) if self.flow.column_skew else sums

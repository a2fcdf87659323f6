"""Control of an output-stationary array whose results are several partial sums, which take the steps of K in turn."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value

from hdl.engine.control import Control
from hdl.params import Dataflow

__all__ = ["TurnControl"]


class TurnControl(Control):
    """As :class:`hdl.engine.control.Control`, but that step k of K is one of partial sum k modulo their number.

    So that this is so whatever streams do, bubbles come as many at a time as there are partial sums, and a tile is
    filled up with bubbles until all have had as many steps: only then comes ``clear``.
    """

    def _operands(self, m: Module) -> Value:
        turns = self.params.interleave
        spacing = (-(-Dataflow(self.params).drain_cycles // turns) - 1) * turns
        wait = Signal(range(spacing + 1), name="to_wait", init=spacing)
        apart = Signal(init=spacing == 0)
        turn = Signal(range(turns))  # the partial sum of the next operands
        owed = Signal(range(turns))  # bubbles that follow the first of a run
        fill = Signal(range(turns))  # bubbles up to the end of a tile
        idle = Signal(init=1)  # neither: in a register, as all that moves depends on it
        m.d.comb += [
            self.enter.eq(self.have & (apart | ~self.last) & idle),
            self.take.eq(self.en & self.enter),
        ]
        clear = Signal(init=1)
        ends = Signal()
        filled = turn == turns - 1
        m.d.comb += [
            self.clear.eq(clear),
            ends.eq(self.en & Mux(self.enter, self.last & filled, fill == 1)),
        ]
        with m.If(self.en):
            m.d.sync += [
                clear.eq(ends),
                wait.eq(Mux(ends, spacing, Mux(apart, 0, wait - 1))),
                apart.eq(Mux(ends, spacing == 0, wait <= 1)),
            ]
            with m.If(self.enter):
                m.d.sync += [
                    turn.eq(Mux(self.last | filled, 0, turn + 1)),
                    fill.eq(Mux(self.last, Const(turns - 1) - turn, 0)),
                    idle.eq(~self.last | filled),
                ]
            with m.Elif(fill.any()):
                m.d.sync += [fill.eq(fill - 1), idle.eq(fill == 1)]
            with m.Else():
                m.d.sync += [owed.eq(Mux(owed.any(), owed - 1, turns - 1)), idle.eq(owed == 1)]
        return ends

"""Control of an output-stationary array: which cycle advances, which step has operands, where results are."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Adders

__all__ = ["Control"]


class Control(Part):
    """The control of an output-stationary array.

    The array advances in *steps*: cycles in which ``en`` is high. A step carries operands, or a bubble, which is all
    zeros and changes no sum. ``clear`` marks the step after a tile's last one: it begins the next sums and reads out
    the finished ones. Two tiles' last steps are at least ``Dataflow.drain_cycles`` apart, so that no two sums share a
    result bus; nothing else ever holds operands back but a result that finds no room.

    Parameters
    ----------
    params : EngineParams
    latency : int
        Steps from a ``clear`` to the first row of results; at least 2.
    holds : bool
        It has ``hold`` and ``passed``.

    Members
    -------
    have : In(1)
        The operands of a step wait. ``take`` : Out(1) accepts them.
    last : In(1)
        They are the last of their tile.
    hold : In(1)
        Instead of a step, what waits is passed over where there could be one: ``passed`` : Out(1).
    enter : Out(1)
        If this is a step it has operands, and is no bubble: ``take``, but for ``en``.
    en, clear : Out(1)
        To the array, with the operands of this step.
    row_valid, row_last : Out(1)
        In a step: the drain holds a row of results, the tile's last.
    room : In(1)
        The result buffer can take a row in the next cycle.
    """

    module = "control"
    role = roles.CONTROL
    resets = True

    def __init__(self, params: EngineParams, latency: int, *, holds: bool = False) -> None:
        self.params = params
        self.latency = latency
        self.holds = holds
        ports = {name: In(1) for name in ("have", "last", "room", *(("hold",) if holds else ()))}
        ports |= {name: Out(1) for name in ("take", "enter", "en", "clear", "row_valid", "row_last")}
        ports |= {"passed": Out(1)} if holds else {}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._rows(m, self._operands(m))
        return m

    def _operands(self, m: Module) -> Value:
        """Beats, bubbles and clears; gives whether this step, the last of a tile, is made."""
        spacing = Dataflow(self.params).drain_cycles - 1
        wait = Signal(range(spacing + 1), name="to_wait", init=spacing)
        apart = Signal(init=spacing == 0)  # ``wait`` is zero: in a register, as all that moves depends on it
        last = Signal(name="takes_last")
        m.d.comb += [
            self.enter.eq(self.have & (apart | ~self.last)),
            self.take.eq(self.en & self.enter),
            last.eq(self.take & self.last),
        ]
        # After a reset as after a tile: the first step of the first tile begins new sums.
        clear = Signal(init=1)
        m.d.comb += self.clear.eq(clear)
        with m.If(self.en):
            m.d.sync += clear.eq(last)
            m.d.sync += wait.eq(Mux(last, spacing, Mux(apart, 0, wait - 1)))
            m.d.sync += apart.eq(Mux(last, spacing == 0, ~Cat(wait[1:], Const(0, 1)).any()))  # it is at most 1
        return self.take & self.last

    def _rows(self, m: Module, ends: Value) -> None:
        """Where the results are: one row a step, and a gap at every register of the result bus.

        Where an adder takes all sums in turn, it is one row in as many steps as there are columns.
        """
        flow = Dataflow(self.params)
        turns = flow.in_turn is Adders.ONE
        period = (flow.ROWS_PER_BUS_STAGE if flow.row_skew else self.params.rows) + 1
        if turns:
            period = self.params.cols
        tile = Signal()  # this step's clear ends a tile, and is not the one after the reset
        flight = Signal(self.latency - 1)
        draining = Signal()
        slot = Signal(range(flow.result_steps))
        phase = Signal(range(period))
        row_valid = Signal()
        row_last = Signal()
        begin = flight[-1]
        on = begin | draining
        here = Mux(begin, 0, slot)
        final = here == flow.result_steps - 1
        phase_here = Mux(begin, 0, phase)
        valid_next = Signal()
        m.d.comb += valid_next.eq(on & (phase_here == 0 if turns else phase_here != period - 1))
        with m.If(self.en):
            m.d.sync += [
                tile.eq(ends),
                flight.eq(Cat(tile, flight)[: self.latency - 1]),
                draining.eq(on & ~final),
                slot.eq(here + 1),
                phase.eq(Mux(phase_here == period - 1, 0, phase_here + 1)),
                row_valid.eq(valid_next),
                row_last.eq(on & final),
            ]
        m.d.comb += [self.row_valid.eq(row_valid), self.row_last.eq(row_last)]
        # Freeze only where a row of results would find no room.
        free = Signal(init=1, name="free" if self.holds else "en")  # the same as the port where nothing else stops it
        moves: Value = free
        if self.holds:
            moves = free & ~self.hold
            m.d.comb += self.passed.eq(free & self.hold)
        m.d.comb += self.en.eq(moves)
        m.d.sync += free.eq(self.room | ~Mux(moves, valid_next, row_valid))

"""Job control: which cycle advances, which step carries operands, and where a tile's results are."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params import Dataflow, EngineParams

__all__ = ["Control"]

COUNTER_BITS = 32


class Control(Part):
    """The control of an output-stationary array.

    The array advances in *steps*: cycles in which ``en`` is high. A step carries a beat of operands, or a bubble, which
    is all zeros and changes no sum. ``clear`` marks the step after a tile's last beat: it begins the next sums and
    reads out the finished ones. Two tiles' last beats are at least ``Dataflow.drain_cycles`` steps apart, so that no
    two sums share a result bus; nothing else ever holds operands back but a result that finds no room.

    Parameters
    ----------
    params : EngineParams
    latency : int
        Steps from a ``clear`` to the first row of results; at least 2.

    Members
    -------
    job_tiles, job_valid, job_ready, job_done, busy
        A job of so many tiles is taken while not busy; ``job_done`` pulses when its last result has left.
    have : In(1)
        A beat waits on both operand streams. ``take`` : Out(1) accepts it.
    a_last, b_last : In(1)
        The waiting beats are the last of their tile.
    en, clear : Out(1)
        To the array, with the operands of this step.
    row_valid, row_last : Out(1)
        In a step: the drain holds a row of results, the tile's last.
    room : In(1)
        The result buffer can take a row in the next cycle.
    result_taken, result_last : In(1)
        A result beat leaves the engine, a tile's last one.
    c_mismatch : In(1)
        A beat of initial values joined a row with another ``tlast``.
    counters_clear, counter_*, error_tlast, error_k
        As at the engine's ports; counters and errors follow the event by two cycles.
    """

    module = "control"
    resets = True

    def __init__(self, params: EngineParams, latency: int) -> None:
        self.params = params
        self.latency = latency
        ports = {name: In(1) for name in ("job_valid", "have", "a_last", "b_last", "room", "result_taken")}
        ports |= {name: In(1) for name in ("result_last", "c_mismatch", "counters_clear")}
        ports |= {name: Out(1) for name in ("job_ready", "job_done", "busy", "take", "en", "clear")}
        ports |= {name: Out(1) for name in ("row_valid", "row_last", "error_tlast", "error_k")}
        ports |= {f"counter_{name}": Out(COUNTER_BITS) for name in ("cycles", "active", "starved", "blocked")}
        super().__init__({"job_tiles": In(32), **ports})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._jobs(m)
        self._operands(m)
        self._rows(m)
        self._observe(m)
        return m

    def _jobs(self, m: Module) -> None:
        """Tiles still to enter and still to leave. Each comparison starts at a register, none at another's end."""
        one = Const(1, 32)
        tiles_in = Signal(32)
        tiles_out = Signal(32)
        self.wanted = Signal()  # tiles_in is not zero
        leaves = Signal()
        start = Signal()
        m.d.comb += [
            self.job_ready.eq(~self.busy),
            start.eq(self.job_valid & self.job_ready),
            leaves.eq(self.result_taken & self.result_last),
        ]
        ended = (leaves & (tiles_out == one)) | ~tiles_out.any()
        m.d.sync += self.job_done.eq(self.busy & ~self.job_done & ended)
        with m.If(start):
            m.d.sync += [tiles_in.eq(self.job_tiles), tiles_out.eq(self.job_tiles)]
            m.d.sync += [self.busy.eq(1), self.wanted.eq(self.job_tiles.any())]
        with m.Else():
            with m.If(self.take & self.a_last):
                m.d.sync += [tiles_in.eq(tiles_in - 1), self.wanted.eq(tiles_in != one)]
            with m.If(leaves):
                m.d.sync += tiles_out.eq(tiles_out - 1)
            with m.If(self.job_done):
                m.d.sync += self.busy.eq(0)

    def _operands(self, m: Module) -> None:
        """Beats, bubbles and clears."""
        spacing = Dataflow(self.params).drain_cycles - 1
        wait = Signal(range(spacing + 1), init=spacing)
        waiting = Signal()
        last = Signal()
        m.d.comb += [
            waiting.eq(wait.any()),
            self.take.eq(self.en & self.wanted & self.have & ~(waiting & self.a_last)),
            last.eq(self.take & self.a_last),
        ]
        # After a reset as after a tile: the first step of the first tile begins new sums.
        clear = Signal(init=1)
        m.d.comb += self.clear.eq(clear)
        with m.If(self.en):
            m.d.sync += clear.eq(last)
            m.d.sync += wait.eq(Mux(last, spacing, Mux(waiting, wait - 1, 0)))

    def _rows(self, m: Module) -> None:
        """Where the results are: one row a step, and a gap at every register of the result bus."""
        flow = Dataflow(self.params)
        period = flow.ROWS_PER_BUS_STAGE + 1
        tile = Signal()  # this step's clear ends a tile, and is not the one after the reset
        flight = Signal(self.latency - 1)
        draining = Signal()
        slot = Signal(range(flow.drain_cycles))
        phase = Signal(range(period))
        row_valid = Signal()
        row_last = Signal()
        begin = flight[-1]
        on = begin | draining
        here = Mux(begin, 0, slot)
        final = here == flow.drain_cycles - 1
        phase_here = Mux(begin, 0, phase)
        valid_next = Signal()
        m.d.comb += valid_next.eq(on & (phase_here != period - 1))
        with m.If(self.en):
            m.d.sync += [
                tile.eq(self.take & self.a_last),
                flight.eq(Cat(tile, flight)[: self.latency - 1]),
                draining.eq(on & ~final),
                slot.eq(here + 1),
                phase.eq(Mux(phase_here == period - 1, 0, phase_here + 1)),
                row_valid.eq(valid_next),
                row_last.eq(on & final),
            ]
        m.d.comb += [self.row_valid.eq(row_valid), self.row_last.eq(row_last)]
        # Freeze only where a row of results would find no room.
        en = Signal(init=1)
        m.d.comb += self.en.eq(en)
        m.d.sync += en.eq(self.room | ~Mux(en, valid_next, row_valid))

    def _observe(self, m: Module) -> None:
        """Counters and errors. They watch registers, one cycle late, so that nothing waits for them."""
        k_limit = Const(self.params.k_limit)
        beats = Signal(len(k_limit))
        took, ended = Signal(), Signal()
        too_long = beats == k_limit
        m.d.sync += [took.eq(self.take), ended.eq(self.a_last)]
        with m.If(took):
            m.d.sync += beats.eq(Mux(ended, 0, Mux(too_long, beats, beats + 1)))
        conditions = {
            "cycles": self.busy,
            "active": self.take,
            "starved": self.busy & self.en & self.wanted & ~self.have,
            "blocked": self.busy & ~self.en,
        }
        for name, condition in conditions.items():
            event = Signal(name=f"event_{name}")
            counter = getattr(self, f"counter_{name}")
            m.d.sync += [event.eq(condition), counter.eq(counter + event)]
            with m.If(self.counters_clear):
                m.d.sync += counter.eq(0)
        mismatch = Signal()
        m.d.sync += mismatch.eq((self.take & (self.a_last != self.b_last)) | self.c_mismatch)
        for error, condition in ((self.error_tlast, mismatch), (self.error_k, took & too_long)):
            with m.If(condition):
                m.d.sync += error.eq(1)
            with m.If(self.counters_clear):
                m.d.sync += error.eq(0)

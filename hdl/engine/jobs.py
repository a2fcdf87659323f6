"""Jobs, counters and errors: what every engine does around its array."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.counter import Counter
from hdl.lib.shared import Part, place

__all__ = ["COUNTER_BITS", "Jobs"]

COUNTER_BITS = 32
COUNTERS = ("cycles", "active", "starved", "blocked")


class Jobs(Part):
    """Counts the tiles of a job in and out, and what happens in between.

    Parameters
    ----------
    beat_limit : int
        Beats of a tile on the stream that is counted; a longer tile raises ``error_k``.

    Members
    -------
    job_tiles, job_valid, job_ready, job_done, busy
        A job of ``job_tiles`` tiles is taken while not busy; ``job_done`` pulses when its last result has left.
    wanted : Out(1)
        Tiles of the job have still to enter.
    beat, beat_last : In(1)
        A beat of the stream that comes first enters, the last one of its tile.
    result_taken, result_last : In(1)
        A result beat leaves the engine, a tile's last one.
    active, starved, blocked, mismatch : In(1)
        Events of this cycle, see :class:`hdl.engine.body.Body`.
    counters_clear, counter_*, error_tlast, error_k
        As at the engine's ports; counters and errors follow the event by two cycles.
    """

    module = "jobs"
    role = roles.JOBS
    resets = True

    def __init__(self, beat_limit: int) -> None:
        self.beat_limit = beat_limit
        inputs = ("job_valid", "beat", "beat_last", "result_taken", "result_last", "active", "starved", "blocked")
        outputs = ("job_ready", "job_done", "busy", "wanted", "error_tlast", "error_k")
        super().__init__(
            {
                "job_tiles": In(32),
                **{name: In(1) for name in (*inputs, "mismatch", "counters_clear")},
                **{name: Out(1) for name in outputs},
                **{f"counter_{name}": Out(COUNTER_BITS) for name in COUNTERS},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._jobs(m)
        self._observe(m)
        return m

    def _jobs(self, m: Module) -> None:
        """Tiles still to enter and still to leave.

        Each comparison starts at a register, and none ends where a beat that enters is waited for: that comes late.
        """
        one, two, three = (Const(count, 32) for count in (1, 2, 3))
        entered = Signal()  # a tile has just entered, and is not yet counted
        wanted = Signal()  # tiles are still to enter
        single = Signal()  # one of them: the next one to enter is the last
        enters = Signal()
        leaves = Signal()
        start = Signal()
        counter = Counter(32, down=True)
        tiles_in = place(m, "tiles_in", counter, step=entered, set=start, to=self.job_tiles).value
        tiles_out = place(m, "tiles_out", counter, step=leaves, set=start, to=self.job_tiles).value
        m.d.comb += [
            self.wanted.eq(wanted),
            enters.eq(self.beat & self.beat_last),
            self.job_ready.eq(~self.busy),
            start.eq(self.job_valid & self.job_ready),
            leaves.eq(self.result_taken & self.result_last),
        ]
        ended = (leaves & (tiles_out == one)) | ~tiles_out.any()
        m.d.sync += [entered.eq(enters), self.job_done.eq(self.busy & ~self.job_done & ended)]
        with m.If(start):
            m.d.sync += [self.busy.eq(1), wanted.eq(self.job_tiles.any()), single.eq(self.job_tiles == one)]
        with m.Else():
            left = [Mux(entered, tiles_in == after, tiles_in == now) for now, after in ((one, two), (two, three))]
            m.d.sync += single.eq(Mux(enters, left[1], left[0]))
            with m.If(enters & single):
                m.d.sync += wanted.eq(0)
            with m.If(self.job_done):
                m.d.sync += self.busy.eq(0)

    def _observe(self, m: Module) -> None:
        """Counters and errors. They watch registers, one cycle late, so that nothing waits for them."""
        limit = Const(self.beat_limit)
        beats = Signal(len(limit))
        took = Signal()
        ended = Signal()
        too_long = beats == limit
        m.d.sync += [took.eq(self.beat), ended.eq(self.beat_last)]
        with m.If(took):
            m.d.sync += beats.eq(Mux(ended, 0, Mux(too_long, beats, beats + 1)))
        counter = Counter(COUNTER_BITS)
        for name in COUNTERS:
            event = Signal(name=f"event_{name}")
            condition = self.busy if name == "cycles" else getattr(self, name)
            m.d.sync += event.eq(condition & self.busy)
            count = place(m, f"count_{name}", counter, step=event, set=self.counters_clear)
            m.d.comb += getattr(self, f"counter_{name}").eq(count.value)
        mismatch = Signal(name="mismatched")
        m.d.sync += mismatch.eq(self.mismatch)
        for error, condition in ((self.error_tlast, mismatch), (self.error_k, took & too_long)):
            with m.If(condition):
                m.d.sync += error.eq(1)
            with m.If(self.counters_clear):
                m.d.sync += error.eq(0)

"""The job that a unit is at, and the one behind it."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.data import StructLayout, View

from hdl.bus.slice import StreamSlice
from hdl.lib.shared import Part, place

__all__ = ["JobQueue"]


class JobQueue:
    """Jobs of a part, one at a time, from its ports ``job``, ``job_valid`` and ``job_ready``.

    Parameters
    ----------
    m : Module
        The part's.
    part : Part
    layout : StructLayout
        A job.

    Attributes
    ----------
    job, behind : View
        The job at work, whose fields the part may change; and the next one, while ``waits``.
    valid, waits : Value
        A job is at work; another one waits.
    ended : Signal
        The job at work ends in this clock. The part drives it.
    free : Value
        The next job is taken in this clock, if one waits.
    """

    def __init__(self, m: Module, part: Part, layout: StructLayout) -> None:
        self.valid = Signal()
        self.ended = Signal()
        self.free = self.ended | ~self.valid
        queue = place(
            *(m, "queue", StreamSlice(layout.size)),
            i_data=part.job,
            i_last=0,
            i_valid=part.job_valid,
            o_ready=self.free,
        )
        self.waits = queue.o_valid
        self.job = View(layout, Signal(layout.size, name="present", reset_less=True))
        self.behind = View(layout, queue.o_data)
        m.d.comb += part.job_ready.eq(queue.i_ready)

    def advance(self, m: Module) -> None:
        """Take the next job where ``free``: after all else that the part does to ``job``."""
        with m.If(self.free):
            m.d.sync += [self.valid.eq(self.waits), self.job.eq(self.behind)]

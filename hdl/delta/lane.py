"""What a delta encoder computes of one activation."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params.formats import OperandFormat

__all__ = ["DeltaLane"]


class DeltaLane(Part):
    """The change of an activation as it is sent, and the reference that follows from it; no registers.

    Parameters
    ----------
    x, d : OperandFormat
        Of activations and of changes; ``d`` is signed.

    Members
    -------
    q, reference : In(bits of x)
        The activation in units of theta, and what has been sent of it.
    whole : In(1)
        Send it whole.
    threshold : In(bits of x)
        Smaller changes are not sent.
    d : Out(bits of d)
    sent : Out(bits of x)
        The next reference.
    """

    role = roles.FRONT
    clocked = False

    def __init__(self, x: OperandFormat, d: OperandFormat) -> None:
        self.x, self.form = x, d
        self.module = "delta_lane"
        super().__init__(
            {
                "q": In(x.width),
                "reference": In(x.width),
                "whole": In(1),
                "threshold": In(x.width),
                "d": Out(d.width),
                "sent": Out(x.width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = self.x.width + 1  # of the difference of two activations
        q, reference = ((each.as_signed() if self.x.signed else each) for each in (self.q, self.reference))
        base = Signal(self.x.width)
        change = Signal(signed(bits))
        size = Signal(bits)
        m.d.comb += base.eq(Mux(self.whole, 0, self.reference))
        m.d.comb += change.eq(Mux(self.whole, q, q - reference))
        m.d.comb += size.eq(Mux(change < 0, -change, change))
        fitting = Signal(signed(self.form.width))
        m.d.comb += fitting.eq(change)
        if self.form.width < bits:
            with m.If(change > self.form.max):
                m.d.comb += fitting.eq(self.form.max)
            with m.Elif(change < self.form.min):
                m.d.comb += fitting.eq(self.form.min)
        with m.If(self.whole | (size >= self.threshold)):
            m.d.comb += self.d.eq(fitting)
        m.d.comb += self.sent.eq(base + self.d.as_signed())
        return m

"""What a delta encoder computes of one activation."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value, signed
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
        base = Signal(self.x.width)
        m.d.comb += base.eq(Mux(self.whole, 0, self.reference))
        q, reference = ((each.as_signed() if self.x.signed else each) for each in (self.q, base))
        change = Signal(signed(bits))
        m.d.comb += change.eq(q - reference)
        # What is made of the change is computed beside it, not behind it: whether it is large enough, and the next
        # reference, which is the activation itself unless the change saturates.
        sends = self.whole | self._reaches(m, "rise", q, reference) | self._reaches(m, "fall", reference, q)
        fitting = Signal(signed(self.form.width))
        fitting_sent = Signal(self.x.width)
        m.d.comb += [fitting.eq(change), fitting_sent.eq(self.q)]
        if self.form.width < bits:
            above = change[self.form.width - 1 : -1]  # copies of the sign if the change fits
            with m.If(~change[-1] & above.any()):
                m.d.comb += [fitting.eq(self.form.max), fitting_sent.eq(base + self.form.max)]
            with m.Elif(change[-1] & ~above.all()):
                m.d.comb += [fitting.eq(self.form.min), fitting_sent.eq(base + self.form.min)]
        m.d.comb += [self.d.eq(Mux(sends, fitting, 0)), self.sent.eq(Mux(sends, fitting_sent, base))]
        return m

    def _reaches(self, m: Module, name: str, high: Value, low: Value) -> Value:
        """Whether one number is at least ``threshold`` above another: a row of full adders, and one carry chain."""
        shape = signed(self.x.width + 1)
        one, two, three = (Signal(shape, name=f"{name}_{part}") for part in ("high", "low", "threshold"))
        m.d.comb += [one.eq(high), two.eq(low), three.eq(self.threshold)]
        two, three = ~two, ~three  # each is one less than the negative number: two constant ones make up for that
        sums = (one ^ two ^ three).as_signed()
        carries = Cat(C(1, 1), one & two | two & three | one & three).as_signed()
        return sums >= ~carries  # sums + carries + 1 >= 0

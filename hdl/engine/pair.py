"""Beats of A with beats of B: what a tile is where the two streams do not agree on its end."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Pair"]


class Pair(Part):
    """Joins two streams of which a step takes a beat each.

    A tile ends with the first ``last`` of either stream. What the other one still has of it, up to its own ``last``, is
    discarded, a beat a cycle, whatever else goes on; no beat of the next tile is offered before.

    Members
    -------
    a_valid, a_last, b_valid, b_last : In(1)
        Beats that wait. ``a_drop``, ``b_drop`` : Out(1) discard them.
    have, last : Out(1)
        A beat waits on both; they are the last of their tile.
    take : In(1)
        Accept both. Only where ``have``.
    mismatch : Out(1)
        They are accepted, and one of the streams goes on.
    """

    module = "pair"
    role = roles.CONTROL
    resets = True

    def __init__(self) -> None:
        inputs, outputs = ("a_valid", "a_last", "b_valid", "b_last", "take"), ("a_drop", "b_drop", "have", "last")
        super().__init__({**{name: In(1) for name in inputs}, **{name: Out(1) for name in outputs}, "mismatch": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        surplus = Signal()  # one of the streams goes on after the tile's end
        of_b = Signal()  # it is B
        m.d.comb += [
            self.have.eq(self.a_valid & self.b_valid & ~surplus),
            self.last.eq(self.a_last | self.b_last),
            self.mismatch.eq(self.take & (self.a_last ^ self.b_last)),
            self.a_drop.eq(surplus & ~of_b),
            self.b_drop.eq(surplus & of_b),
        ]
        with m.If(self.mismatch):
            m.d.sync += [surplus.eq(1), of_b.eq(self.a_last)]
        with m.Elif((self.a_valid & self.a_last & ~of_b) | (self.b_valid & self.b_last & of_b)):
            m.d.sync += surplus.eq(0)
        return m

"""Triangles of registers that skew operands into an array and deskew its results."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Skew"]


class Skew(wiring.Component):
    """Delay lane i by i steps, or by ``lanes - 1 - i`` where ``reverse``.

    Written as one register a step, each as wide as the lanes that still wait, so that the description grows with the
    lanes and not with their square.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    i, o : lanes * width bits, lane 0 lowest
    """

    def __init__(self, lanes: int, width: int, *, reverse: bool = False) -> None:
        self.lanes = lanes
        self.width = width
        self.reverse = reverse
        super().__init__({"en": In(1), "i": In(lanes * width), "o": Out(lanes * width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.width
        waiting = self.i
        out = []
        for step in range(self.lanes):
            if step:
                register = Signal(len(waiting), name=f"step{step}", reset_less=True)
                with m.If(self.en):
                    m.d.sync += register.eq(waiting)
                waiting = register
            if self.reverse:
                out.insert(0, waiting[len(waiting) - width :])
                waiting = waiting[: len(waiting) - width]
            else:
                out.append(waiting[:width])
                waiting = waiting[width:]
        m.d.comb += self.o.eq(Cat(out))
        return m

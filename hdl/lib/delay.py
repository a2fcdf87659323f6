"""Shift registers of whole words."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part, place

__all__ = ["Delay", "delay"]


def delay(m: Module, name: str, en: Value, value: Value, steps: int) -> Value:
    """Place a :class:`Delay` on ``value`` as submodule ``name``; no steps need none."""
    return place(m, name, Delay(steps, len(value)), en=en, i=value).o if steps else value


class Delay(Part):
    """Delay a word by ``depth`` steps; a long delay is built of two that are half as long.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    i, o : width bits
    """

    #: The longest delay written out.
    DIRECT = 4

    def __init__(self, depth: int, width: int) -> None:
        self.depth = depth
        self.width = width
        self.module = f"delay_{depth}x{width}"
        super().__init__({"en": In(1), "i": In(width), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value = self.i
        if self.depth <= self.DIRECT:
            for step in range(self.depth):
                register = Signal(self.width, name=f"step{step}", reset_less=True)
                with m.If(self.en):
                    m.d.sync += register.eq(value)
                value = register
        else:
            first = self.depth // 2
            for name, depth in (("first", first), ("second", self.depth - first)):
                half = place(m, name, Delay(depth, self.width), en=self.en, i=value)
                value = half.o
        m.d.comb += self.o.eq(value)
        return m

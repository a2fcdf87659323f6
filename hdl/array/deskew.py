"""Registers in which results of columns that work one after the other wait for the last column."""

from __future__ import annotations

from amaranth.hdl import Cat, Module
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.delay import delay, later
from hdl.lib.shared import Part

__all__ = ["Deskew"]


class Deskew(Part):
    """Delay lane i by ``lanes - 1 - i`` steps; registers without a result in front of them rest.

    Parameters
    ----------
    lanes : int
        At least 2.
    width : int

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid : In(1)
        Lane 0 has a result in this step; lane i has one i steps later.
    i, o : lanes * width bits, lane 0 lowest
    """

    role = roles.DESKEW
    sized = True

    def __init__(self, lanes: int, width: int) -> None:
        self.lanes = lanes
        self.width = width
        self.resets = lanes > 2
        self.module = f"deskew_valid_{lanes}x{width}"
        super().__init__({"en": In(1), "valid": In(1), "i": In(lanes * width), "o": Out(lanes * width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        steps = self.lanes - 1
        behind = later(m, "valid", self.en, self.valid, steps - 1) if steps > 1 else ()
        moving = [self.en & there for there in (self.valid, *behind)]
        lanes = (self.i.word_select(i, self.width) for i in range(self.lanes))
        m.d.comb += self.o.eq(
            Cat(delay(m, f"lane{i}", Cat(moving[i:]), lane, steps - i) for i, lane in enumerate(lanes))
        )
        return m

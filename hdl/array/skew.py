"""Triangles of registers that skew operands into an array and deskew its results."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.delay import delay
from hdl.lib.ring import delay_line
from hdl.lib.shared import Part, place

__all__ = ["Skew", "skew"]


def skew(
    m: Module, name: str, en: Value, value: Value, lanes: int, *, reverse: bool = False, stays: bool = False
) -> Value:
    """Place a :class:`Skew` on ``value`` as submodule ``name``; a single lane needs none."""
    if lanes == 1:
        return value
    return place(m, name, Skew(lanes, len(value) // lanes, reverse=reverse, stays=stays), en=en, i=value).o


class Skew(Part):
    """Delay lane i by i steps, or by ``lanes - 1 - i`` where ``reverse``.

    A large triangle is two smaller ones and a rectangle: all lanes of the second one wait until the first one's are
    through. Its description grows with the lanes, not with their square.

    Parameters
    ----------
    lanes, width : int
    reverse : bool
    stays : bool
        Words of the rectangle stay in their registers (:class:`hdl.lib.ring.Ring`), which takes less energy and needs a
        reset.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    i, o : lanes * width bits, lane 0 lowest
    """

    #: The largest triangle written out, one register for each step, as wide as the lanes that still wait.
    DIRECT = 8

    sized = True

    def __init__(self, lanes: int, width: int, *, reverse: bool = False, stays: bool = False) -> None:
        self.lanes = lanes
        self.width = width
        self.reverse = reverse
        self.stays = self.resets = stays and lanes > self.DIRECT
        self.role = roles.DESKEW if reverse else roles.SKEW
        self.module = f"{'deskew' if reverse else 'skew'}_{lanes}x{width}" + ("_stays" if self.stays else "")
        super().__init__({"en": In(1), "i": In(lanes * width), "o": Out(lanes * width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self._direct(m) if self.lanes <= self.DIRECT else self._split(m)
        m.d.comb += self.o.eq(Cat(reversed(lanes) if self.reverse else lanes))
        return m

    def _take(self, waiting: Value, lanes: int) -> tuple[Value, Value]:
        """The lanes that wait least, and the rest."""
        if self.reverse:
            cut = len(waiting) - lanes * self.width
            return waiting[cut:], waiting[:cut]
        cut = lanes * self.width
        return waiting[:cut], waiting[cut:]

    def _direct(self, m: Module) -> list[Value]:
        lane, waiting = self._take(self.i, 1)
        lanes = [lane]
        for step in range(1, self.lanes):
            register = Signal(len(waiting), name=f"step{step}", reset_less=True)
            with m.If(self.en):
                m.d.sync += register.eq(waiting)
            lane, waiting = self._take(register, 1)
            lanes.append(lane)
        return lanes

    def _split(self, m: Module) -> list[Value]:
        first = 1 << ((self.lanes - 1).bit_length() - 1)
        near, far = self._take(self.i, first)
        wait = (delay_line if self.stays else delay)(m, "waits", self.en, far, first)
        return [
            skew(m, "near", self.en, near, first, reverse=self.reverse, stays=self.stays),
            skew(m, "far", self.en, wait, self.lanes - first, reverse=self.reverse, stays=self.stays),
        ]

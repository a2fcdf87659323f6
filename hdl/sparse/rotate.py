"""The words of lanes, rotated by some places, so that every lane gets its share of every bank."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Rotate"]


class Rotate(Part):
    """The word of lane l goes to lane ``(l + by) % lanes``.

    The lists of the banks differ in length: without rotation a plane would end with the lane of the longest ones, while
    the others have nothing to do.

    Parameters
    ----------
    lanes : int
    turns : int
        How many values ``by`` has: a power of two, no more than it takes for all lanes.
    width : int
        Bits of a lane's word.

    Members
    -------
    by : In
        Places.
    i : In(lanes * width), o : Out(lanes * width)
        The words, lane 0 lowest.
    """

    role = roles.SPARSE
    sized = True

    clocked = False

    def __init__(self, lanes: int, turns: int, width: int) -> None:
        self.module = f"rotate_{width}"
        self.lanes = lanes
        self.width = width
        super().__init__({"by": In(range(turns)), "i": In(lanes * width), "o": Out(lanes * width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words: list[Value] = [self.i.word_select(lane, self.width) for lane in range(self.lanes)]
        for bit, by in enumerate(self.by):
            words = [Mux(by, words[lane - (1 << bit)], word) for lane, word in enumerate(words)]
        m.d.comb += self.o.eq(Cat(words))
        return m

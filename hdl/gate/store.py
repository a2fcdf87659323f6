"""A store for what a gate lets through, which gives a tile away only when all of it is there."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place

__all__ = ["TileStore"]


class TileStore(Part):
    """First in, first out. Where ``whole``, nothing leaves before the last word of its tile is there.

    Operands come one step a clock, and an array takes one a clock: without a store a step that is left out would leave
    a gap. With it the steps of a tile follow each other, as many as are left. A tile that does not fit is given away as
    soon as the store is full.

    Parameters
    ----------
    depth : int
        Words, a power of two.
    width : int

    Members
    -------
    whole : In(1)
        Tiles leave as a whole.
    push : In(1), i_data : In(width), i_last : In(1)
        A word enters, a tile's last. Only where ``room`` : Out(1).
    o_data : Out(width), o_valid : Out(1)
        The oldest word, from the second clock after it entered.
    pop : In(1)
        It leaves. Only where ``o_valid``.
    """

    module = "store"
    role = roles.FRONT
    resets = True

    def __init__(self, depth: int, width: int) -> None:
        self.depth = depth
        self.width = width
        inputs = {"whole": In(1), "push": In(1), "i_data": In(width), "i_last": In(1), "pop": In(1)}
        super().__init__({**inputs, "room": Out(1), "o_data": Out(width), "o_valid": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        reads, writes = (Signal(range(self.depth), name=name) for name in ("reads", "writes"))
        after = Signal.like(reads)
        pushes_last, pops_last = self.push & self.i_last, Signal()
        words, words_left = self._count(m, "words", self.push, self.pop)
        ends, ends_left = self._count(m, "ends", pushes_last, pops_last)
        spilt = Signal()  # the tile that leaves is not all there
        ram = Ram(self.depth, self.width + 1)
        word = Cat(self.i_data, self.i_last)
        memory = place(m, "ram", ram, w_en=self.push, w_addr=writes, w_data=word, r0_addr=after)
        m.d.comb += [
            after.eq(reads + self.pop),
            self.room.eq(words != self.depth),
            self.o_data.eq(memory.r0_data[:-1]),
            self.o_valid.eq(words_left.any() & (ends_left.any() | spilt | ~self.whole)),
            pops_last.eq(self.pop & memory.r0_data[-1]),
        ]
        m.d.sync += [reads.eq(after), writes.eq(writes + self.push)]
        with m.If(pops_last):
            m.d.sync += spilt.eq(0)
        with m.Elif(~self.room & ~ends.any()):
            m.d.sync += spilt.eq(1)
        return m

    def _count(self, m: Module, name: str, enters: Value, leaves: Value) -> tuple[Signal, Signal]:
        """How many are there, and how many of them were there a clock before: those can be read."""
        count, readable = (Signal(range(self.depth + 1), name=f"{name}{end}") for end in ("", "_readable"))
        m.d.sync += [count.eq(count + enters - leaves), readable.eq(count - leaves)]
        return count, readable

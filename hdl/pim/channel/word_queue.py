"""A queue of words in a memory."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place

__all__ = ["WordQueue"]


class WordQueue(Part):
    """First in, first out; a word can be taken in the clock after it entered, and appears one clock later.

    There is no protection against more than ``depth`` words, or fewer than none: whatever pushes and pops keeps count.

    Parameters
    ----------
    depth : int
        Words, a power of two.
    width : int
        Bits of a word.

    Members
    -------
    push : In(1), data : In
        A word enters.
    pop : In(1), first : Out
        The first word leaves; ``first`` is that word one clock later.
    level : Out
        Words inside.
    """

    resets = True

    def __init__(self, depth: int, width: int) -> None:
        self.depth = depth
        self.width = width
        self.module = f"queue_{depth}x{width}"
        super().__init__(
            {
                "push": In(1),
                "data": In(width),
                "pop": In(1),
                "first": Out(width),
                "level": Out(range(depth + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        entry = Signal(range(self.depth))
        leave = Signal(range(self.depth))
        memory = place(
            m, "memory", Ram(self.depth, self.width), w_en=self.push, w_addr=entry, w_data=self.data, r0_addr=leave
        )
        m.d.comb += self.first.eq(memory.r0_data)
        m.d.sync += [
            entry.eq(entry + self.push),
            leave.eq(leave + self.pop),
            self.level.eq(self.level + self.push - self.pop),
        ]
        return m

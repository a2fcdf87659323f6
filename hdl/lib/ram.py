"""Memories, as a part of their own: a flow may put a macro in their place."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Ram"]


class Ram(Part):
    """Words with one write port and synchronous read ports.

    What is read in the cycle in which the same word is written is undefined; users of the memory avoid it.

    Parameters
    ----------
    depth : int
        Words, at least 2.
    width : int
        Bits of a word.
    reads : int
        Read ports.

    Members
    -------
    w_en, w_addr, w_data
        Write ``w_data`` to ``w_addr`` at the end of the cycle.
    r{i}_addr, r{i}_data
        The word at ``r{i}_addr``, one cycle later.
    """

    role = roles.MEMORY
    sized = True

    def __init__(self, depth: int, width: int, reads: int = 1) -> None:
        self.depth = depth
        self.width = width
        self.reads = reads
        self.module = f"ram_{depth}x{width}" + (f"_{reads}r" if reads > 1 else "")
        address = (depth - 1).bit_length()
        ports = {"w_en": In(1), "w_addr": In(address), "w_data": In(width)}
        for i in range(reads):
            ports |= {f"r{i}_addr": In(address), f"r{i}_data": Out(width)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = words = Memory(shape=self.width, depth=self.depth, init=[])
        write = words.write_port()
        m.d.comb += [write.en.eq(self.w_en), write.addr.eq(self.w_addr), write.data.eq(self.w_data)]
        for i in range(self.reads):
            read = words.read_port()
            m.d.comb += [read.addr.eq(getattr(self, f"r{i}_addr")), getattr(self, f"r{i}_data").eq(read.data)]
        return m

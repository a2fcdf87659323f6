"""One word out of many."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["Lookup"]


class Lookup(Part):
    """The operand of B at a place of the window, for one lane of one column. Combinational.

    Members
    -------
    words : In
        The lane's operands, see :class:`hdl.sparse.window.Window`.
    index : In
        The place of one.
    word : Out(b.width)
    """

    module = "lookup"
    role = roles.LOOKUP
    clocked = False

    def __init__(self, params: EngineParams) -> None:
        shape = SparseShape(params)
        self.width = params.b.width
        super().__init__(
            {
                "words": In(params.queue * shape.group * self.width),
                "index": In(shape.index_bits),
                "word": Out(self.width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words: Value = self.words
        # Halve the words by one bit of the index after another, the highest first.
        for level in reversed(range(len(self.index))):
            size = self.width << level
            left = Signal(size, name=f"words{level}")
            m.d.comb += left.eq(Mux(self.index[level], words[size:], words[:size]))
            words = left
        m.d.comb += self.word.eq(words)
        return m

"""One word out of many."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.sparse.shift import shifted

__all__ = ["Lookup"]


class Lookup(Part):
    """The operand of B at a place of the window, for one lane of one column. Combinational.

    Members
    -------
    words : In
        The lane's operands, see :class:`hdl.sparse.window.Window`.
    index : In
        The place of one; above that the shift to its digit's weight.
    word : Out(operand.width)
    """

    module = "lookup"
    role = roles.LOOKUP
    clocked = False

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = shape = SparseShape(params)
        self.width = params.b.width
        super().__init__(
            {
                "words": In(params.queue * shape.group * self.width),
                "index": In(shape.index_bits),
                "word": Out(shape.operand.width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words: Value = self.words
        # Halve the words by one bit of the index after another, the highest first.
        for level in reversed(range(self.shape.place_bits)):
            size = self.width << level
            left = Signal(size, name=f"words{level}")
            m.d.comb += left.eq(Mux(self.index[level], words[size:], words[:size]))
            words = left
        if self.shape.shift_bits:
            words = shifted(m, self.shape, words, self.index[self.shape.place_bits :])
        m.d.comb += self.word.eq(words)
        return m

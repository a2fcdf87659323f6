"""Results of the lanes as integers of 8 bits: two beats are written together."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import BF16
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.vector.int8 import INTEGER, ToInt8

__all__ = ["Packer"]


class Packer(Part):
    """Keeps an even beat until the odd one after it is there; beats of one vector have no others that pack in between.

    Members
    -------
    en : In(1)
        Advance by one step.
    valid, odd : In(1)
        A beat to be packed is there; it is the second one of two.
    o : In(lanes * 16), counts : In(lanes)
        The beat in bf16, and which elements belong to the vector.
    data : Out(lanes * 16), words : Out
        This beat behind the one before it, or, even, in front of zeros; and which SRAM words have elements.
    """

    resets = False

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.lanes = lanes = params.vector_lanes
        self.module = f"vector_packer_{lanes}"
        flags = dict.fromkeys(("en", "valid", "odd"), In(1))
        data = {"o": In(lanes * BF16.width), "counts": In(lanes), "data": Out(lanes * BF16.width)}
        super().__init__({**flags, **data, "words": Out(lanes // params.lanes)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, size = self.lanes, 2 * self.params.lanes
        beat = Signal(lanes * INTEGER)
        kept = Signal(lanes * INTEGER)
        # Numbers that are not packed stay outside.
        o = self.o & self.valid.replicate(len(self.o))
        bytes_ = [
            place(m, f"int8_{i}", ToInt8(), x=o[BF16.width * i :][: BF16.width]).o & count.replicate(INTEGER)
            for i, count in enumerate(self.counts)
        ]
        m.d.comb += beat.eq(Cat(bytes_))
        with m.If(self.en & self.valid & ~self.odd):
            m.d.sync += kept.eq(beat)
        # A vector has elements from its begin on: of the first beat of two all if there is a second one.
        counts = Mux(self.odd, Cat(Const(-1, lanes), self.counts), self.counts)
        m.d.comb += [
            self.data.eq(Mux(self.odd, Cat(kept, beat), beat)),
            self.words.eq(Cat(counts[first] for first in range(0, 2 * lanes, size))),
        ]
        return m

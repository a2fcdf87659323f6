"""The log that MARK writes: a tag, and the count of clocks at that time."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.counters import HALF

__all__ = ["TAG_BITS", "MarkLog"]

TAG_BITS = 8


class MarkLog(Part):
    """Keeps the oldest marks; those that come while it is full are lost.

    Parameters
    ----------
    params : PimParams

    Members
    -------
    mark : In(1), tag : In(8)
        A MARK.
    cycles_lo, cycles_hi : In(32)
        The count of clocks; its high half a clock later (:class:`hdl.pim.counters.Counters`).
    pop, clear : In(1)
        Drop the oldest entry; drop all, and forget that some were lost.
    count : Out(16)
        Entries. It knows of a mark, or a pop, no sooner than three clocks later, when the oldest entry is there.
    lost : Out(1)
    oldest_tag, oldest_lo, oldest_hi : Out
        The oldest entry; 0 where there is none.
    """

    module = "mark_log"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.depth = params.mark_depth
        super().__init__(
            {
                "mark": In(1),
                "tag": In(TAG_BITS),
                "cycles_lo": In(HALF),
                "cycles_hi": In(HALF),
                "pop": In(1),
                "clear": In(1),
                "count": Out(16),
                "lost": Out(1),
                "oldest_tag": Out(TAG_BITS),
                "oldest_lo": Out(HALF),
                "oldest_hi": Out(HALF),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ram = Ram(max(2, self.depth), TAG_BITS + 2 * HALF)
        first, last = (Signal(range(ram.depth), name=name) for name in ("first", "last"))
        entries, known = (Signal(range(self.depth + 1), name=name) for name in ("entries", "known"))
        arrives = Signal()
        enters = Signal()
        leaves = Signal()
        tag = Signal(TAG_BITS, name="tag_of_mark", reset_less=True)
        low = Signal(HALF, reset_less=True)
        log = place(
            m,
            "log",
            ram,
            w_en=enters,
            w_addr=last,
            w_data=Cat(tag, low, self.cycles_hi),
            r0_addr=first,
        )
        m.d.comb += [enters.eq(arrives & (entries != self.depth)), leaves.eq(self.pop & (entries != 0))]
        m.d.sync += [arrives.eq(self.mark), tag.eq(self.tag), low.eq(self.cycles_lo), known.eq(entries)]
        with m.If(enters):
            m.d.sync += last.eq(self._next(last))
        with m.If(leaves):
            m.d.sync += first.eq(self._next(first))
        m.d.sync += entries.eq((entries + enters - leaves)[: len(entries)])
        with m.If(arrives & ~enters):
            m.d.sync += self.lost.eq(1)
        with m.If(self.clear):
            m.d.sync += [first.eq(0), last.eq(0), entries.eq(0), known.eq(0), self.lost.eq(0), arrives.eq(0)]
        some = known.any()
        parts = (self.oldest_tag, self.oldest_lo, self.oldest_hi)
        m.d.comb += [self.count.eq(known), Cat(*parts).eq(Mux(some, log.r0_data, 0))]
        return m

    def _next(self, place_: Signal) -> Value:
        if self.depth & (self.depth - 1) == 0 and self.depth > 1:
            return (place_ + 1)[: len(place_)]
        return Mux(place_ == self.depth - 1, 0, place_ + 1)

"""A vector operand's way from SRAM to the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import ELEMENT_BITS, PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS

__all__ = ["AHEAD", "Reader"]

#: Steps from the request of a beat to the beat; as many are on their way. Without a conflict in SRAM 3 would do: the
#: rest lets operands that want the same banks in every clock move apart.
AHEAD = 5


class Reader(Part):
    """Requests beats in order and holds them until the lanes take them.

    Parameters
    ----------
    params : PimParams
    gathers : bool
        It also collects beats element by element.

    Members
    -------
    en : In(1)
        Advance by one step: ``push`` and ``pop`` count only then. SRAM goes on in any case.
    push : In(1), address : In(16)
        A beat, from this SRAM word on.
    gather, first : In(1), stride : In(16), where it gathers
        The beat's elements, and those of the next beats, lie ``stride`` elements apart, element 0 of the first beat at
        ``address``. An element a clock.
    pop : In(1), ok : Out(1), data : Out
        The oldest beat is due; it is there or none is due; the beat. A beat is due :data:`AHEAD` steps after its push.
    r_valid, r_addr, r_ready, r_data
        A port of the SRAM that takes a beat's words at once.
    """

    resets = True

    def __init__(self, params: PimParams, *, gathers: bool = False) -> None:
        self.params = params
        self.gathers = gathers
        self.module = "vector_gatherer" if gathers else "vector_reader"
        beat = params.vector_lanes * ELEMENT_BITS
        super().__init__(
            {
                **{name: In(1) for name in ("en", "push", "pop", "r_ready")},
                **{name: In(width) for name, width in self._widths.items()},
                "ok": Out(1),
                "data": Out(beat),
                "r_valid": Out(1),
                "r_addr": Out(ADDRESS_BITS),
                "r_data": In(beat),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Whose turn it is, one-hot: to be filled with a job, to be asked for, to be taken.
        newest, asked, oldest = (Signal(AHEAD, name=name, init=1) for name in ("newest", "asked", "oldest"))
        waits = Signal(AHEAD)
        there = Signal(AHEAD)
        arrives = Signal(AHEAD)
        job = Cat(*(getattr(self, name) for name in self._widths))
        jobs = [Signal(len(job), name=f"job{i}", reset_less=True) for i in range(AHEAD)]
        pushed, popped, granted, whole, complete = (
            Signal(name=name) for name in ("pushed", "popped", "granted", "whole", "complete")
        )
        m.d.comb += [pushed.eq(self.en & self.push), popped.eq(self.en & self.pop)]
        with m.If(pushed):
            m.d.sync += newest.eq(newest.rotate_left(1))
        with m.If(popped):
            m.d.sync += oldest.eq(oldest.rotate_left(1))
        with m.If(whole):
            m.d.sync += asked.eq(asked.rotate_left(1))
        now = View(StructLayout(self._widths), Signal(len(job), name="now"))
        m.d.comb += [
            now.as_value().eq(_chosen(asked, jobs)),
            self.r_valid.eq((asked & waits).any()),
            granted.eq(self.r_valid & self.r_ready),
        ]
        pieces = self._gathered(m, now, granted, whole) if self.gathers else self._beat(m, now, granted, whole)
        # Words come one clock after they were granted.
        m.d.sync += [
            waits.eq((waits | (newest & pushed.replicate(AHEAD))) & ~(asked & whole.replicate(AHEAD))),
            arrives.eq(asked & granted.replicate(AHEAD)),
            complete.eq(whole),
            there.eq((there & ~(oldest & popped.replicate(AHEAD))) | (arrives & complete.replicate(AHEAD))),
        ]
        beats = []
        for i in range(AHEAD):
            with m.If(newest[i] & pushed):
                m.d.sync += jobs[i].eq(job)
            parts = [Signal(len(value), name=f"beat{i}_{k}", reset_less=True) for k, (value, _) in enumerate(pieces)]
            for part, (value, here) in zip(parts, pieces, strict=True):
                with m.If(arrives[i] & here):
                    m.d.sync += part.eq(value)
            beats.append(Cat(parts))
        m.d.comb += [self.ok.eq(~self.pop | (oldest & there).any()), self.data.eq(_chosen(oldest, beats))]
        return m

    @property
    def _widths(self) -> dict[str, int]:
        """Of a job."""
        return {"address": ADDRESS_BITS} | ({"gather": 1, "first": 1, "stride": 16} if self.gathers else {})

    def _beat(self, m: Module, now: View, granted: Signal, whole: Signal) -> list[tuple[Value, Value]]:
        """Ask for a beat at once. Returns what arrives, in pieces, and whether each does."""
        m.d.comb += [self.r_addr.eq(now.address), whole.eq(granted)]
        return [(self.r_data, Const(1, 1))]

    def _gathered(self, m: Module, now: View, granted: Signal, whole: Signal) -> list[tuple[Value, Value]]:
        """The same for a beat that may have to be collected."""
        lanes, low = self.params.vector_lanes, (self.params.lanes - 1).bit_length()
        count = Signal(range(max(2, lanes)))
        place = Signal(range(max(2, lanes)), reset_less=True)
        at = Signal(ADDRESS_BITS + low)
        follows = Signal(ADDRESS_BITS + low, reset_less=True)
        lane = Signal(max(1, low), reset_less=True)
        gathers = Signal(reset_less=True)
        start = Cat(Const(0, low), now.address)
        m.d.comb += [
            at.eq(Mux(now.gather & ~(now.first & (count == 0)), follows, start)),
            self.r_addr.eq(at[low:]),
            whole.eq(granted & (~now.gather | (count == lanes - 1))),
        ]
        m.d.sync += [place.eq(count), lane.eq(at[:low]), gathers.eq(now.gather)]
        with m.If(granted & now.gather):
            m.d.sync += [follows.eq(at + now.stride), count.eq(Mux(whole, 0, count + 1))]
        elements = [self.r_data[ELEMENT_BITS * k :][:ELEMENT_BITS] for k in range(lanes)]
        found = Array(elements[: self.params.lanes])[lane]
        return [(Mux(gathers, found, element), ~gathers | (place == k)) for k, element in enumerate(elements)]


def _chosen(turn: Value, values: Sequence[Value]) -> Value:
    """The value whose turn it is."""
    return reduce(or_, (value & turn[i].replicate(len(value)) for i, value in enumerate(values)))

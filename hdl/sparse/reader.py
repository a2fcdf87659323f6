"""The order in which a segment is worked off: plane after plane, list entry after list entry."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape

__all__ = ["Reader"]


class Reader(Part):
    """Sends the groups of a segment to window and rows, one a cycle while there are free slots.

    Members
    -------
    close, close_half, close_last : In(1)
        A half has been filled; it ends a tile. ``full`` : Out(2) : the halves that are not yet worked off.
    some, several, many, third : In
        Of some bank, see :class:`hdl.sparse.bank.Bank`; all but the last a cycle later.
    start, issue, half, plane, entry : Out
        To the banks. ``free`` : Out(1) empties the lists of ``half``.
    slot_free : In(1)
        A slot of the window is free. ``issue | mark`` takes it; ``mark`` : Out(1) sends the end of a tile, a group
        without digits.
    ending, ends, tile : Out(1)
        Where rows keep step: what is sent next ends a sum, or a tile; what is sent ends a sum; it ends a tile.
    arrive, arrive_end, arrive_plane, arrive_turn : Out
        Two cycles later the group arrives: it ends a sum (bit 0), a tile (bit 1); the number of its entry, by lanes.
        The last group of a plane ends the plane's sum. A sum of all weights ends with a tile, by a group of its own.
    """

    module = "reader"
    role = roles.SPARSE
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.per_weight = params.axes.sum.per_weight
        self.told = (
            ()
            if params.axes.skips_by_row
            else (*(("ending",) if params.axes.b is Travel.HAND_OVER else ()), "ends", "tile")
        )
        shape = SparseShape(params)
        self.planes = planes = shape.passes
        self.turns = shape.turns
        inputs = ("close", "close_half", "close_last", "third", "slot_free")
        super().__init__(
            {
                **{name: In(1) for name in inputs},
                **{name: In(2 * planes) for name in ("some", "several", "many")},
                **{name: Out(1) for name in ("start", "issue", "mark", "half", "free", "arrive", *self.told)},
                "full": Out(2),
                "plane": Out(range(planes)),
                "entry": Out((shape.words - 1).bit_length()),
                "arrive_end": Out(2),
                "arrive_plane": Out(range(planes)),
                "arrive_turn": Out(range(self.turns)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        full = Signal(2)
        last = Signal(2)
        half = Signal()
        plane = Signal(range(self.planes))
        entry = Signal(len(self.entry))
        here, ends_here = Mux(half, full[1], full[0]), Mux(half, last[1], last[0])
        final = Signal(name="final_plane")
        # Entries of the plane that were not sent: one, and more. Known in registers.
        has = Signal()
        more = Signal()
        which = Cat(half, plane)
        begun = Signal()
        m.d.sync += begun.eq(self.start)
        with m.If(self.start):
            m.d.sync += [has.eq(Array(self.some)[which]), more.eq(Array(self.several)[which])]
        with m.Elif(self.issue):
            m.d.sync += [has.eq(more), more.eq(self._further(begun, which))]
        ending = Signal()
        ends = Signal()
        tile = Signal()
        told = {"ending": ending, "ends": ends, "tile": tile}
        m.d.comb += [getattr(self, name).eq(told[name]) for name in self.told]
        end1 = Signal(2)
        end2 = Signal(2)
        sent1 = Signal()
        sent2 = Signal()
        plane1, plane2 = (Signal(range(self.planes), name=f"plane{i}", reset_less=True) for i in (1, 2))
        turn1, turn2 = (Signal(range(self.turns), name=f"turn{i}", reset_less=True) for i in (1, 2))
        m.d.comb += [
            self.full.eq(full),
            self.half.eq(half),
            self.plane.eq(plane),
            self.entry.eq(entry),
            self.arrive.eq(sent2),
            self.arrive_end.eq(end2),
            self.arrive_plane.eq(plane2),
            self.arrive_turn.eq(turn2),
            final.eq(plane == self.planes - 1),
        ]
        with m.FSM():
            with m.State("wait"):
                m.d.sync += plane.eq(0)
                with m.If(here):
                    m.next = "start"
            with m.State("start"):
                m.d.comb += self.start.eq(1)
                m.d.sync += entry.eq(0)
                m.next = "run"
            with m.State("run"):
                m.d.comb += self.issue.eq(has & self.slot_free)
                if self.per_weight:
                    m.d.comb += [ending.eq(~more), ends.eq(self.issue & ~more)]
                with m.If(self.issue):
                    m.d.sync += entry.eq(entry + 1)
                with m.If(~has | (self.slot_free & ~more)):
                    m.d.sync += plane.eq(Mux(final, 0, plane + 1))
                    with m.If(~final):
                        m.next = "start"
                    with m.Elif(ends_here):
                        m.next = "mark" if self.per_weight else "sum"
                    with m.Else():
                        m.next = "free"
            if not self.per_weight:
                with m.State("sum"):
                    m.d.comb += [self.mark.eq(self.slot_free), ending.eq(1), ends.eq(self.mark)]
                    with m.If(self.mark):
                        m.next = "mark"
            with m.State("mark"):
                m.d.comb += [self.mark.eq(self.slot_free), ending.eq(1), tile.eq(self.mark)]
                with m.If(self.mark):
                    m.next = "free"
            with m.State("free"):
                m.d.comb += self.free.eq(1)
                m.d.sync += half.eq(~half)
                m.next = "wait"
        for i in range(2):
            with m.If(self.close & (self.close_half == i)):
                m.d.sync += [full[i].eq(1), last[i].eq(self.close_last)]
            with m.Elif(self.free & (half == i)):
                m.d.sync += full[i].eq(0)
        m.d.sync += [
            sent1.eq(self.issue | self.mark),
            sent2.eq(sent1),
            end1.eq(Cat(ends, tile)),
            end2.eq(end1),
            plane1.eq(plane),
            plane2.eq(plane1),
            turn1.eq(entry),
            turn2.eq(turn1),
        ]
        return m

    def _further(self, begun: Value, which: Value) -> Value:
        """More than two entries of the list were not sent; in the cycle after its start the banks do not know of it."""
        return Mux(begun, Array(self.many)[which], self.third)

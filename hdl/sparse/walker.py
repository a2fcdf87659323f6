"""A row's way through the window: group after group, at its own pace."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params.sparse import SparseShape

__all__ = ["Walker"]


class Walker(Part):
    """The digits of one lane of a row that wait in the window, and the group that is being worked off.

    A group takes as many cycles as it has digits that are not zero. One that has none, and ends nothing, never waits
    here; one that ends something takes a cycle at least, and is over in the last of them, so that the row asks for the
    result buses while its last digit is picked.

    Members
    -------
    push : In(1)
        A group arrives in slot ``push_slot``: its digits ``push_group``, and what it ends, ``push_end`` (bit 0: a
        plane, bit 1: a tile, which comes as a group of its own without digits) of plane ``push_plane``.
    last : In(1)
        The picker has no digit left after this cycle.
    go_on : In(1)
        Go on after an end.
    load, slot, group : Out
        To the picker; with one sum of all weights, above the slot the plane of the group.
    at_plane_end, at_tile_end : Out(1)
        Everything before an end has been picked, or is in this cycle; waits for ``go_on``.
    plane : Out
        The plane that has ended.
    holds : Out(queue)
        Slots whose operands are still needed.
    """

    module = "walker"
    role = roles.SPARSE
    resets = True

    def __init__(self, shape: SparseShape, plane_bits: int) -> None:
        self.shape = shape
        self.plane_bits = plane_bits
        group = 3 * shape.group_digits
        super().__init__(
            {
                **{name: In(1) for name in ("push", "last", "go_on")},
                "push_slot": In(shape.slot_bits),
                "push_group": In(group),
                "push_end": In(2),
                "push_plane": In(plane_bits),
                **{name: Out(1) for name in ("load", "at_plane_end", "at_tile_end")},
                "slot": Out(shape.shared_bits),
                "group": Out(group),
                "plane": Out(plane_bits),
                "holds": Out(shape.params.queue),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        queue = self.shape.params.queue
        arriving = Cat(self.push_group, self.push_end, self.push_plane, self.push_slot)
        stored = [Signal(len(arriving), name=f"stored{i}", reset_less=True) for i in range(queue)]
        waits = Signal(queue)  # what is stored and not yet loaded
        holds = Signal(queue)  # by slot of the window
        free = Signal(range(queue))  # where the next group is stored
        following = Signal(range(queue))  # what is loaded next
        busy = Signal()  # the picker has the group of slot `current`
        current = Signal(self.shape.slot_bits)
        waiting = Signal()
        end = Signal(2, name="ends_here")
        plane = Signal(self.plane_bits)
        entry = Signal(len(arriving))
        there = Signal()
        picked = Signal()
        ended = Signal(2)
        needed = Signal()
        with m.Switch(following):
            for i in range(queue):
                with m.Case(i):
                    m.d.comb += [entry.eq(stored[i]), there.eq(waits[i])]
        digits, ends = len(self.push_group), len(self.push_group) + 2
        slot = entry[ends + self.plane_bits :]
        m.d.comb += [
            self.group.eq(entry[:digits]),
            self.slot.eq(
                Cat(slot, entry[digits + 2 : ends + self.plane_bits])
                if self.shape.shared_bits > len(self.push_slot)
                else slot
            ),
            self.plane.eq(plane),
            self.holds.eq(holds),
            picked.eq(busy & self.last),
            needed.eq(self.push & (self.push_group[: self.shape.group_digits].any() | self.push_end.any())),
            ended.eq(end & (waiting | picked).replicate(2)),
            self.at_plane_end.eq(ended[0]),
            self.at_tile_end.eq(ended[1]),
            self.load.eq(there & Mux(ended.any(), self.go_on, picked | ~busy)),
        ]
        with m.If(self.load):
            m.d.sync += [
                following.eq(Mux(following == queue - 1, 0, following + 1)),
                current.eq(slot),
                end.eq(entry[digits:ends]),
                plane.eq(entry[ends : ends + self.plane_bits]),
                busy.eq(1),
                waiting.eq(0),
            ]
        with m.Elif(picked):
            m.d.sync += [busy.eq(0), waiting.eq(end.any() & ~self.go_on)]
        with m.Elif(waiting & self.go_on):
            m.d.sync += waiting.eq(0)
        with m.If(needed):
            m.d.sync += free.eq(Mux(free == queue - 1, 0, free + 1))
        for i in range(queue):
            with m.If(needed & (free == i)):
                m.d.sync += [stored[i].eq(arriving), waits[i].eq(1)]
            with m.Elif(self.load & (following == i)):
                m.d.sync += waits[i].eq(0)
            with m.If(needed & (self.push_slot == i)):
                m.d.sync += holds[i].eq(1)
            with m.Elif(picked & (current == i)):
                m.d.sync += holds[i].eq(0)
        return m

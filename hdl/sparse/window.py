"""The window: the operands of B of the groups in front of the rows, one column a part."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["Slots", "Window"]


class Window(Part):
    """One column's operands of the groups in ``queue`` slots.

    Members
    -------
    write : In(1)
        Take the operands ``data`` (banks of lane 0 lowest, then those of lane 1 ...) into ``slot``.
    write_out, slot_out : Out
        In a systolic array: the same for the next column, one cycle later.
    words : Out
        All operands: those of lane 0 lowest, in a lane by slot, in a slot by bank; see ``SparseShape.index_bits``.
    """

    module = "window"
    role = roles.WINDOW

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = shape = SparseShape(params)
        bits = shape.banks * params.b.width
        follow = {"write_out": Out(1), "slot_out": Out(shape.slot_bits)} if params.axes.hands_a_over else {}
        super().__init__(
            {
                "write": In(1),
                "slot": In(shape.slot_bits),
                "data": In(bits),
                **follow,
                "words": Out(params.queue * bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, queue = self.shape, self.params.queue
        if self.params.axes.hands_a_over:
            write = Signal(name="write_register", reset_less=True)
            slot = Signal(shape.slot_bits, name="slot_register", reset_less=True)
            m.d.sync += [write.eq(self.write), slot.eq(self.slot)]
            m.d.comb += [self.write_out.eq(write), self.slot_out.eq(slot)]
        slots = [Signal(len(self.data), name=f"slot{i}", reset_less=True) for i in range(queue)]
        for i, register in enumerate(slots):
            with m.If(self.write & (self.slot == i)):
                m.d.sync += register.eq(self.data)
        size = len(self.data) // shape.lanes
        words = [word.word_select(lane, size) for lane in range(shape.lanes) for word in slots]
        m.d.comb += self.words.eq(Cat(words))
        return m


class Slots(Part):
    """Which slots of the window are in use.

    Members
    -------
    take : In(1)
        Use ``slot`` for a group that is on its way. ``free`` : Out(1) says that it may be taken.
    arrive : In(1)
        The group of slot ``arrive_slot`` reaches window and rows at the end of this cycle.
    holds : In(queue)
        Slots that some row still needs.
    """

    module = "slots"
    role = roles.SPARSE
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.queue = params.queue
        bits = SparseShape(params).slot_bits
        super().__init__(
            {
                "take": In(1),
                "arrive": In(1),
                "arrive_slot": In(bits),
                "holds": In(self.queue),
                "slot": Out(bits),
                "free": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        queue = self.queue
        used = Signal(queue)
        there = Signal(queue)
        slot = Signal(range(queue))
        free = Signal()
        with m.Switch(slot):
            for i in range(queue):
                with m.Case(i):
                    m.d.comb += free.eq(~used[i])
        m.d.comb += [self.slot.eq(slot), self.free.eq(free)]
        with m.If(self.take):
            m.d.sync += slot.eq(Mux(slot == queue - 1, 0, slot + 1))
        for i in range(queue):
            with m.If(self.arrive & (self.arrive_slot == i)):
                m.d.sync += there[i].eq(1)
            with m.Elif(there[i] & ~self.holds[i]):
                m.d.sync += [there[i].eq(0), used[i].eq(0)]
            with m.If(self.take & (slot == i)):
                m.d.sync += used[i].eq(1)
        return m

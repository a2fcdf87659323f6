"""What the lanes do in every step: beats of the present phase, and results that go back in for their next pass."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.wiring import In, Out

from hdl.arith.float.passes import OP_BITS, LaneShape
from hdl.lib.delay import delay, later, moves
from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.phases import CHAIN_BITS, chain_fields, phase_layout
from hdl.pim.vector.reader import AHEAD

__all__ = ["Front", "entry_layout", "lane_job", "tag_layout"]


def lane_job(params: PimParams, contexts: int) -> StructLayout:
    """A phase: its instruction's number, its fields, SRAM words of its operands, the last beat's number, a stride."""
    tail = (params.vector_lanes - 1).bit_length()
    return StructLayout(
        {
            "context": range(contexts),
            "phase": phase_layout(params),
            **dict.fromkeys(("a", "b", "c"), ADDRESS_BITS),
            "beats": MOVE_BITS - tail,
            "stride": 16,
        }
    )


def tag_layout(params: PimParams, contexts: int) -> StructLayout:
    """What becomes of a beat's result: its instruction, SRAM words from the vector's begin on, its phase's last one.

    It ``writes`` to the vector, ``adds`` to a sum, is a ``number``, or none of these: it goes back into the lanes. With
    int8, one that writes is one half of what is written as it ``packs``, or a ``single`` number.
    """
    flags = dict.fromkeys(("last", "writes", "adds", "number"), 1)
    flags |= dict.fromkeys(("packs", "single") if params.int8 else (), 1)
    return StructLayout({"context": range(contexts), "offset": ADDRESS_BITS, **flags})


def entry_layout(params: PimParams, contexts: int) -> StructLayout:
    """A beat that enters the lanes: its pass, where ``a`` comes from if not from the reader, and its tag.

    ``first`` of a phase: take its scalars. ``counts``: it multiplies a vector. ``rectified``: what is negative is +0.
    """
    flags = dict.fromkeys(("whole", "back", "number", "first", "counts", "rectified"), 1)
    return StructLayout({"op": OP_BITS, **flags, "tag": tag_layout(params, contexts)})


class Front(Part):
    """Puts phases one behind the other, with no gap, and decides :data:`AHEAD` steps before a beat enters the lanes.

    Beats wait where an earlier one is due for the same operand or result in the same step. A result that goes back has
    precedence: it is there and can't wait.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape
    contexts : int
        Instructions at work.
    gap : int
        Steps from the last beat of a sum to the first one of the next.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    offer : In(1), job : In, take : Out(1)
        A phase (:func:`lane_job`), and that it is taken.
    base : In(contexts * 16)
        For every instruction the SRAM word of operand ``b`` of further passes.
    a_push, a_address, a_gather, a_first, a_stride, b_push, b_address, c_push, c_address : Out
    a_pop, b_pop, c_pop : Out(1)
        To the readers.
    closed : Out(1)
        Not yet time for a phase that adds up: it would wait, and keep others waiting.
    soon : Out(1), soon_context : Out
        The first beat of a phase enters one step later.
    valid : Out(1), entry : Out
        What enters the lanes in this step (:func:`entry_layout`).
    """

    resets = True

    def __init__(self, params: PimParams, shape: LaneShape, contexts: int, gap: int) -> None:
        self.params = params
        self.shape = shape
        self.contexts = contexts
        self.gap = gap
        self.module = f"vector_front_{contexts}"
        flags = ("take", "a_push", "b_push", "c_push", "a_gather", "a_first", "a_pop", "b_pop", "c_pop")
        super().__init__(
            {
                "en": In(1),
                "offer": In(1),
                "job": In(lane_job(params, contexts).size),
                "base": In(contexts * ADDRESS_BITS),
                **{name: Out(1) for name in (*flags, "soon", "valid", "closed")},
                **{f"{name}_address": Out(ADDRESS_BITS) for name in "abc"},
                "a_stride": Out(16),
                "soon_context": Out(range(contexts)),
                "entry": Out(entry_layout(params, contexts).size),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layout = lane_job(self.params, self.contexts)
        job = View(layout, Signal(layout.size, name="present", reset_less=True))
        phase = job.phase
        active, first, go, last, whole = (Signal(name=name) for name in ("active", "first", "go", "last", "whole"))
        offset = Signal(ADDRESS_BITS, reset_less=True)
        layouts = entry_layout(self.params, self.contexts), tag_layout(self.params, self.contexts)
        tag = View(layouts[1], Signal(layouts[1].size, name="tag"))
        returns, back = self._returns(m, go, job, offset, tag)
        m.d.comb += [
            last.eq(job.beats == 0),
            self.take.eq(self.offer & self.en & (~active | (go & last))),
            whole.eq(returns | ~phase.early),
            self.a_push.eq(go & phase.vector),
            self.a_address.eq(job.a + offset),
            self.a_gather.eq(phase.gather),
            self.a_first.eq(first),
            self.a_stride.eq(job.stride),
        ]
        # What follows: a beat of the phase, if nothing is in its way.
        b_taken = self._operand_b(m, go, job, tag, returns, back.b)
        wants_c = go & phase.c
        c_later = later(m, "c", self.en, wants_c, self.shape.start_of("a5"))
        enables = moves(self.en, wants_c, c_later)
        m.d.comb += self.c_push.eq(c_later[-1])
        m.d.comb += self.c_address.eq(delay(m, "c_address_of", enables, job.c + offset, len(c_later)))
        wholes = later(m, "wholes", self.en, (go | returns) & whole, self.shape.full - self.shape.short)
        closed = Signal(range(self.gap + 1), name="closed_for")
        waits = b_taken | (phase.early & wholes[-1]) | (phase.adds & first & closed.any())
        m.d.comb += go.eq(active & ~returns & ~waits)
        m.d.comb += self.closed.eq((active & phase.adds) | (closed > 1))
        with m.If(self.en):
            with m.If(go & last & phase.adds):
                m.d.sync += closed.eq(self.gap)
            with m.Elif(closed.any()):
                m.d.sync += closed.eq(closed - 1)
            with m.If(go):
                m.d.sync += [first.eq(0), job.beats.eq(job.beats - 1), active.eq(~last)]
                m.d.sync += offset.eq(offset + self.params.vector_lanes // self.params.lanes)
        with m.If(self.take):
            given = View(layout, self.job)
            m.d.sync += [job.eq(given), active.eq(1), first.eq(1), offset.eq(0)]
            with m.If(~given.phase.vector):
                m.d.sync += job.beats.eq(0)

        entry = View(layouts[0], Signal(layouts[0].size, name="decided"))
        m.d.comb += [
            entry.op.eq(Mux(returns, back.op, phase.op)),
            entry.whole.eq(whole),
            entry.back.eq(returns),
            entry.number.eq(~phase.vector),
            entry.first.eq(first & ~returns),
            entry.counts.eq(phase.counts | returns),
            entry.rectified.eq(phase.rectified & ~returns),
            entry.tag.eq(tag),
        ]
        valid = later(m, "valids", self.en, go | returns, AHEAD)
        enables = moves(self.en, go | returns, valid)
        soon = delay(m, "entry_soon", enables[:-1], entry.as_value(), AHEAD - 1)
        coming = View(layouts[0], soon)
        m.d.comb += [
            self.soon.eq(valid[-2] & coming.first),
            self.soon_context.eq(coming.tag.context),
            self.valid.eq(valid[-1]),
            self.entry.eq(delay(m, "entry_now", enables[-1], soon, 1)),
        ]
        for name in "abc":
            m.d.comb += getattr(self, f"{name}_pop").eq(
                later(m, f"{name}_pops", self.en, getattr(self, f"{name}_push"), AHEAD)[-1]
            )
        return m

    def _returns(self, m: Module, go: Signal, job: View, offset: Signal, tag: View) -> tuple[Signal, View]:
        """A result that goes back into the lanes, and its next pass; and the tag of what is decided on now."""
        fields = StructLayout({"op": OP_BITS, "b": 1, "left": CHAIN_BITS})
        back = View(fields, Signal(fields.size, name="next_pass"))
        kept = StructLayout({"chain": CHAIN_BITS, "context": range(self.contexts), "offset": ADDRESS_BITS, "last": 1})
        now = View(kept, Signal(kept.size, name="kept"))
        returns, any_left = Signal(name="returns"), Signal(name="any_left")
        m.d.comb += now.chain.eq(Mux(returns, back.left, job.phase.chain))
        m.d.comb += any_left.eq(now.chain.any())
        on_way = later(m, "returns", self.en, (go | returns) & any_left, self.shape.full)
        enables = moves(self.en, (go | returns) & any_left, on_way)
        before = View(kept, delay(m, "returning", enables, now.as_value(), len(on_way)))
        m.d.comb += [
            returns.eq(on_way[-1]),
            now.context.eq(Mux(returns, before.context, job.context)),
            now.offset.eq(Mux(returns, before.offset, offset)),
            now.last.eq(Mux(returns, before.last, job.beats == 0)),
            *(getattr(tag, name).eq(getattr(now, name)) for name in ("context", "offset", "last")),
            tag.writes.eq(~any_left & (returns | job.phase.writes)),
            tag.adds.eq(~returns & job.phase.adds),
            tag.number.eq(~returns & ~job.phase.vector),
        ]
        if self.params.int8:
            m.d.comb += [tag[name].eq(~returns & job.phase[name]) for name in ("packs", "single")]
        with m.Switch(before.chain):
            for i, values in enumerate(chain_fields()):
                with m.Case(i):
                    m.d.comb += back.as_value().eq(fields.const(values).as_value())
        return returns, back

    def _operand_b(self, m: Module, go: Signal, job: View, tag: View, returns: Signal, again: Value) -> Value:
        """Requests of operand ``b`` at their three moments; whether an earlier one has that of the present phase."""
        phase, shape = job.phase, self.shape
        base = Array(self.base[ADDRESS_BITS * i :][:ADDRESS_BITS] for i in range(self.contexts))
        address = Signal(ADDRESS_BITS, name="b_now")
        m.d.comb += address.eq(Mux(returns, base[tag.context], job.b) + tag.offset)
        valid, where = (go & phase.b_late) | (returns & again), address
        taken: Value = Const(0, 1)
        steps = shape.start_of("m2") - shape.start_of("m0"), shape.start_of("m0")
        for name, wants, count in zip(("second", "first"), (phase.b_second, phase.b_first), steps, strict=True):
            on_way = later(m, f"b_{name}", self.en, valid, count)
            earlier = on_way[-1]
            place = delay(m, f"b_{name}_address", moves(self.en, valid, on_way), where, count)
            taken = taken | (wants & earlier)
            valid, where = earlier | (go & wants), Mux(earlier, place, address)
        m.d.comb += [self.b_push.eq(valid), self.b_address.eq(where)]
        return taken

"""The delta encoder: activations go in, what changed since the frame before comes out."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from hdl.bus.slice import StreamSlice
from hdl.delta.lane import DeltaLane
from hdl.lib import roles
from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params.delta import DeltaParams

__all__ = ["DeltaEncoder"]


class DeltaEncoder(Part):
    """Sends changes, and remembers what it has sent.

    The reference of an activation is the sum of all that was sent of it: what an engine that adds W d to its results
    has really been given. A change that saturates, or is too small to be sent, therefore isn't lost: it is part of a
    later one. Of an activation x with reference r

    * q = round(x / 2**shift), halves upwards, and no greater than what the greatest x gives rounded down,
    * d = q - r, saturated; 0 where its magnitude is below the threshold,
    * r becomes r + d,

    and of one that is sent whole, r counts as 0 and the threshold as 1. A beat a cycle; latency two cycles. The same
    address may come in consecutive beats. Words of the memory are not reset: the first frame is sent whole.

    Parameters
    ----------
    params : DeltaParams
    tags : bool
        It has ``o_addr`` and ``o_some``.

    Members
    -------
    shift, threshold : In
        See :class:`hdl.params.delta.DeltaSetting`; they are held while beats are inside.
    i_data : In(lanes * bits of x)
        Activations, lane 0 lowest.
    i_addr, i_last : In
        The word of the reference memory, and what travels with the beat.
    i_whole : In(1)
        The beat is sent whole: it belongs to the first frame, or to plain inference.
    i_valid, i_ready, o_valid, o_ready
        Handshakes: a beat moves where both are high.
    o_data : Out(lanes * bits of d)
        What changed.
    o_addr, o_last : Out
        Of the beat.
    o_some : Out(1)
        Some lane is not zero.
    """

    role = roles.FRONT
    resets = True

    def __init__(self, params: DeltaParams, *, tags: bool = True) -> None:
        self.params = params
        self.tags = {"o_addr": Out(params.address_bits), "o_some": Out(1)} if tags else {}
        self.module = "delta_encoder"
        super().__init__(
            {
                "shift": In(params.shift_bits),
                "threshold": In(params.x.width),
                "i_data": In(params.lanes * params.x.width),
                "i_addr": In(params.address_bits),
                "i_last": In(1),
                "i_whole": In(1),
                "i_valid": In(1),
                "i_ready": Out(1),
                "o_data": Out(params.lanes * params.d.width),
                "o_last": Out(1),
                **self.tags,
                "o_valid": Out(1),
                "o_ready": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params, width = self.params, self.params.x.width
        held = Signal()  # a beat waits for the word that it asked for
        room = Signal()  # the slice takes it
        enters = Signal()
        m.d.comb += [self.i_ready.eq(~held | room), enters.eq(self.i_valid & self.i_ready)]
        with m.If(self.i_ready):
            m.d.sync += held.eq(self.i_valid)

        quantised = Signal(params.lanes * width, reset_less=True)
        addr = Signal(params.address_bits, reset_less=True)
        whole = Signal(reset_less=True)
        last = Signal(reset_less=True)
        with m.If(enters):
            m.d.sync += [addr.eq(self.i_addr), whole.eq(self.i_whole), last.eq(self.i_last)]
            m.d.sync += quantised.eq(Cat(*(self._rounded(m, i) for i in range(params.lanes))))

        # The word of a beat that waits is read again and again, so that the memory needs no enable. What is written in
        # the cycle in which it is asked for goes around the memory.
        written = Signal(params.lanes * width)
        leaves = Signal()
        m.d.comb += leaves.eq(held & room)
        memory = place(
            m,
            "memory",
            Ram(params.words, params.lanes * width),
            w_en=leaves,
            w_addr=addr,
            w_data=written,
            r0_addr=Mux(enters, self.i_addr, addr),
        )
        around = Signal(reset_less=True)
        recent = Signal(params.lanes * width, reset_less=True)
        with m.If(enters):
            m.d.sync += [around.eq(leaves & (self.i_addr == addr)), recent.eq(written)]
        references = [
            Mux(around, recent.word_select(i, width), memory.r0_data.word_select(i, width)) for i in range(params.lanes)
        ]
        lanes = [
            place(
                m,
                f"lane{i}",
                DeltaLane(params.x, params.d),
                q=quantised.word_select(i, width),
                reference=references[i],
                whole=whole,
                threshold=self.threshold,
            )
            for i in range(params.lanes)
        ]
        m.d.comb += written.eq(Cat(*(lane.sent for lane in lanes)))
        changes = Cat(*(lane.d for lane in lanes))
        given, taken = [changes], [self.o_data]
        if self.tags:
            given, taken = [changes, addr, changes.any()], [self.o_data, self.o_addr, self.o_some]
        slice_ = place(
            m,
            "slice",
            StreamSlice(sum(map(len, given))),
            i_data=Cat(given),
            i_last=last,
            i_valid=held,
            o_ready=self.o_ready,
        )
        m.d.comb += [
            room.eq(slice_.i_ready),
            Cat(taken).eq(slice_.o_data),
            self.o_last.eq(slice_.o_last),
            self.o_valid.eq(slice_.o_valid),
        ]
        return m

    def _rounded(self, m: Module, lane: int) -> Value:
        """An activation in units of theta."""
        form = self.params.x
        x = self.i_data.word_select(lane, form.width)
        half = Cat(self.shift == i + 1 for i in range(form.width - 1))
        wide = Signal(signed(form.width + 2), name=f"wide{lane}")
        m.d.comb += wide.eq((x.as_signed() if form.signed else x) + half)
        rounded = Signal(signed(form.width + 2), name=f"rounded{lane}")
        m.d.comb += rounded.eq(wide >> self.shift)
        top = Signal(form.width, name=f"top{lane}")
        m.d.comb += top.eq(form.max >> self.shift)
        found = Signal(form.width, name=f"found{lane}")
        m.d.comb += found.eq(Mux(rounded > top, top, rounded))
        return found

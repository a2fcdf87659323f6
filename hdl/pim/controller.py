"""The controller without its host interface: issuer, channels, vector unit, SRAM, data mover."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params.pim import WORD_BITS, PimParams
from hdl.pim.channel.channel import PHY_INPUTS, phy_members, phy_outputs
from hdl.pim.channel.channels import Channels
from hdl.pim.channel.collector import granules
from hdl.pim.issue.issuer import Issuer
from hdl.pim.mover import Mover
from hdl.pim.sram import Sram
from hdl.pim.vector.unit import READS, VECTOR_INPUTS, VectorUnit

__all__ = ["Controller"]

#: Ports of the issuer that are the controller's as well.
HOST_INPUTS = {"start": 1, "stop": 1, "clear": 1, "start_pc": 16, "length": 17}
HOST_INPUTS |= {"scalar_en": 1, "scalar_addr": 4, "scalar_in": 32}
HOST_OUTPUTS = {"running": 1, "halted": 1, "stopped": 1, "error": 8, "error_word": WORD_BITS, "pc": 16}
HOST_OUTPUTS |= {"interrupt": 1, "retired": 1, "waits": 1, "mark": 1, "mark_tag": 8, "scalar_out": 32}
#: What the issuer hears from the vector unit.
VECTOR_OUTPUTS = ("ready", "slot", "active", "any_gives", "done", "result", "target_out")


class Controller(Part):
    """Executes programs from its program memory.

    Members
    -------
    start, stop, clear, ..., scalar_out
        As at :class:`hdl.pim.issue.issuer.Issuer`; ``length`` is the number of instructions in the program memory.
    program_en : In(1), program_at, program_word : In
        Write an instruction; only while none runs.
    s_axis_*, m_axis_*
        The host's streams of words (:class:`hdl.pim.mover.Mover`).
    channels_busy, move_busy, move_waits : Out(1)
        For status and counters.
    c{i}_*
        The channels' ports (:class:`hdl.pim.channel.channel.Channel`).
    vector_busy, vector_multiplies : Out(1)
        The vector unit is at work; a beat enters its lanes to be multiplied.
    """

    module = "controller"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.words = params.vector_lanes // params.lanes
        word = params.word_bits
        self.vector = VectorUnit(params)
        self.sram = Sram(
            params,
            {"feed": 1, **dict.fromkeys(READS, self.words), "move": 1},
            {"collect": 1, "vd": self.words, "put": 1},
        )
        ports: dict[str, Any] = {name: In(width) for name, width in HOST_INPUTS.items()}
        ports |= {name: Out(width) for name, width in HOST_OUTPUTS.items()}
        ports |= {"program_en": In(1), "program_at": In((params.program_words - 1).bit_length() or 1)}
        ports |= {"program_word": In(WORD_BITS), "s_axis_tdata": In(word), "s_axis_tvalid": In(1)}
        ports |= {"s_axis_tready": Out(1), "m_axis_tdata": Out(word), "m_axis_tlast": Out(1), "m_axis_tvalid": Out(1)}
        ports |= {"m_axis_tready": In(1), "channels_busy": Out(1), "move_busy": Out(1), "move_waits": Out(1)}
        ports |= phy_members(params)
        ports |= {"vector_busy": Out(1), "vector_multiplies": Out(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        # Parts refer to each other: wires first.
        program, issue = Ram(max(2, params.program_words), WORD_BITS), Issuer(params)
        wires = {
            name: Signal(member.shape, name=f"issue_{name}")
            for name, member in issue.signature.members.items()
            if member.flow is In and name not in HOST_INPUTS
        }
        issuer = place(m, "issuer", issue, **wires, **{name: getattr(self, name) for name in HOST_INPUTS})
        memory = place(
            m,
            "program_memory",
            program,
            w_en=self.program_en,
            w_addr=self.program_at,
            w_data=self.program_word,
            r0_addr=issuer.program_addr[: (program.depth - 1).bit_length()],
        )
        feed_ready = Signal()
        move_ready = Signal()
        put_ready = Signal()
        feed_data = Signal(params.word_bits)
        move_data = Signal(params.word_bits)
        channels = place(
            m,
            "channels",
            Channels(params),
            op=issuer.op,
            mask=issuer.op_mask,
            feeds=issuer.feeds,
            collects=issuer.collects,
            feed=issuer.feed,
            collect=issuer.collect,
            op_valid=issuer.op_valid,
            r_ready=feed_ready,
            r_data=feed_data,
            **{f"c{i}_{name}": getattr(self, f"c{i}_{name}") for i in range(params.channels) for name in PHY_INPUTS},
        )
        mover = place(
            m,
            "mover",
            Mover(params),
            start=issuer.move_start,
            cancel=issuer.move_cancel,
            out=issuer.move_out,
            address=issuer.move_address,
            count=issuer.move_count,
            s_axis_tdata=self.s_axis_tdata,
            s_axis_tvalid=self.s_axis_tvalid,
            m_axis_tready=self.m_axis_tready,
            r_ready=move_ready,
            r_data=move_data,
            w_ready=put_ready,
        )
        inputs = {
            "feed_valid": channels.r_valid,
            "feed_addr": channels.r_addr,
            "move_valid": mover.r_valid,
            "move_addr": mover.r_addr,
            "collect_valid": channels.w_valid,
            "collect_addr": channels.w_addr,
            "collect_data": channels.w_data,
            "collect_mask": channels.w_mask,
            "put_valid": mover.w_valid,
            "put_addr": mover.w_addr,
            "put_data": mover.w_data,
            "put_mask": Const(-1, granules(params)),
        }
        vector_wires = {
            name: Signal(member.shape, name=f"vector_{name}")
            for name, member in self.vector.signature.members.items()
            if member.flow is In and name[:3] in ("va_", "vb_", "vc_", "vs_", "vd_")
        }
        vector = place(
            m,
            "vector",
            self.vector,
            start=issuer.vector_start,
            **{name: getattr(issuer, f"vector_{name}") for name in VECTOR_INPUTS},
            **vector_wires,
        )
        ends = [f"{name}_{end}" for name in (*READS, "vd") for end in ("valid", "addr")]
        inputs |= {name: getattr(vector, name) for name in (*ends, "vd_data", "vd_mask")}
        for name in ("feed", "move", "collect", "put", *READS, "vd"):
            inputs[f"{name}_addr"] = inputs[f"{name}_addr"][: self.sram.address]
        sram = place(m, "sram", self.sram, **inputs)
        m.d.comb += [
            *(getattr(self, name).eq(getattr(issuer, name)) for name in HOST_OUTPUTS),
            *(wires[f"vector_{name}"].eq(getattr(vector, name)) for name in VECTOR_OUTPUTS),
            *(wire.eq(getattr(sram, name)) for name, wire in vector_wires.items()),
            self.vector_busy.eq(vector.active.any()),
            self.vector_multiplies.eq(vector.multiplies),
            wires["program_data"].eq(memory.r0_data),
            wires["op_ready"].eq(channels.op_ready),
            wires["feed_done"].eq(channels.feed_done),
            wires["collect_done"].eq(channels.collect_done),
            wires["channels_busy"].eq(channels.busy),
            wires["move_busy"].eq(mover.busy),
            self.channels_busy.eq(channels.busy),
            self.move_busy.eq(mover.busy),
            self.move_waits.eq(mover.waits),
            self.s_axis_tready.eq(mover.s_axis_tready),
            *(
                getattr(self, name).eq(getattr(mover, name))
                for name in ("m_axis_tdata", "m_axis_tlast", "m_axis_tvalid")
            ),
            feed_ready.eq(sram.feed_ready),
            feed_data.eq(sram.feed_data),
            move_ready.eq(sram.move_ready),
            move_data.eq(sram.move_data),
            put_ready.eq(sram.put_ready),
        ]
        for i in range(params.channels):
            names = [f"c{i}_{name}" for name in phy_outputs(params)]
            m.d.comb += [getattr(self, name).eq(getattr(channels, name)) for name in names]
        return m

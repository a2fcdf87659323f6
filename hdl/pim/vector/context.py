"""An instruction in the vector unit: its operands, the phase that it is in, and the numbers between phases."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import BF16, FP32
from hdl.arith.float.passes import CONSTANTS
from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.int8 import inverse
from hdl.pim.vector.phases import decode_phase, phase_layout, state_bits

__all__ = ["Context", "context_count", "operand_layout"]


def context_count(params: PimParams) -> int:
    """Instructions at work at the same time, a power of two.

    Between its passes softmax waits some 200 clocks for its sum and its reciprocal, layernorm 400 for its mean and its
    root, however many lanes there are. With 32 lanes a pass of 1,024 elements takes 32: only other instructions can
    fill the time.
    """
    return 4 if params.vector_lanes <= 4 else 8


def operand_layout(params: PimParams) -> StructLayout:
    """An instruction's operands: SRAM words of its vectors, the number of the last beat, elements in that less one."""
    tail = (params.vector_lanes - 1).bit_length()
    return StructLayout(
        {
            **dict.fromkeys(("a", "b", "c", "d"), ADDRESS_BITS),
            "beats": MOVE_BITS - tail,
            "tail": tail,
            "stride": 16,
            "share": FP32.width,
            "eps": FP32.width,
            "target": 4,
            "gives": 1,
        }
    )


class Context(Part):
    """Steps through the phases (:mod:`hdl.pim.vector.phases`).

    Members
    -------
    load : In(1), state, operands, start_x : In
        An instruction, with its first state and x as it begins; only while not active.
    lane_start, scan_start : In(1)
        What the present phase wants of the lanes, and of the scan, begins.
    lane_done, scan_done : In(1), lane_value, scan_value : In(32)
        It has come to its end, with this result.
    first_valid : In(1), first : In(16)
        The element that is subtracted from all others.
    active : Out(1)
    wants_lane, wants_scan : Out(1)
        The phase waits to begin.
    phase, held, x, s0, s1, s2 : Out
        The phase (:func:`hdl.pim.vector.phases.phase_layout`), the operands, the numbers and scalars as they are now.
    ends : Out(1)
        Active for the last clock; ``x`` is the result for a scalar register.
    """

    module = "vector_context"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        operands = operand_layout(params).size
        flags = ("load", "lane_start", "scan_start", "lane_done", "scan_done", "first_valid")
        super().__init__(
            {
                **{name: In(1) for name in flags},
                "state": In(state_bits(params)),
                "operands": In(operands),
                **{name: In(FP32.width) for name in ("start_x", "lane_value", "scan_value")},
                "first": In(BF16.width),
                **{name: Out(1) for name in ("active", "wants_lane", "wants_scan", "ends")},
                "phase": Out(phase_layout(params).size),
                "held": Out(operands),
                **{name: Out(FP32.width) for name in ("x", "s0", "s1", "s2")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layout = operand_layout(self.params)
        state = Signal(state_bits(self.params), name="state_now")
        held = View(layout, Signal(layout.size, name="operand", reset_less=True))
        x, mean, scale = (Signal(FP32.width, name=name, reset_less=True) for name in ("x_now", "m_now", "k_now"))
        active, lane_began, scan_began, lane_ended, scan_ended = (
            Signal(name=name) for name in ("is_active", "lane_began", "scan_began", "lane_ended", "scan_ended")
        )
        phase = decode_phase(m, self.params, state, "decoded")
        complete = Signal()
        m.d.comb += [
            complete.eq(active & (lane_ended | ~phase.runs) & (scan_ended | ~phase.scans)),
            self.active.eq(active),
            self.wants_lane.eq(active & phase.runs & ~lane_began),
            self.wants_scan.eq(active & phase.scans & ~scan_began),
            self.ends.eq(complete & phase.final),
            self.phase.eq(phase.as_value()),
            self.held.eq(held.as_value()),
            self.x.eq(x),
            self.s0.eq(Mux(phase.s0_eps, held.eps, mean)),
            self.s2.eq(Mux(phase.s2_x, x, CONSTANTS["1"])),
        ]
        choices = {"x": x, "k": scale, "share": held.share}
        if self.params.int8:
            choices["inverse"] = inverse(x)
        choices |= {"one": Const(CONSTANTS["1"], FP32.width), "log2e": Const(CONSTANTS["log2e"], FP32.width)}
        found: Value = Const(0, FP32.width)
        for name, value in choices.items():
            found = found | (value & phase[f"s1_{name}"].replicate(FP32.width))
        m.d.comb += self.s1.eq(found)

        m.d.sync += [
            lane_began.eq((lane_began | self.lane_start) & ~complete),
            scan_began.eq((scan_began | self.scan_start) & ~complete),
            lane_ended.eq((lane_ended | self.lane_done) & ~complete),
            scan_ended.eq((scan_ended | self.scan_done) & ~complete),
        ]
        with m.If(self.load):
            m.d.sync += [active.eq(1), state.eq(self.state), held.eq(View(layout, self.operands)), x.eq(self.start_x)]
        with m.Elif(complete):
            m.d.sync += [active.eq(~phase.final), state.eq(state + 1)]
        for done, value, wanted in (
            (self.first_valid, Cat(Const(0, FP32.width - BF16.width), self.first), {"m": Const(1, 1)}),
            (self.scan_done, self.scan_value, {"m": phase.scan_to_m, "x": ~phase.scan_to_m}),
            (self.lane_done, self.lane_value, {"x": phase.to_x | phase.adds, "m": phase.to_m, "k": phase.to_k}),
        ):
            for name, target in (("x", x), ("m", mean), ("k", scale)):
                if name in wanted:
                    with m.If(done & wanted[name]):
                        m.d.sync += target.eq(value)
        return m

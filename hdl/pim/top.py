"""The controller with its host interface: registers, program input, counters, interrupts."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.bus.axi_lite import AXI_INPUTS, AXI_OUTPUTS, axi_members
from hdl.bus.register_block import RegisterBlock
from hdl.lib.shared import Part, Shared, place
from hdl.params.pim import SCALARS, WORD_BITS, PimParams
from hdl.pim.channel.channel import PHY_INPUTS, phy_members, phy_outputs
from hdl.pim.controller import Controller
from hdl.pim.counters import EVENTS, Counters
from hdl.pim.mark_log import MarkLog
from hdl.pim.registers import COUNTERS, pim_registers

__all__ = ["Pim"]

STREAM_INPUTS = ("s_axis_tdata", "s_axis_tvalid", "m_axis_tready")
STREAM_OUTPUTS = ("s_axis_tready", "m_axis_tdata", "m_axis_tlast", "m_axis_tvalid")


class Pim(Part):
    """The controller, as a chip places it.

    Members
    -------
    s_axi_*
        The host's registers (AXI4-Lite, 32 bits): :func:`hdl.pim.registers.pim_registers`.
    irq : Out(1)
        An interrupt waits that is enabled.
    s_axis_program_tdata : In(128), s_axis_program_tvalid : In(1), s_axis_program_tready : Out(1)
        Instructions, one after another into the program memory; taken while no program runs and there is room.
    s_axis_*, m_axis_*
        The host's streams of words, for IN and OUT.
    c{i}_*
        The channels' ports (:class:`hdl.pim.channel.channel.Channel`).
    """

    module = "pim"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.registers = pim_registers(params)
        word = params.word_bits
        ports: dict[str, Any] = axi_members(self.registers.address_bits)
        ports |= {"irq": Out(1), "s_axis_program_tdata": In(WORD_BITS), "s_axis_program_tvalid": In(1)}
        ports |= {"s_axis_program_tready": Out(1), "s_axis_tdata": In(word), "s_axis_tvalid": In(1)}
        ports |= {"s_axis_tready": Out(1), "m_axis_tdata": Out(word), "m_axis_tlast": Out(1), "m_axis_tvalid": Out(1)}
        ports["m_axis_tready"] = In(1)
        ports |= phy_members(params)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        block = RegisterBlock(self.registers)
        # What the registers show, by port of the block: wires, as the parts refer to each other.
        shown = {
            name: Signal(member.shape, name=f"show_{name}")
            for name, member in block.signature.members.items()
            if member.flow is In and not name.startswith("s_axi_")
        }
        bus = {f"s_axi_{name}": getattr(self, f"s_axi_{name}") for name in AXI_INPUTS}
        registers = place(m, "registers", block, **bus, **shown)
        m.d.comb += [getattr(self, f"s_axi_{name}").eq(getattr(registers, f"s_axi_{name}")) for name in AXI_OUTPUTS]
        length, enters = self._program(m, registers, shown["lock"])
        part = Controller(params)
        controller = place(
            m,
            "controller",
            part,
            start=registers.control_start,
            stop=registers.control_stop,
            clear=registers.control_reset,
            start_pc=registers.start_pc_pc,
            length=length,
            scalar_en=Cat(*(getattr(registers, f"scalar{i}_write") for i in range(SCALARS))).any(),
            scalar_addr=registers.address[:4],
            scalar_in=registers.write_data,
            program_en=enters,
            program_at=length[: part.program_at.shape().width],
            program_word=self.s_axis_program_tdata,
            **{name: getattr(self, name) for name in STREAM_INPUTS},
            **{f"c{i}_{name}": getattr(self, f"c{i}_{name}") for i in range(params.channels) for name in PHY_INPUTS},
        )
        m.d.comb += [getattr(self, name).eq(getattr(controller, name)) for name in STREAM_OUTPUTS]
        m.d.comb += [
            getattr(self, f"c{i}_{name}").eq(getattr(controller, f"c{i}_{name}"))
            for i in range(params.channels)
            for name in phy_outputs(params)
        ]
        counters = self._counters(m, registers, controller)
        marks = place(
            m,
            "marks",
            MarkLog(params),
            mark=controller.mark,
            tag=controller.mark_tag,
            cycles_lo=counters.cycles_lo,
            cycles_hi=counters.cycles_hi,
            pop=registers.control_pop_mark,
            clear=registers.control_reset,
        )
        self._status(m, registers, controller, shown)
        values = {"program_length": length, "forget": registers.control_reset}
        values |= {"marks_count": marks.count, "marks_tag": marks.oldest_tag, "marks_lost": marks.lost}
        values |= {"mark_lo": marks.oldest_lo, "mark_hi": marks.oldest_hi}
        values |= {f"scalar{i}": controller.scalar_out for i in range(SCALARS)}
        for name in COUNTERS:
            values |= {f"{name.lower()}_{half}": getattr(counters, f"{name.lower()}_{half}") for half in ("lo", "hi")}
        m.d.comb += [shown[name].eq(value) for name, value in values.items()]
        return m

    def _program(self, m: Module, registers: Shared, busy: Signal) -> tuple[Signal, Signal]:
        """Instructions in the program memory, and that one more enters."""
        length, enters = Signal(17, name="length"), Signal(name="enters")
        m.d.comb += [
            self.s_axis_program_tready.eq(~busy & (length != self.params.program_words)),
            enters.eq(self.s_axis_program_tvalid & self.s_axis_program_tready),
        ]
        with m.If(registers.control_clear_program):
            m.d.sync += length.eq(0)
        with m.Elif(enters):
            m.d.sync += length.eq(length + 1)
        return length, enters

    def _counters(self, m: Module, registers: Shared, controller: Shared) -> Shared:
        events = {
            "cycles": controller.running,
            "instructions": controller.retired,
            "pim_busy": controller.channels_busy,
            "vector_busy": controller.vector_busy,
            "stream_busy": controller.move_busy,
            "stream_wait": controller.move_waits,
            "issue_wait": controller.waits,
        }
        assert set(events) == {name.lower() for name in EVENTS}
        for i in range(self.params.channels):
            events |= {f"c{i}_valid": getattr(controller, f"c{i}_cmd_valid")}
            events |= {f"c{i}_op": getattr(controller, f"c{i}_cmd_op")}
        return place(m, "counters", Counters(self.params), clear=registers.control_clear_counters, **events)

    def _status(self, m: Module, registers: Shared, controller: Shared, shown: dict[str, Signal]) -> None:
        """Status, errors, interrupts."""
        # A start or a reset shows in `running` two clocks later: the host sees it at once.
        begins = registers.control_start | registers.control_reset
        began = Signal(2)
        ran = Signal()
        failed = controller.error.any()
        ended = ran & ~controller.running
        waiting = Cat(registers.irq_status_halt, registers.irq_status_error, registers.irq_status_flag)
        enabled = Cat(registers.irq_enable_halt, registers.irq_enable_error, registers.irq_enable_flag)
        busy = controller.running | begins | began.any()
        m.d.sync += [
            began.eq(Cat(begins, began[0])),
            ran.eq(controller.running),
            self.irq.eq((waiting & enabled).any()),
        ]
        values = {
            "lock": busy,
            "status_busy": busy,
            "status_halted": controller.halted,
            "status_stopped": controller.stopped,
            "status_error": failed,
            "status_pim_busy": controller.channels_busy,
            "status_vector_busy": controller.vector_busy,
            "status_stream_busy": controller.move_busy,
            "irq_status_halt_set": ended & ~failed & (controller.halted | controller.stopped),
            "irq_status_error_set": ended & failed,
            "irq_status_flag_set": controller.interrupt,
            "pc": controller.pc,
            "error_code": Mux(failed, controller.error, 0),
        }
        width = WORD_BITS // 4
        for part in range(4):
            word = controller.error_word[part * width :][:width]
            values[f"error_word{part}"] = Mux(failed, word, Const(0, width))
        m.d.comb += [shown[name].eq(value) for name, value in values.items()]

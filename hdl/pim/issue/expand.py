"""VMM as the instructions that it stands for."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["PHASES", "Expander"]

#: Of a chunk of the input: load it; then for each slot preset, multiply, read.
PHASES = ("WR_GB", "WR_BIAS", "MAC_AB", "RD_MAC")


class Expander(Part):
    """Steps through the parts of a VMM, in the order of :func:`hdl.params.pim.expand_vmm`.

    Members
    -------
    start : In(1), a, b, d, row, col, n, slots : In, zero : In(1)
        A VMM begins, with its operands; ``col`` below ``row_cols``.
    ready : Out(1), step : In(1), last : Out(1)
        A part is there; it has been used, and was the last.
    phase : Out
        Which of ``PHASES``, one-hot. ``part_a``, ``part_d``, ``part_row``, ``part_col``, ``part_n``, ``part_zero`` are
        its operands; those that it has not are of no meaning, but ``part_d`` is 0 for the first word of the buffer.
    """

    module = "expander"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        addresses = dict.fromkeys(("a", "b", "d", "row", "slots"), ADDRESS_BITS)
        super().__init__(
            {
                **{name: In(1) for name in ("start", "step", "zero")},
                **{name: In(width) for name, width in addresses.items()},
                "col": In(8),
                "n": In(COUNT_BITS),
                "ready": Out(1),
                "last": Out(1),
                "phase": Out(len(PHASES)),
                **{f"part_{name}": Out(ADDRESS_BITS) for name in ("a", "d", "row")},
                "part_col": Out(params.col_bits),
                "part_n": Out(COUNT_BITS),
                "part_zero": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        source, bias, result, top, row = (
            Signal(ADDRESS_BITS, name=name, reset_less=True) for name in ("source", "bias", "result", "top", "row_at")
        )
        slots, slot = (Signal(ADDRESS_BITS, name=name, reset_less=True) for name in ("slots_all", "slots_left"))
        col = Signal(COUNT_BITS + 1, reset_less=True)
        left, chunk = (Signal(COUNT_BITS, name=name, reset_less=True) for name in ("left", "chunk"))
        first, zero = Signal(), Signal()
        load, preset = Const(1, len(PHASES)), Const(2, len(PHASES))
        rest = Signal(COUNT_BITS)
        most = Const(params.gb_words, COUNT_BITS)
        m.d.comb += [
            rest.eq(Mux(self.start, self.n, left - chunk)),
            self.ready.eq(col < params.row_cols),
            self.last.eq(self.phase[3] & (slot == 1) & (rest == 0)),
            self.part_a.eq(Mux(self.phase[0], source, Mux(first, bias, result))),
            self.part_d.eq(Mux(self.phase[3], result, 0)),
            self.part_row.eq(row),
            self.part_col.eq(col),
            self.part_n.eq(chunk),
            self.part_zero.eq(self.phase[1] & first & zero),
        ]
        with m.If(~self.ready):
            m.d.sync += [col.eq(col - params.row_cols), row.eq(row + 1)]
        with m.If(self.start):
            m.d.sync += [source.eq(self.a), bias.eq(self.b), result.eq(self.d), top.eq(self.d), zero.eq(self.zero)]
            m.d.sync += [row.eq(self.row), col.eq(self.col), slots.eq(self.slots), slot.eq(self.slots)]
            m.d.sync += [left.eq(self.n), chunk.eq(Mux(rest > most, most, rest)), first.eq(1), self.phase.eq(load)]
        with m.Elif(self.step):
            m.d.sync += self.phase.eq(self.phase << 1)
            with m.If(self.phase[0]):
                m.d.sync += source.eq(source + chunk)
            with m.If(self.phase[3]):
                m.d.sync += [col.eq(col + chunk), slot.eq(slot - 1), self.phase.eq(preset)]
                m.d.sync += [result.eq(result + params.slot_words), bias.eq(bias + params.slot_words)]
                with m.If(slot == 1):
                    m.d.sync += [left.eq(rest), chunk.eq(Mux(rest > most, most, rest)), slot.eq(slots)]
                    m.d.sync += [result.eq(top), first.eq(0), self.phase.eq(load)]
        return m

"""VMM as the instructions that it stands for."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["PHASES", "Expander"]

#: Open a row; load a chunk of the input; then for each slot preset, multiply, read.
PHASES = ("ACT_AB", "WR_GB", "WR_BIAS", "MAC_AB", "RD_MAC")


class Expander(Part):
    """Steps through the parts of a VMM, in the order of :func:`hdl.params.pim.expand_vmm`.

    Members
    -------
    start : In(1), a, b, d, row, col, n, slots, pitch : In, zero : In(1)
        A VMM begins, with its operands; ``col`` below ``row_cols``.
    ready : Out(1), step : In(1), last : Out(1)
        A part is there; it has been used, and was the last.
    phase : Out
        Which of ``PHASES``, one-hot. ``part_a``, ``part_d``, ``part_row``, ``part_col``, ``part_n``, ``part_zero`` are
        its operands; those that it has not are of no meaning, but the first word of the buffer is that of the chunk's.
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
                "pitch": In(COUNT_BITS),
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
        source, bias, result, top, row, ended = (
            Signal(ADDRESS_BITS, name=name, reset_less=True)
            for name in ("source", "bias", "result", "top", "row_at", "row_ended")
        )
        slots, slot = (Signal(ADDRESS_BITS, name=name, reset_less=True) for name in ("slots_all", "slots_left"))
        col = Signal(COUNT_BITS + 1, name="next_col", reset_less=True)
        left, chunk, pitch = (Signal(COUNT_BITS, name=name, reset_less=True) for name in ("left", "chunk", "pitch_of"))
        begun = Signal()
        first = Signal()
        zero = Signal(name="bias_zero")
        more = Signal()
        within = Signal(name="in_row")
        # On the way from a slot's first column to its last one, and from there to the next slot.
        ending = Signal()
        leaving = Signal()
        is_ = dict(zip(PHASES, self.phase, strict=True))
        buffer = self._buffer(m, self.step & is_["RD_MAC"] & (slot == 1))
        one_hot = {name: Const(1 << i, len(PHASES)) for i, name in enumerate(PHASES)}
        rest = Signal(COUNT_BITS)
        most = Const(params.gb_words, COUNT_BITS)
        m.d.comb += [
            rest.eq(Mux(self.start, self.n, left - chunk)),
            within.eq(col < params.row_cols),
            self.ready.eq(within & ~ending & ~leaving),
            more.eq((slot != 1) | rest.any()),
            self.last.eq(is_["RD_MAC"] & ~more),
            self.part_a.eq(Mux(is_["WR_GB"], source, Mux(is_["MAC_AB"], buffer, Mux(first, bias, result)))),
            self.part_d.eq(Mux(is_["RD_MAC"], result, buffer)),
            self.part_row.eq(row),
            self.part_col.eq(col),
            self.part_n.eq(Mux(is_["WR_BIAS"] | is_["RD_MAC"], 1, chunk)),
            self.part_zero.eq(is_["WR_BIAS"] & first & zero),
        ]
        with m.If(~within):
            m.d.sync += [col.eq(col - params.row_cols), row.eq(row + 1)]
        with m.Elif(ending):
            m.d.sync += [ended.eq(row), ending.eq(0), leaving.eq(1)]
            m.d.sync += col.eq(col + 1 + Mux(pitch.any(), pitch - chunk, 0))
        with m.Elif(leaving):
            m.d.sync += [leaving.eq(0), self.phase.eq(Mux(more & (row != ended), one_hot["ACT_AB"], one_hot["RD_MAC"]))]
        with m.If(self.start):
            m.d.sync += [source.eq(self.a), bias.eq(self.b), result.eq(self.d), top.eq(self.d), zero.eq(self.zero)]
            m.d.sync += [row.eq(self.row), col.eq(self.col), slots.eq(self.slots), slot.eq(self.slots)]
            m.d.sync += [left.eq(self.n), chunk.eq(Mux(rest > most, most, rest)), pitch.eq(self.pitch), first.eq(1)]
            m.d.sync += self.phase.eq(one_hot["ACT_AB"])
            m.d.sync += begun.eq(0)
        with m.Elif(self.step):
            with m.If(is_["ACT_AB"]):
                m.d.sync += [begun.eq(1), self.phase.eq(Mux(begun, one_hot["RD_MAC"], one_hot["WR_GB"]))]
            with m.If(is_["WR_GB"]):
                m.d.sync += [source.eq(source + chunk), self.phase.eq(one_hot["WR_BIAS"])]
            with m.If(is_["WR_BIAS"]):
                m.d.sync += self.phase.eq(one_hot["MAC_AB"])
            with m.If(is_["MAC_AB"]):
                m.d.sync += [col.eq(col + chunk - 1), ending.eq(1)]
            with m.If(is_["RD_MAC"]):
                # What RD_MAC has cleared needs no zeros.
                m.d.sync += self.phase.eq(Mux(first & zero, one_hot["MAC_AB"], one_hot["WR_BIAS"]))
                m.d.sync += [result.eq(result + params.slot_words), bias.eq(bias + params.slot_words)]
                m.d.sync += slot.eq(slot - 1)
                with m.If(slot == 1):
                    m.d.sync += [left.eq(rest), chunk.eq(Mux(rest > most, most, rest)), slot.eq(slots)]
                    m.d.sync += [result.eq(top), first.eq(0), self.phase.eq(one_hot["WR_GB"])]
        return m

    def _buffer(self, m: Module, ended: Value) -> Value:
        """Where the buffer of a chunk begins: they take turns, from ``ended`` of a chunk on."""
        words, buffers = self.params.gb_words, self.params.buffers
        if buffers == 1:
            return Const(0, 1)
        buffer = Signal(range(words * buffers), name="buffer", reset_less=True)
        with m.If(self.start):
            m.d.sync += buffer.eq(0)
        with m.Elif(ended):
            m.d.sync += buffer.eq(Mux(buffer == words * (buffers - 1), 0, buffer + words))
        return buffer

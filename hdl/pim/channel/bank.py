"""What a sequencer knows of one bank: the open row, and what may be done with it in this clock."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams, TimingTable
from hdl.pim.channel.elapsed import ElapsedTimer

__all__ = ["SequencerBank", "write_hold"]


def write_hold(t: TimingTable) -> int:
    """Clocks from a write command to the precharge: its data, and tWR."""
    return t.cwl + t.tbl + t.twr


class SequencerBank(Part):
    """The row of a bank, and its own timing rules: tRCD_RD, tRCD_WR, tRAS, tRC, tRP, tRTP and tWR.

    Those of all-bank commands on columns (tRCD_MAC) are the same for all banks, and the sequencer's.

    Members
    -------
    activate, precharge, read, write : In(1)
        A command to this bank leaves in this clock; a MAC counts as a read.
    row, wanted : In
        The row that ``activate`` opens; the one to compare the open row with.
    open, hit : Out(1), held : Out
        A row is open; it is the wanted one; the one that was opened last.
    can_activate, can_read, can_write, can_precharge : Out(1)
        The bank's rules allow it; whether a row is open is not asked.
    rested : Out(1)
        The last precharge was tRP ago.
    """

    module = "sequencer_bank"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        outputs = ("open", "hit", "can_activate", "can_read", "can_write", "can_precharge", "rested")
        row = max(1, (params.rows - 1).bit_length())
        super().__init__(
            {
                **{name: In(1) for name in ("activate", "precharge", "read", "write")},
                **{name: In(row) for name in ("row", "wanted")},
                "held": Out(row),
                **{name: Out(1) for name in outputs},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        t = self.params.timing
        row = Signal(len(self.row), reset_less=True)
        m.d.comb += self.held.eq(row)
        activated = ElapsedTimer(m, "activate", self.activate, t.trcd_rd, t.trcd_wr, t.tras, t.trc)
        precharged = ElapsedTimer(m, "precharge", self.precharge, t.trp)
        read = ElapsedTimer(m, "read", self.read, t.trtp)
        written = ElapsedTimer(m, "write", self.write, write_hold(t))
        with m.If(self.activate):
            m.d.sync += [self.open.eq(1), row.eq(self.row)]
        with m.If(self.precharge):
            m.d.sync += self.open.eq(0)
        m.d.comb += [
            self.hit.eq(self.open & (row == self.wanted)),
            self.can_activate.eq(activated.past(t.trc) & precharged.past(t.trp)),
            self.can_read.eq(activated.past(t.trcd_rd)),
            self.can_write.eq(activated.past(t.trcd_wr)),
            self.can_precharge.eq(activated.past(t.tras) & read.past(t.trtp) & written.past(write_hold(t))),
            self.rested.eq(precharged.past(t.trp)),
        ]
        return m

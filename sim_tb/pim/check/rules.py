"""The timing rules of a channel as a table, for checking and nothing else.

The table is written from the descriptions of the times (:class:`hdl.params.pim.TimingTable`), not from the controller,
and shares no code with whatever schedules commands. A *spacing* rule forbids a command too soon after another, on the
same bank or anywhere on the channel. What no spacing can express (rows, buffers, the data bus, windows, refresh) is in
:mod:`sim_tb.pim.check.checker`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params.pim import PimParams

__all__ = ["RULES", "Spacing", "spacings"]

ACTIVATES = ("ACT", "ACT_AB")
PRECHARGES = ("PRE", "PRE_AB")
ARRAY_WRITES = ("WR_SB", "WR_ELEM")
REGISTER_WRITES = ("WR_GB", "WR_BIAS")
REGISTER_READS = ("RD_MAC", "RD_MAC_KEEP")
REGISTERS = (*REGISTER_WRITES, *REGISTER_READS)
#: Those that need a mode of their own where one global buffer can be written while another one is used.
SWITCHED = ("WR_BIAS", *REGISTER_READS)
#: Commands to MAC units; a scale takes its turn in the pipeline of the MACs.
MACS = ("MAC_AB", "SCALE_AB")
COLUMNS = ("RD_SB", *ARRAY_WRITES, *MACS)
ARRAYS = (*ACTIVATES, *PRECHARGES, "REF", *COLUMNS)

#: Every rule that a violation can name, and what breaks it.
RULES = {
    "command bus": "two commands in one clock, or out of order",
    "address": "no such channel, bank, row, column, lane, accumulator or word of the global buffers",
    "bank closed": "a column of a bank without an open row",
    "bank open": "an activate of a bank with an open row, or a refresh while any has one",
    "rows differ": "an all-bank column command while banks have different rows open",
    "data bus": "the data of two commands at once",
    "tRCD_RD": "a read too soon after the activate",
    "tRCD_WR": "a write too soon after the activate",
    "tRCD_MAC": "a MAC too soon after the activate",
    "tRAS": "a precharge too soon after the activate",
    "tRC": "an activate too soon after the bank's last one",
    "tRP": "an activate or refresh too soon after a precharge",
    "tRRD": "an activate too soon after another bank's",
    "tFAW": "a fifth activate within the window",
    "tCCD": "a column command too soon after another",
    "tRTP": "a precharge too soon after a read or MAC",
    "tWR": "a precharge too soon after the data of a write",
    "tWTR": "a read or MAC too soon after the data of a write",
    "tRTW": "the data of a write too soon after the data of a read",
    "CWL_REG": "a MAC before the data of the global buffer or the accumulators has come",
    "tMAC": "accumulators read or preset before the MACs have ended",
    "tMOD": "a change between register and bank commands too fast",
    "tRFC": "a command too soon after a refresh",
    "tREFI": "more than eight refreshes owed or in advance",
}


@dataclass(frozen=True)
class Spacing:
    """At least ``clocks`` from each of ``before`` to each of ``after``, on one bank or on the whole channel."""

    rule: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    clocks: int
    same_bank: bool = False


def spacings(params: PimParams) -> tuple[Spacing, ...]:
    """The spacing rules of a system; with several global buffers, without what a MAC waits for after WR_GB."""
    t = params.timing
    switched, preset = (SWITCHED, ("WR_BIAS",)) if params.buffers > 1 else (REGISTERS, REGISTER_WRITES)
    written, loaded = t.cwl + t.tbl, t.cwl_reg + t.tbl
    read, fetched = t.cl + t.tbl, t.cl_reg + t.tbl
    rules = (
        Spacing("tRCD_RD", ACTIVATES, ("RD_SB",), t.trcd_rd, same_bank=True),
        Spacing("tRCD_WR", ACTIVATES, ARRAY_WRITES, t.trcd_wr, same_bank=True),
        Spacing("tRCD_MAC", ACTIVATES, MACS, t.trcd_mac, same_bank=True),
        Spacing("tRAS", ACTIVATES, PRECHARGES, t.tras, same_bank=True),
        Spacing("tRC", ACTIVATES, ACTIVATES, t.trc, same_bank=True),
        Spacing("tRP", PRECHARGES, (*ACTIVATES, "REF"), t.trp, same_bank=True),
        Spacing("tRRD", ("ACT",), ("ACT",), t.trrd),
        Spacing("tCCD", COLUMNS, COLUMNS, t.tccd),
        Spacing("tRTP", ("RD_SB", *MACS), PRECHARGES, t.trtp, same_bank=True),
        Spacing("tWR", ARRAY_WRITES, PRECHARGES, written + t.twr, same_bank=True),
        Spacing("tWTR", ARRAY_WRITES, ("RD_SB", *MACS, *REGISTER_READS), written + t.twtr),
        Spacing("tWTR", REGISTER_WRITES, ("RD_SB", *REGISTER_READS), loaded + t.twtr),
        Spacing("tRTW", ("RD_SB",), ARRAY_WRITES, read + t.trtw - t.cwl),
        Spacing("tRTW", ("RD_SB",), REGISTER_WRITES, read + t.trtw - t.cwl_reg),
        Spacing("tRTW", REGISTER_READS, ARRAY_WRITES, fetched + t.trtw - t.cwl),
        Spacing("tRTW", REGISTER_READS, REGISTER_WRITES, fetched + t.trtw - t.cwl_reg),
        Spacing("CWL_REG", preset, MACS, loaded),
        Spacing("tMAC", MACS, (*REGISTER_READS, "WR_BIAS"), t.tmac),
        Spacing("tMOD", ARRAYS, switched, t.tmod),
        Spacing("tMOD", switched, ARRAYS, t.tmod),
        Spacing("tRFC", ("REF",), (*ARRAYS, *REGISTERS), t.trfc),
    )
    return tuple(rule for rule in rules if rule.clocks > 0)

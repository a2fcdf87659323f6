"""How long a command waits for one before it: the timing rules as one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hdl.params.pim import COMMANDS, Command, PimParams, TimingTable, mode_registers

__all__ = ["Waits"]

ACTIVATES = ("ACT", "ACT_AB")
PRECHARGES = ("PRE", "PRE_AB")
MACS = ("MAC_AB", "SCALE_AB")
COLUMNS = ("RD_SB", "WR_SB", "WR_ELEM", *MACS)
FETCHES = ("RD_MAC", "RD_MAC_KEEP")
#: Commands to a single bank, which wait for those to the same bank in addition.
SINGLE = ("ACT", "PRE", "RD_SB", "WR_SB")

Table = tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True)
class Waits:
    """Clocks from command to command; by the code of the one before: the codes after it, each with its clocks.

    Parameters
    ----------
    channel : Table
        Wherever on the channel both are. A rule of banks stands here if one of the two concerns all banks.
    bank : Table
        Both to the same bank alone.
    """

    channel: Table
    bank: Table

    @classmethod
    def of(cls, params: PimParams) -> Waits:
        """The table of a device; where there are several global buffers, without what a MAC waits for after WR_GB."""
        tables = []
        for rules in (_channel, _bank):
            lines: list[tuple[tuple[int, int], ...]] = [()]
            for before in COMMANDS.values():
                found = {after.code: max(rules(params, before, after), default=0) for after in COMMANDS.values()}
                lines.append(tuple((code, clocks) for code, clocks in found.items() if clocks > 1))
            tables.append(tuple(lines))
        return cls(*tables)

    def between(self, before: int, after: int) -> int:
        """Clocks from a command to another one, at least 1: there is one a clock."""
        return dict(self.channel[before]).get(after, 1)


def latency(t: TimingTable, command: Command) -> int:
    """Clocks from a command to its data."""
    if command.data == "write":
        return t.cwl_reg if command.register else t.cwl
    return t.cl_reg if command.register else t.cl


def _channel(params: PimParams, before: Command, after: Command) -> Iterator[int]:
    t, switching = params.timing, mode_registers(params)
    if before.name == "REF":
        yield t.trfc
    if (before.name in switching and not after.register) or (after.name in switching and not before.register):
        yield t.tmod
    if before.name in COLUMNS and after.name in COLUMNS:
        yield t.tccd
    if before.name == after.name == "ACT":
        yield t.trrd
    if before.name in MACS and after.name in (*FETCHES, "WR_BIAS"):
        yield t.tmac
    if params.buffers == 1 or before.name != "WR_GB" or after.name not in MACS:
        yield from _data(t, before, after)
    if not (before.name in SINGLE and after.name in SINGLE):
        yield from _rows(t, before, after)


def _data(t: TimingTable, before: Command, after: Command) -> Iterator[int]:
    """Words follow each other on the bus in the order of their commands; what was written must have arrived."""
    if before.data and after.data:
        turn = t.trtw if (before.data, after.data) == ("read", "write") else 0
        yield latency(t, before) + t.tbl + turn - latency(t, after)
    if before.data == "write":
        arrived = latency(t, before) + t.tbl
        if after.data == "read" or (after.name in MACS and not before.register):
            yield arrived + t.twtr
        elif after.name in MACS:
            yield arrived


def _bank(params: PimParams, before: Command, after: Command) -> Iterator[int]:
    if before.name in SINGLE and after.name in SINGLE:
        yield from _rows(params.timing, before, after)


def _rows(t: TimingTable, before: Command, after: Command) -> Iterator[int]:
    """The rules of a bank."""
    if before.name in ACTIVATES:
        columns = {"RD_SB": t.trcd_rd, "WR_SB": t.trcd_wr, "WR_ELEM": t.trcd_wr, **dict.fromkeys(MACS, t.trcd_mac)}
        yield columns.get(after.name, 0)
        if after.name in PRECHARGES:
            yield t.tras
        if after.name in ACTIVATES:
            yield t.trc
    if before.name in PRECHARGES and after.name in (*ACTIVATES, "REF"):
        yield t.trp
    if before.name in COLUMNS and after.name in PRECHARGES:
        yield t.cwl + t.tbl + t.twr if before.data == "write" else t.trtp

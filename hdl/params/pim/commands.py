"""The commands on a channel's command bus: what the controller sends and the device obeys.

A command is its code, a bank, a row and a column, on ``cmd_op``, ``cmd_bank``, ``cmd_row`` and ``cmd_col`` while
``cmd_valid`` is high: at most one a clock. Column commands carry no row, as in any DRAM: they mean the open one. MAC_AB
and WR_GB carry the number of a word of the global buffer as ``row``. One word of data follows a write after CWL (to a
bank) or CWL_REG clocks (to a register) and answers a read after CL or CL_REG clocks.

Commands with one element a bank (``WR_ELEM``, ``WR_BIAS``, ``RD_MAC``) move ``lanes`` elements: lane i belongs to bank
``bank + i``. Where a channel has more banks than lanes, such a command comes once for every ``lanes`` banks.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMMANDS", "COMMAND_BITS", "Command"]

COMMAND_BITS = 5


@dataclass(frozen=True)
class Command:
    """One command.

    Parameters
    ----------
    name : str
    code : int
        Its value of ``cmd_op``.
    uses : tuple of str
        Which of ``bank``, ``row`` and ``col`` it reads.
    data : str
        ``"write"`` if a word follows, ``"read"`` if one answers, else empty.
    meaning : str
    """

    name: str
    code: int
    uses: tuple[str, ...]
    data: str
    meaning: str

    @property
    def all_banks(self) -> bool:
        """It acts on every bank of its channel at once."""
        return self.name in ("ACT_AB", "PRE_AB", "REF", "MAC_AB", "WR_ELEM")

    @property
    def register(self) -> bool:
        """It acts on registers, not on banks."""
        return self.name in ("WR_GB", "WR_BIAS", "RD_MAC", "RD_MAC_KEEP")


COMMANDS = {
    command.name: command
    for command in (
        Command("ACT", 1, ("bank", "row"), "", "open a row of one bank"),
        Command("ACT_AB", 2, ("row",), "", "open the same row of every bank"),
        Command("PRE", 3, ("bank",), "", "close the open row of one bank; nothing where it is closed"),
        Command("PRE_AB", 4, (), "", "close the open rows of every bank"),
        Command("REF", 5, (), "", "refresh; every bank is closed"),
        Command("RD_SB", 6, ("bank", "col"), "read", "read one column"),
        Command("WR_SB", 7, ("bank", "col"), "write", "write one column, under byte strobes"),
        Command(
            "WR_ELEM",
            8,
            ("bank", "col"),
            "write",
            "write element i of the word into one column of bank `bank + i`, at the lane that the byte strobes mark",
        ),
        Command(
            "MAC_AB",
            9,
            ("row", "col"),
            "",
            "in every bank, add the dot product of one column and word `row` of the global buffer to the accumulator",
        ),
        Command("WR_GB", 10, ("row",), "write", "write word `row` of the global buffer"),
        Command(
            "WR_BIAS", 11, ("bank",), "write", "preset the accumulator of bank `bank + i` to element i of the word"
        ),
        Command("RD_MAC", 12, ("bank",), "read", "read the accumulators, rounded to bf16, and clear them"),
        Command("RD_MAC_KEEP", 13, ("bank",), "read", "read the accumulators, rounded to bf16, and keep them"),
    )
}

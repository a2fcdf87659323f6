"""The commands on a channel's command bus: what the controller sends and the device obeys.

A command is its code, a bank, a row and a column, on ``cmd_op``, ``cmd_bank``, ``cmd_row`` and ``cmd_col`` while
``cmd_valid`` is high: at most one a clock. Column commands carry no row, as in any DRAM: they mean the open one. Some
carry numbers in place of a row instead (``NUMBERS``): words of global buffers, accumulators. One word of data follows a
write after CWL (to a bank) or CWL_REG clocks (to a register) and answers a read after CL or CL_REG clocks.

Commands with one element a bank (``WR_ELEM``, ``WR_BIAS``, ``RD_MAC``) move ``lanes`` elements: lane i belongs to bank
``bank + i``. Where a channel has more banks than lanes, such a command comes once for every ``lanes`` banks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["COMMANDS", "COMMAND_BITS", "NUMBERS", "Command", "number", "numbers"]

COMMAND_BITS = 5
#: What ``cmd_row`` carries where it is no row, from its least significant bit on: a word of the global buffers,
#: the first accumulator, how many vectors or accumulators less one, whether columns are int8, a lane, and the first
#: accumulator that takes results. :attr:`hdl.params.pim.PimParams.number_bits` says how wide each is in a system: what
#: it has one of has no bits.
NUMBERS = {
    "WR_GB": ("word",),
    "MAC_AB": ("word", "acc", "vectors", "int8"),
    "WR_BIAS": ("acc",),
    "RD_MAC": ("acc",),
    "RD_MAC_KEEP": ("acc",),
    "SCALE_AB": ("lane", "acc", "to", "count"),
}


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
        return self.name in ("ACT_AB", "PRE_AB", "REF", "MAC_AB", "SCALE_AB", "WR_ELEM")

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
            "write element i of the word into one column of bank `bank + i`, at the lane that the byte strobes mark; "
            "one of its bytes if they mark one",
        ),
        Command(
            "MAC_AB",
            9,
            ("row", "col"),
            "",
            "in every bank, add dot products of one column to accumulators: of as many vectors as `row` says, with its "
            "word of the global buffers and those GB_WORDS, 2 GB_WORDS, ... behind it; of int8 two words each",
        ),
        Command("WR_GB", 10, ("row",), "write", "write word `row` of the global buffer"),
        Command(
            "WR_BIAS",
            11,
            ("bank", "row"),
            "write",
            "preset accumulator `row` of bank `bank + i` to element i of the word",
        ),
        Command("RD_MAC", 12, ("bank", "row"), "read", "read accumulator `row`, rounded to bf16, and clear it"),
        Command("RD_MAC_KEEP", 13, ("bank", "row"), "read", "read accumulator `row`, rounded to bf16, and keep it"),
        Command(
            "SCALE_AB",
            14,
            ("row", "col"),
            "",
            "in every bank, add accumulators, times one lane of one column, to other ones, and clear them: numbers in "
            "`row`; only of systems with int8",
        ),
    )
}


def number(bits: Mapping[str, int], command: str, **values: int) -> int:
    """The ``cmd_row`` of a command with numbers in place of a row.

    Parameters
    ----------
    bits : mapping
        Their widths, :attr:`hdl.params.pim.PimParams.number_bits`.
    command : str
        A key of ``NUMBERS``.
    **values : int
        The numbers by their names, ``vectors`` and ``count`` as they are; those left out are 0, or 1.
    """
    found = at = 0
    for name in NUMBERS[command]:
        less = name in ("vectors", "count")
        found |= (values.get(name, int(less)) - less) << at
        at += bits[name]
    return found


def numbers(bits: Mapping[str, int], command: str, row: int) -> dict[str, int]:
    """What a ``cmd_row`` says, by name; the inverse of :func:`number`."""
    found = {}
    for name in NUMBERS[command]:
        found[name] = (row & (1 << bits[name]) - 1) + (name in ("vectors", "count"))
        row >>= bits[name]
    return found

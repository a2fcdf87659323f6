"""What a command log does, apart from opening and closing rows: a second way to say what operations mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hdl.params.pim import Instruction, PimParams, number
from sim_tb.pim import Entry

#: Command, bank, row, column, numbers that the command carries.
Work = tuple[str, int, int, int, int]


def done(params: PimParams, log: Iterable[Entry]) -> list[Work]:
    """The column and register commands of a channel's log, with the rows that were open."""
    rows: list[int | None] = [None] * params.banks
    found: list[Work] = []
    for entry in log:
        name = entry.command
        if name == "ACT":
            rows[entry.bank] = entry.row
        elif name == "ACT_AB":
            rows = [entry.row] * params.banks
        elif name in ("PRE", "PRE_AB"):
            rows = [None if name == "PRE_AB" or bank == entry.bank else row for bank, row in enumerate(rows)]
        elif name in ("RD_SB", "WR_SB", "WR_ELEM", "MAC_AB", "SCALE_AB"):
            row = rows[entry.bank]
            assert row is not None, entry
            found.append((name, entry.bank, row, entry.col, entry.row))
        elif name != "REF":
            found.append((name, entry.bank, 0, 0, entry.row))
    return found


def expected(params: PimParams, instructions: Sequence[Instruction], channel: int = 0) -> list[Work]:
    """The same, from the instructions."""
    found: list[Work] = []
    parts, bits = range(0, params.banks, params.lanes), params.number_bits
    for one in instructions:
        if one.op.unit not in ("dram", "pim") or not one["mask"] >> channel & 1:
            continue
        name, values = one.op.name, one.values
        if name in ("WR_SB", "RD_SB", "MAC_AB"):
            for i in range(one["n"]):
                row, col = divmod(one["row"] * params.row_cols + one["col"] + i, params.row_cols)
                says = 0
                if name == "MAC_AB":
                    int8 = "int8" in one.flags
                    says = {"word": one["gb"] + i * (1 + int8), "int8": int8}
                    says = number(bits, name, **says, acc=one["acc"], vectors=one["vectors"])
                found.append((name, values.get("bank", 0), row, col, says))
        elif name in ("WR_GB", "WR_GBX"):
            found += [("WR_GB", 0, 0, 0, one["gb"] + i) for i in range(one["n"])]
        elif name in ("WR_ELEM", "WR_BYTE"):
            found += [("WR_ELEM", bank, one["row"], one["col"], 0) for bank in parts]
        elif name in ("WR_BIAS", "RD_MAC"):
            command = "RD_MAC_KEEP" if "accumulate" in one.flags else name
            found += [(command, bank, 0, 0, one["acc"] + i) for i in range(one["n"]) for bank in parts]
        elif name == "SCALE_AB":
            says = number(bits, name, lane=one["lane"], acc=one["acc"], to=one["to"], count=one["n"])
            found.append((name, 0, one["row"], one["col"], says))
    return found


def overlapped(work: Iterable[Work]) -> tuple[list[tuple[Work, int]], list[Work]]:
    """Work in which WR_GB may come before its turn: what is as if it came in turn.

    Returns
    -------
    list of (Work, int), list of Work
        All other commands in their order, with how often the word that a MAC reads has been written before it; and the
        commands that take words, in theirs.
    """
    others, takers, written = [], [], Counter[int]()
    for each in work:
        name, *_, word = each
        if name.startswith("WR"):
            takers.append(each)
        if name == "WR_GB":
            written[word] += 1
        else:
            others.append((each, written[word] if name == "MAC_AB" else 0))
    return others, takers

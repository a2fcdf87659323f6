"""Where the time goes: clocks by cause, commands by kind, hits of open rows, words moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.params.pim import COMMANDS, PimParams, mode_registers

__all__ = ["CAUSES", "Numbers", "Statistics", "modes", "statistics_of"]

Numbers = npt.NDArray[np.int64]
#: What clocks go to. While an operation is at work on a channel its clocks belong to the command that they lead to,
#: but for those after a refresh and after a change between banks and registers that it must wait for. Of several causes
#: in the same clock the first one in this order counts: of different channels, and of what goes on beside them.
CAUSES = {
    "mac": "multiply-accumulates",
    "write": "words to banks, global buffers and accumulators",
    "read": "words from banks and accumulators",
    "rows": "activates and precharges",
    "mode": "tMOD: the switch between commands to registers and commands to banks",
    "refresh": "an operation waits for a refresh",
    "vector": "the vector unit calculates, and no operation is at work",
    "host": "words move to or from the host, or no program runs",
    "issue": "the issuer alone",
}
RANKS = {name: rank for rank, name in enumerate(CAUSES)}
IDLE = len(CAUSES)
NAMES = {command.code: name for name, command in COMMANDS.items()}
MACS = ("MAC_AB", "SCALE_AB")
COLUMNS = ("RD_SB", "WR_SB", "WR_ELEM", *MACS)
ROWS = ("ACT", "ACT_AB", "PRE", "PRE_AB")
PRE_AB, REF = COMMANDS["PRE_AB"].code, COMMANDS["REF"].code
#: By code of a command the cause of its clocks, and what it is.
CAUSE = [IDLE] * (len(COMMANDS) + 1)
COLUMN = [False] * len(CAUSE)
ACTIVATE = [False] * len(CAUSE)
for _command in COMMANDS.values():
    _name = "rows" if _command.name in ROWS else "mac" if _command.name in MACS else _command.data
    CAUSE[_command.code] = RANKS[_name or "refresh"]
    COLUMN[_command.code] = _command.name in COLUMNS
    ACTIVATE[_command.code] = _command.name in ("ACT", "ACT_AB")


@dataclass(frozen=True)
class Statistics:
    """Where the time went.

    Parameters
    ----------
    clocks : mapping
        By cause (``CAUSES``) how many clocks there were, each counted once.
    channels : tuple of mappings
        The same for each channel, with what went on beside it.
    commands : mapping
        By name how many commands there were, of all channels; those that there were none of are left out.
    products : int
        Multiply-accumulates, a set of ``lanes`` in every bank of a channel counting as one: MAC_AB times its vectors,
        and twice that of int8.
    columns, misses : int
        Commands on columns; and those whose row was opened for them: the first one after an activate.
    words : mapping
        Words by way: ``feed``, ``collect``, ``move``.
    busy : mapping
        Clocks in which a unit was at work: each channel (``channel0`` ...), ``vector``, ``move``.
    open_clocks : int
        Clocks in which a channel had any row open, summed over the channels.
    """

    clocks: Mapping[str, int]
    channels: tuple[Mapping[str, int], ...]
    commands: Mapping[str, int]
    products: int
    columns: int
    misses: int
    words: Mapping[str, int]
    busy: Mapping[str, int]
    open_clocks: int

    @property
    def row_hits(self) -> float:
        """The share of commands on columns that found their row open; 1 if there were none."""
        return 1 - self.misses / self.columns if self.columns else 1.0


def modes(params: PimParams) -> tuple[int, ...]:
    """By code of a command the mode that it needs: banks (0), registers (1), or any (-1)."""
    switching = mode_registers(params)
    found = [1 if name in switching else -int(each.register) for name, each in COMMANDS.items()]
    return (0, *found)


def statistics_of(totals: Numbers, channels: int) -> Statistics:
    """Statistics from the totals of a ledger."""
    causes = totals[: (channels + 1) * IDLE].reshape(-1, IDLE).tolist()
    rest = totals[(channels + 1) * IDLE :].tolist()
    busy, codes, (products, columns, misses, *words, rows) = rest[: channels + 2], rest[channels + 2 : -7], rest[-7:]
    names = [*(f"channel{i}" for i in range(channels)), "vector", "move"]
    named = [dict(zip(CAUSES, each, strict=True)) for each in causes]
    return Statistics(
        clocks=named[0],
        channels=tuple(named[1:]),
        commands={NAMES[code]: count for code, count in enumerate(codes) if count},
        products=products,
        columns=columns,
        misses=misses,
        words=dict(zip(("feed", "collect", "move"), words, strict=True)),
        busy=dict(zip(names, busy, strict=True)),
        open_clocks=rows,
    )

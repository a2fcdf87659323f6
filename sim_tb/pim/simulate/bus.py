"""Commands on a channel's bus: their codes, and those that the core has noted one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hdl.params.pim import COMMANDS
from sim_tb.pim.log import Entry
from sim_tb.pim.simulate.core import layout as at

__all__ = ["GIVES", "REGISTERS", "TAKES", "entries"]

NAMES = {command.code: name for name, command in COMMANDS.items()}
#: Codes of commands that take a word, that give one, and that act on registers.
TAKES = frozenset(command.code for command in COMMANDS.values() if command.data == "write")
GIVES = frozenset(command.code for command in COMMANDS.values() if command.data == "read")
REGISTERS = frozenset(command.code for command in COMMANDS.values() if command.register)


def entries(noted: npt.NDArray[np.int64], now: int) -> list[Entry]:
    """The commands decided before the last clock, each in the clock after that, in which it is on the bus.

    Parameters
    ----------
    noted : int64 array of shape (count * ``ENTRY``,)
        What the core has noted, bursts of commands among it.
    now : int
        The present clock.
    """
    bursts = noted.reshape(-1, at.ENTRY)
    bursts = bursts[(bursts[:, at.E_CODE] > 0) & (bursts[:, at.E_FIRST] < now - 1)]
    many = bursts[:, at.E_MANY]
    number = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    every = np.repeat(bursts, many, axis=0)
    every[:, at.E_FIRST] += 1 + number * every[:, at.E_STEP]
    every[:, at.E_ROW] += number * every[:, at.E_RISES]
    every[:, at.E_COL] += number
    order = np.lexsort((every[:, at.E_CHANNEL], every[:, at.E_FIRST]))
    fields = (at.E_FIRST, at.E_CHANNEL, at.E_CODE, at.E_BANK, at.E_ROW, at.E_COL)
    return [
        Entry(cycle, channel, NAMES[code], bank, row, col)
        for cycle, channel, code, bank, row, col in every[order][:, fields].tolist()
    ]

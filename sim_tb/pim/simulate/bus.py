"""Commands on a channel's bus: their codes, and how many of them are kept together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hdl.params.pim import COMMANDS
from sim_tb.pim.log import Entry

__all__ = ["GIVES", "REGISTERS", "TAKES", "Burst", "entries"]

NAMES = {command.code: name for name, command in COMMANDS.items()}
#: Codes of commands that take a word, that give one, and that act on registers.
TAKES = frozenset(command.code for command in COMMANDS.values() if command.data == "write")
GIVES = frozenset(command.code for command in COMMANDS.values() if command.data == "read")
REGISTERS = frozenset(command.code for command in COMMANDS.values() if command.register)


class Burst(NamedTuple):
    """Commands at regular distances.

    Parameters
    ----------
    first : int
        The clock in which the first one is decided on; it is on the bus in the next one.
    step, many : int
        The distance, and how many there are.
    code, bank, row, col : int
        Of the first one; the column goes on with each.
    rises, products : int
        How far the row goes with each, and multiply-accumulates of each; see
        :class:`sim_tb.pim.simulate.work.Operation`.
    """

    first: int
    step: int
    many: int
    code: int
    bank: int = 0
    row: int = 0
    col: int = 0
    rises: int = 0
    products: int = 0

    def before(self, clocks: int) -> Burst:
        """The same, N clocks earlier."""
        return self._replace(first=self.first - clocks)


def entries(channel: int, bursts: Iterable[Burst]) -> Iterator[Entry]:
    """The commands one by one, by the clocks in which they are on the bus."""
    for first, step, many, code, bank, row, col, rises, _ in bursts:
        name = NAMES[code]
        for i in range(many):
            yield Entry(first + 1 + i * step, channel, name, bank, row + i * rises, col + i)

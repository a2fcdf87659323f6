"""The command log: one line a command, ``cycle,channel,cmd,bank,row,col``, in order of cycles.

Hardware, simulator and device model write the same lines. Cycles are the controller's clocks since reset; fields that a
command doesn't use are 0 (see :mod:`hdl.params.pim.commands` for what each uses).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hdl.params import ConfigError, Problem, near_name
from hdl.params.pim import COMMANDS

__all__ = ["HEADER", "Entry", "parse_line", "read_log", "write_log"]

HEADER = "cycle,channel,cmd,bank,row,col"


class Entry(NamedTuple):
    """A command on a channel's command bus."""

    cycle: int
    channel: int
    command: str
    bank: int = 0
    row: int = 0
    col: int = 0

    def __str__(self) -> str:
        return ",".join(str(field) for field in self)


def parse_line(line: str) -> Entry:
    """The entry of a line. Raises ValueError with what is wrong."""
    fields = line.strip().split(",")
    if len(fields) != 6:
        raise ValueError(f"must have 6 fields ({HEADER}), not {len(fields)}")
    cycle, channel, command, *place = fields
    if command not in COMMANDS:
        hint = near_name(command, COMMANDS)
        raise ValueError(f"there is no command {command!r}" + (f" ({hint})" if hint else ""))
    numbers = [cycle, channel, *place]
    for number in numbers:
        if not (number.isascii() and number.isdecimal()):
            raise ValueError(f"must be a number, not {number!r}")
    first, second, *rest = (int(number) for number in numbers)
    return Entry(first, second, command, *rest)


def read_log(path: str | Path) -> Iterator[Entry]:
    """The entries of a file, one after another. Raises ConfigError at the line that is wrong."""
    with Path(path).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip() or (number == 1 and line.strip() == HEADER):
                continue
            try:
                yield parse_line(line)
            except ValueError as error:
                raise ConfigError([Problem(f"line {number}", str(error))], str(path)) from None


def write_log(path: str | Path, entries: Iterable[Entry]) -> int:
    """Write a log with its header; returns the number of commands."""
    count = 0
    with Path(path).open("w", encoding="utf-8") as file:
        file.write(f"{HEADER}\n")
        for entry in entries:
            file.write(f"{entry}\n")
            count += 1
    return count

"""Value change dumps of single nets: transitions, time at 1, and values at the end of every clock cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Changes", "read"]

UNKNOWN = 2


@dataclass(frozen=True)
class Changes:
    """What a dump says of some nets.

    Parameters
    ----------
    transitions : array
        By net: changes from 0 to 1 and back; those from and to unknown values are none.
    high : array
        By net: time at 1.
    duration : int
        From the beginning of the dump to the end of the last cycle.
    sampled : array
        By cycle and net: 0, 1 or ``UNKNOWN``, just before the cycle's end.
    """

    transitions: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    duration: int
    sampled: npt.NDArray[np.uint8]


def read(lines: Iterable[bytes], nets: Sequence[str], period: int, cycles: int) -> Changes:
    """Read a dump, whose first cycle begins with it.

    Parameters
    ----------
    lines : iterable of bytes
    nets : sequence of str
        Names of nets of one bit.
    period, cycles : int
        Of the clock, in the dump's unit of time.
    """
    lines = iter(lines)
    index = _codes(lines, {name: i for i, name in enumerate(nets)})
    values, last = bytearray([UNKNOWN] * len(nets)), [0] * len(nets)
    transitions, high = [0] * len(nets), [0] * len(nets)
    sampled: list[bytes] = []
    start = now = end = -1
    for line in lines:
        kind = line[0]
        if kind == 35:  # '#'
            now = int(line[1:])
            if start < 0:
                start, end, last = now, now + period, [now] * len(nets)
            while now >= end and len(sampled) < cycles:
                sampled.append(bytes(values))
                end += period
        elif kind in b"01xXzZ" and (i := index.get(line[1:].rstrip(), -1)) >= 0 and len(sampled) < cycles:
            value, old = kind - 48 if kind < 50 else UNKNOWN, values[i]
            if old == 1:
                high[i] += now - last[i]
            transitions[i] += old ^ value == 1
            values[i], last[i] = value, now
    while len(sampled) < cycles:
        sampled.append(bytes(values))
    stop = start + cycles * period
    for i, value in enumerate(values):
        if value == 1:
            high[i] += stop - last[i]
    table = np.frombuffer(b"".join(sampled), np.uint8).reshape(cycles, len(nets))
    return Changes(np.array(transitions), np.array(high), stop - start, table)


def _codes(lines: Iterator[bytes], names: dict[str, int]) -> dict[bytes, int]:
    """The head: numbers of nets by their codes."""
    found = {}
    for line in lines:
        if line.startswith(b"$var"):
            _, _, _, code, name, *_ = line.split()
            if name.decode() in names:
                found[code] = names[name.decode()]
        elif line.startswith(b"$enddefinitions"):
            break
    return found

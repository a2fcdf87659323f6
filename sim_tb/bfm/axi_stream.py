"""AXI-Stream from Python: a source, a sink, and the monitor between them.

All act at the rising edge of the clock, on what the signals were just before it. They know the protocol and nothing of
what the beats mean.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

__all__ = ["Beat", "Monitor", "Sink", "Source", "Stream"]


@dataclass(frozen=True)
class Beat:
    """One transfer.

    Parameters
    ----------
    data : int
        ``tdata``.
    last : bool
        ``tlast``.
    cycle : int
        The rising edge at which it was transferred, counted from the first that its monitor saw.
    """

    data: int
    last: bool = False
    cycle: int = 0


class Stream:
    """The signals of a stream.

    Parameters
    ----------
    dut : cocotb handle
        The module.
    prefix : str
        Its ports are called ``<prefix>_tdata`` and so on.
    """

    def __init__(self, dut: Any, prefix: str) -> None:
        self.name = prefix
        self.clk = dut.clk
        self.data, self.last, self.valid, self.ready = (
            getattr(dut, f"{prefix}_t{part}") for part in ("data", "last", "valid", "ready")
        )


class Source:
    """Sends beats, with gaps.

    Parameters
    ----------
    stream : Stream
    stalls : iterable of bool
        Whether to leave a gap in a cycle in which a beat could be offered; endless.
    """

    def __init__(self, stream: Stream, stalls: Iterable[bool] = repeat(False)) -> None:
        self.stream = stream
        self.queue: deque[Beat] = deque()
        self._stalls: Iterator[bool] = iter(stalls)
        stream.valid.value = 0
        self._task = cocotb.start_soon(self._drive())

    def send(self, beats: Iterable[Beat]) -> None:
        """Queue beats."""
        self.queue.extend(beats)

    def stop(self) -> None:
        """Stop at once; a beat that was offered is withdrawn, so only before a reset or when all is sent."""
        self._task.cancel()
        self.stream.valid.value = 0

    @property
    def idle(self) -> bool:
        """Every beat was taken."""
        return not self.queue

    async def _drive(self) -> None:
        stream = self.stream
        offered = False
        while True:
            await RisingEdge(stream.clk)
            if offered and not stream.ready.value:
                continue
            if offered:
                self.queue.popleft()
            offered = bool(self.queue) and not next(self._stalls)
            stream.valid.value = int(offered)
            if offered:
                stream.data.value = self.queue[0].data
                stream.last.value = int(self.queue[0].last)


class Monitor:
    """Watches a stream: notes what was transferred, and every broken rule of the protocol.

    A beat that was offered must stay offered, and unchanged, until it is taken.

    Attributes
    ----------
    beats : deque of Beat
        What was transferred and not yet fetched by the test.
    violations : list of str
        Broken rules.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.beats: deque[Beat] = deque()
        self.violations: list[str] = []
        self._task = cocotb.start_soon(self._watch())

    def stop(self) -> None:
        """Stop watching."""
        self._task.cancel()

    async def _watch(self) -> None:
        stream = self.stream
        waiting: Beat | None = None
        cycle = 0
        while True:
            await RisingEdge(stream.clk)
            cycle += 1
            valid = bool(stream.valid.value)
            beat = Beat(int(stream.data.value), bool(stream.last.value), cycle) if valid else None
            if waiting is not None:
                if beat is None:
                    self.violations.append(f"{stream.name}, cycle {cycle}: tvalid was dropped before tready")
                elif (beat.data, beat.last) != (waiting.data, waiting.last):
                    self.violations.append(f"{stream.name}, cycle {cycle}: tdata or tlast changed before tready")
            taken = beat is not None and bool(stream.ready.value)
            if beat is not None and taken:
                self.beats.append(beat)
            waiting = None if taken else beat


class Sink:
    """Takes beats, with back-pressure; a :class:`Monitor` on the same stream has them.

    Parameters
    ----------
    stream : Stream
    stalls : iterable of bool
        Whether ``tready`` is low in a cycle; endless.
    """

    def __init__(self, stream: Stream, stalls: Iterable[bool] = repeat(False)) -> None:
        self.stream = stream
        self._stalls: Iterator[bool] = iter(stalls)
        stream.ready.value = 0
        self._task = cocotb.start_soon(self._drive())

    def stop(self) -> None:
        """Stop taking."""
        self._task.cancel()
        self.stream.ready.value = 0

    async def _drive(self) -> None:
        while True:
            await RisingEdge(self.stream.clk)
            self.stream.ready.value = int(not next(self._stalls))

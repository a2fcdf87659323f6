"""Clocks since an event, for the timing rules."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value

__all__ = ["Since"]


class Since:
    """Says whether an event was at least N clocks ago.

    One counter and a flag for each distance that is asked for: a command waits for registers, never for a comparison.
    After reset, the event counts as long ago.

    Parameters
    ----------
    m : Module
    name : str
    event : Value
        High in the clock of the event.
    distances : int
        The distances that :meth:`past` may ask for, in clocks.
    """

    def __init__(self, m: Module, name: str, event: Value, *distances: int) -> None:
        self._flags: dict[int, Value] = {}
        longest = max(distances)
        if longest <= 1:  # at most one command a clock
            return
        count = Signal(range(longest), name=f"since_{name}")
        m.d.sync += count.eq(Mux(event, 1, Mux(count == longest - 1, count, count + 1)))
        for distance in sorted({each for each in distances if each > 1}):
            flag = self._flags[distance] = Signal(name=f"since_{name}_{distance}", init=1)
            m.d.sync += flag.eq(~event & (flag | (count == distance - 1)))

    def past(self, distance: int) -> Value:
        """The last event was at least ``distance`` clocks ago."""
        return self._flags[distance] if distance > 1 else Const(1, 1)

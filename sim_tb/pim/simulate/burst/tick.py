"""Clocks of refreshes whose comparisons are remembered: how far all of them could shift and nothing would change."""

from __future__ import annotations

from typing import Any

__all__ = ["Bounds", "Interval", "Tick"]

#: Further than any shift.
FAR = 1 << 61


class Bounds:
    """How far the refreshes' clocks could shift together without another outcome of any comparison so far."""

    __slots__ = ("least", "most")

    def __init__(self) -> None:
        self.least, self.most = -FAR, FAR

    def limit(self, least: int, most: int) -> None:
        """Shifts lie between these, both included."""
        self.least, self.most = max(self.least, least), min(self.most, most)


class Tick(int):
    """The clock of a refresh. Whoever computes with it depends on it exactly; comparing leaves room."""

    bounds: Bounds

    def _exact(self) -> int:
        self.bounds.limit(0, 0)
        return int(self)

    def __le__(self, other: int) -> bool:
        if isinstance(other, Tick):
            return int(self) <= int(other)
        room = other - int(self)
        self.bounds.limit(*((-FAR, room) if room >= 0 else (room + 1, FAR)))
        return room >= 0

    def __lt__(self, other: int) -> bool:
        if isinstance(other, Tick):
            return int(self) < int(other)
        room = other - int(self)
        self.bounds.limit(*((-FAR, room - 1) if room > 0 else (room, FAR)))
        return room > 0

    def __gt__(self, other: int) -> bool:
        return not self <= other

    def __ge__(self, other: int) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        return self._exact() == other

    def __ne__(self, other: object) -> bool:
        return self._exact() != other

    def __hash__(self) -> int:
        return hash(self._exact())

    def __add__(self, other: int) -> int:
        return self._exact() + other

    def __radd__(self, other: int) -> int:
        return other + self._exact()

    def __sub__(self, other: int) -> int:
        return self._exact() - other

    def __rsub__(self, other: int) -> int:
        return other - self._exact()


class Interval(int):
    """tREFI: times an integer it is a :class:`Tick`."""

    bounds: Bounds

    @classmethod
    def of(cls, clocks: int, bounds: Bounds) -> Interval:
        """An interval whose multiples share bounds."""
        found = cls(clocks)
        found.bounds = bounds
        return found

    def __rmul__(self, other: Any) -> int:
        found = Tick(other * int(self))
        found.bounds = self.bounds
        return found

    __mul__ = __rmul__

"""What is known by when the next refresh is due: each thing for all numbers of clocks from a first to a last one."""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

__all__ = ["Spans"]

Thing = TypeVar("Thing")


class Spans(Generic[Thing]):
    """Things by number, each for a span of numbers."""

    __slots__ = ("_firsts", "_known")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._known: list[tuple[int, Thing]] = []

    def find(self, number: int) -> Thing | None:
        """What is known for a number, if anything is."""
        place = bisect_right(self._firsts, number) - 1
        if place < 0:
            return None
        last, found = self._known[place]
        return found if number <= last else None

    def add(self, first: int, last: int, thing: Thing) -> None:
        """Something holds from a number to another one."""
        place = bisect_right(self._firsts, first)
        self._firsts.insert(place, first)
        self._known.insert(place, (last, thing))

"""Beats of an operand on their way from SRAM to the lanes, in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

__all__ = ["ADDRESSES", "TRANSFER", "WHOLE", "Operand"]

#: SRAM words that an address tells apart.
ADDRESSES = 1 << 16
#: Clocks from a request that is granted to the first clock in which what it brings can be taken.
TRANSFER = 2
#: In the place of a stride: the beat comes at once.
WHOLE = -1


class Operand:
    """Requests in their order, and when what came of them is there.

    Parameters
    ----------
    lanes : int
        Elements of a word.
    elements : int
        Elements of a beat.

    Attributes
    ----------
    waiting : deque of tuple
        Beats not yet granted: SRAM word and ``WHOLE``, or the first element's place in SRAM and the stride from each
        element to the next.
    count : int
        Elements of the first one that are collected.
    there : deque of int
        For beats that were granted and that the lanes have not taken: the clock in which they are there.
    """

    __slots__ = ("_elements", "_lanes", "count", "there", "waiting")

    def __init__(self, lanes: int, elements: int) -> None:
        self._lanes = lanes
        self._elements = elements
        self.waiting: deque[tuple[int, int]] = deque()
        self.there: deque[int] = deque()
        self.count = 0

    def word(self) -> int:
        """The SRAM word that it asks for; only while beats are waiting."""
        place, stride = self.waiting[0]
        return place if stride == WHOLE else (place + self.count * stride) // self._lanes % ADDRESSES

    def grant(self, now: int) -> None:
        """In clock ``now`` its request is granted."""
        if self.waiting[0][1] != WHOLE:
            self.count += 1
            if self.count < self._elements:
                return
            self.count = 0
        self.waiting.popleft()
        self.there.append(now + TRANSFER)

    def there_at(self, now: int) -> bool:
        """The oldest beat is there in clock ``now``."""
        return bool(self.there) and self.there[0] <= now

    def state(self, now: int) -> Iterator[int]:
        """Integers that determine what it does from clock ``now`` on."""
        yield from (len(self.waiting), len(self.there), self.count)
        for beat in self.waiting:
            yield from beat
        for clock in self.there:
            yield max(clock - now, 0)

    def restore(self, values: Iterator[int]) -> None:
        """Take a state; the clock is 0."""
        waiting, there, self.count = (next(values) for _ in range(3))
        self.waiting = deque((next(values), next(values)) for _ in range(waiting))
        self.there = deque(next(values) for _ in range(there))

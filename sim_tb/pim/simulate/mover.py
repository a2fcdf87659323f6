"""The data mover: words between the host's streams and SRAM, while the host keeps up."""

from __future__ import annotations

from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Mover"]


class Mover:
    """Executes IN and OUT, one at a time, a word in every clock in which SRAM is free.

    The host always takes a word, and gives one as long as it has some.

    Parameters
    ----------
    inputs : int
        Words that the host has.

    Attributes
    ----------
    left, address, out : int, int, bool
        Words that are left to move, the next SRAM word, and the direction.
    quiet_from : int
        From when on it is not busy; ``NEVER`` while words are left.
    wake : int
        The clock in which it wants to move a word.
    words : int
        Words moved so far.
    spans : list of (clock, clock)
        When it was busy: the first clock and the one past the last.
    """

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.left = self.address = 0
        self.out = False
        self.quiet_from = 0
        self.wake = NEVER
        self.words = 0
        self.spans: list[tuple[int, int]] = []

    def start(self, clock: int, out: bool, address: int, count: int) -> None:
        """An instruction begins in a clock."""
        self.out, self.address, self.left = out, address, count
        self.quiet_from = NEVER
        self.spans.append((clock + 1, NEVER))
        self.wake = clock + 1 if out or self.inputs else NEVER

    def most(self) -> int:
        """Words that it can move now, one after the other."""
        return self.left if self.out else min(self.left, self.inputs)

    def moved(self, clock: int, count: int) -> None:
        """So many words have been moved, from a clock on."""
        self.words += count
        self.left -= count
        self.address += count
        if not self.out:
            self.inputs -= count
        self.wake = clock + count if self.most() else NEVER
        if not self.left:
            # What is read is with the host two clocks later.
            self.quiet_from = clock + count + 2 * self.out
            self.spans[-1] = self.spans[-1][0], self.quiet_from

    def state(self, now: int) -> State:
        """All that what follows depends on, clocks as distances from the present one."""
        quiet = max(0, self.quiet_from - now) if self.quiet_from < NEVER else -1
        wake = self.wake - now if self.wake < NEVER else -1
        place = (self.address, self.out) if self.left else ()
        return self.inputs, self.left, quiet, wake, place

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``."""
        self.inputs, self.left, quiet, wake, place = state
        self.quiet_from = now + quiet if quiet >= 0 else NEVER
        self.wake = now + wake if wake >= 0 else NEVER
        if place:
            self.address, self.out = place
        if self.quiet_from > now:
            self.spans.append((now, self.quiet_from))

"""What was learnt of a segment in a state."""

from __future__ import annotations

from dataclasses import dataclass

from sim_tb.pim.simulate.burst.ledger import Numbers
from sim_tb.pim.simulate.burst.moves import Moves

__all__ = ["Learnt", "Linear"]

#: A number, and how it grows with each clock that the next refresh is later.
Linear = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a segment does in a state, for refreshes due in a range of clocks.

    Parameters
    ----------
    least, most : int
        Clocks until the next refresh is due for which it does this.
    until : int
        The one for which the numbers below stand; they grow linearly.
    clocks : Linear
    moves : Moves
        How its places come from those of the state and the segment.
    gives : tuple of int
        Scalar registers that are written, in order.
    mark : Linear or None
        The clock of a MARK.
    ends : (Linear, int) or None
        The program has ended: the clock, and the code of what was wrong.
    vector : Linear
        Clocks in which the vector unit was at work.
    counts, slopes : array of int64
        What has been added to the statistics, and how that grows.
    """

    least: int
    most: int
    until: int
    clocks: Linear
    moves: Moves
    gives: tuple[int, ...]
    mark: Linear | None
    ends: tuple[Linear, int] | None
    vector: Linear
    counts: Numbers
    slopes: Numbers

    def counted(self, until: int) -> Numbers:
        """What has been added to the statistics, with a refresh due in so many clocks."""
        later = until - self.until
        return self.counts + later * self.slopes if later else self.counts

    def at(self, number: Linear, until: int) -> int:
        """One of its numbers, with a refresh due in so many clocks."""
        return number[0] + number[1] * (until - self.until)

"""What was learnt of a segment in a state."""

from __future__ import annotations

from dataclasses import dataclass

from sim_tb.pim.simulate.burst.moves import Moves
from sim_tb.pim.simulate.statistics import Numbers
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Learnt"]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a segment does in a state.

    Parameters
    ----------
    first, last : int
        It does this wherever the next refresh is due in so many clocks, from the first number to the last one. That is
        ``NEVER`` where no refresh is in the way.
    clocks : int
    moves : Moves
        How its places come from those of the state and the segment.
    gives : tuple of int
        Scalar registers that are written, in order.
    mark : int or None
        The clock of a MARK.
    ends : (int, int) or None
        The program has ended: the clock, and the code of what was wrong.
    vector : int
        Clocks in which the vector unit was at work.
    counts : array of int64
        What has been added to the statistics.
    """

    first: int
    last: int
    clocks: int
    moves: Moves
    gives: tuple[int, ...]
    mark: int | None
    ends: tuple[int, int] | None
    vector: int
    counts: Numbers

    @property
    def free(self) -> bool:
        """No refresh is in the way."""
        return self.last == NEVER

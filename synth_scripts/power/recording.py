"""What a zero-delay simulation saw of a netlist: stimuli and right values for a simulation with delays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Recording"]

Words = npt.NDArray[np.uint64]


@dataclass
class Recording:
    """Consecutive clock cycles: in each, every net and every flip-flop at its end; a word's bits are the lanes.

    Parameters
    ----------
    values : list of array
        By cycle and net.
    states : list of array
        By cycle and flip-flop, as they are during the cycle.
    """

    values: list[Words] = field(default_factory=list)
    states: list[Words] = field(default_factory=list)

    @property
    def cycles(self) -> int:
        """How many clock edges lie in it."""
        return len(self.values) - 1

    def lane(self, lane: int) -> npt.NDArray[np.uint8]:
        """Nets in one lane, by cycle."""
        return _bits(np.array(self.values), lane)

    def state(self, lane: int) -> npt.NDArray[np.uint8]:
        """Flip-flops in one lane, in the first cycle."""
        return _bits(self.states[0], lane)


def _bits(words: Words, lane: int) -> npt.NDArray[np.uint8]:
    return ((words >> np.uint64(lane)) & np.uint64(1)).astype(np.uint8)

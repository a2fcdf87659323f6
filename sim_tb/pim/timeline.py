"""A program over time: which operation, and which cause, each of its clocks belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gen.pim.compile import OPERATIONS
from hdl.params.pim import decode
from sim_tb.pim.simulate.statistics import CAUSES
from sim_tb.pim.simulate.system import System

__all__ = ["LOADING", "Timeline"]

Numbers = npt.NDArray[np.int64]
#: The operation of the clocks in which no program runs.
LOADING = "loading"
NAMES = (*OPERATIONS, LOADING)
VECTOR = list(CAUSES).index("vector")


@dataclass(frozen=True)
class Timeline:
    """What the clocks of a program belong to.

    A clock belongs to the operation of the instruction that the issuer is at work on, or waits with. In clocks in which
    the vector unit alone is at work, that is the operation of the newest vector instruction: it is what others wait
    for.

    Parameters
    ----------
    edges : int64 array of shape (count,)
        Clocks from which on there is an operation and a cause; the first one is 0.
    operations, causes : int64 arrays of shape (count,)
        Their places in ``NAMES`` and in :data:`sim_tb.pim.simulate.statistics.CAUSES`.
    end : int
        Clocks in all.
    """

    edges: Numbers
    operations: Numbers
    causes: Numbers
    end: int

    @classmethod
    def of(cls, system: System, labels: Sequence[str]) -> Timeline:
        """The timeline of a program that has ended; ``labels`` are the operations of its instructions."""
        edges, causes = system.causes()
        named = [NAMES.index(label) for label in labels]
        handed = [(clock, place) for clock, place in system.issuer.handed if clock < system.time]
        vector = [(clock, place) for clock, place in handed if decode(system.issuer.program[place]).op.unit == "vector"]
        # An instruction is at work from when the one before was handed on.
        issued = [0, *(clock for clock, _ in handed)]
        whose = [*(named[place] for _, place in handed), named[-1]]
        edges = np.unique(np.concatenate([edges, issued, [clock for clock, _ in vector]]).astype(np.int64))
        causes = causes[np.searchsorted(system.causes()[0], edges, "right") - 1]
        found = np.array(whose, np.int64)[np.searchsorted(issued, edges, "right") - 1]
        if vector:
            newest = np.searchsorted([clock for clock, _ in vector], edges, "right") - 1
            owners = np.array([named[place] for _, place in vector], np.int64)[np.maximum(newest, 0)]
            found = np.where((causes == VECTOR) & (newest >= 0), owners, found)
        begin = system.resting[0][1]
        found[edges < begin] = NAMES.index(LOADING)
        return cls(edges, found, causes, system.time)

    @property
    def lengths(self) -> Numbers:
        """Clocks from each edge to the next one, shape (count,)."""
        return np.diff(np.append(self.edges, self.end))

    def clocks(self) -> dict[str, dict[str, int]]:
        """Clocks by operation, and for each by cause; without what there is none of."""
        found: dict[str, dict[str, int]] = {}
        counts = np.zeros((len(NAMES), len(CAUSES)), np.int64)
        np.add.at(counts, (self.operations, self.causes), self.lengths)
        for name, row in zip(NAMES, counts.tolist(), strict=True):
            if any(row):
                found[name] = {cause: clocks for cause, clocks in zip(CAUSES, row, strict=True) if clocks}
        return found

    def spans(self) -> list[tuple[str, int, int]]:
        """Operations one after the other: name, first clock, the one past the last."""
        changes = np.flatnonzero(np.diff(self.operations)) + 1
        places = [0, *changes.tolist()]
        limits = [*self.edges[places].tolist(), self.end]
        return [
            (NAMES[self.operations[place]], first, past)
            for place, (first, past) in zip(places, pairwise(limits), strict=True)
        ]

    def columns(self, count: int) -> list[dict[str, int]]:
        """The clocks cut into so many columns of the same length, by cause; the last may be shorter."""
        length = max(1, -(-self.end // count))
        limits = np.arange(0, self.end, length)
        edges = np.unique(np.concatenate([self.edges, limits]))
        causes = self.causes[np.searchsorted(self.edges, edges, "right") - 1]
        lengths = np.diff(np.append(edges, self.end))
        counts = np.zeros((len(limits), len(CAUSES)), np.int64)
        np.add.at(counts, (edges // length, causes), lengths)
        return [{cause: clocks for cause, clocks in zip(CAUSES, row, strict=True) if clocks} for row in counts.tolist()]

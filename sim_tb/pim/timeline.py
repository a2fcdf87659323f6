"""A program over time: which operation, and which cause, each of its clocks belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gen.pim.compile import OPERATIONS
from gen.pim.program import Program
from hdl.params.pim import decode
from sim_tb.pim.simulate.statistics import CAUSES
from sim_tb.pim.simulate.system import System

__all__ = ["NAMES", "Timeline"]

Numbers = npt.NDArray[np.int64]
#: Operations in the order of their numbers.
NAMES = tuple(OPERATIONS)
#: The cause of clocks in which the vector unit alone is at work; those before it are the channels'.
VECTOR = list(CAUSES).index("vector")


@dataclass(frozen=True)
class Timeline:
    """What the clocks of a program belong to.

    Clocks in which channels are at work belong to the operation of the instruction that the foremost channel works on,
    those in which the vector unit alone is at work to that of its newest one, and all others to that of the instruction
    that the issuer has at hand.

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
    def of(cls, system: System, program: Program, labels: Sequence[str]) -> Timeline:
        """The timeline of a program that a system has run; ``labels`` are the operations of its instructions."""
        starts, causes = system.causes()
        named = np.array([NAMES.index(label) for label in labels], np.int64)
        end = system.time - system.origin
        handed = [(clock - system.origin, place) for clock, place in system.handed if clock < system.time]
        begun = _begun(system)
        # The issuer is at work on an instruction from when the one before was handed on.
        clocks, places = [0, *(clock for clock, _ in handed)], [*(place for _, place in handed), len(labels) - 1]
        vector = [(clock, place) for clock, place in handed if decode(program.words[place]).op.unit == "vector"]
        edges = np.unique(np.concatenate([starts, clocks, *([clock for clock, _ in each] for each in (vector, begun))]))
        edges = edges.astype(np.int64)
        causes = causes[np.searchsorted(starts, edges, "right") - 1]
        found = named[places][np.searchsorted(clocks, edges, "right") - 1]
        for owners, mine in ((vector, causes == VECTOR), (begun, causes < VECTOR)):
            if owners:
                newest = np.searchsorted([clock for clock, _ in owners], edges, "right") - 1
                whose = named[[place for _, place in owners]][np.maximum(newest, 0)]
                found = np.where(mine & (newest >= 0), whose, found)
        found[edges < system.begun - system.origin] = NAMES.index("control")
        return cls(edges, found, causes, end)

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

    def columns(self, length: int) -> list[dict[str, int]]:
        """The clocks cut into columns of equal length, by cause; the last one may be shorter."""
        limits = np.arange(0, self.end, length)
        edges = np.unique(np.concatenate([self.edges, limits]))
        causes = self.causes[np.searchsorted(self.edges, edges, "right") - 1]
        lengths = np.diff(np.append(edges, self.end))
        counts = np.zeros((len(limits), len(CAUSES)), np.int64)
        np.add.at(counts, (edges // length, causes), lengths)
        return [{cause: clocks for cause, clocks in zip(CAUSES, row, strict=True) if clocks} for row in counts.tolist()]


def _begun(system: System) -> list[tuple[int, int]]:
    """When the first channel began to work on something from another instruction than before: clock, and its place."""
    ordered = system.ordered
    firsts = [system.time] * len(ordered)
    for channel in range(system.params.channels):
        mine = [number for number, (_, mask) in enumerate(ordered) if mask >> channel & 1]
        for number, clock in zip(mine, system.begins(channel), strict=True):
            firsts[number] = min(firsts[number], clock)
    found: list[tuple[int, int]] = []
    for (place, _), clock in zip(ordered, firsts, strict=True):
        if not found or found[-1][1] != place:
            found.append((max(clock - system.origin, found[-1][0] if found else 0), place))
    return found

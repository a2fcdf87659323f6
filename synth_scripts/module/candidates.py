"""Netlists of one module, and which of them is the best.

The *best clock* of a design is its most efficient one: that with the most throughput over area, which is the least
area times clock period. Where a clock is asked for, the best is the smallest that meets it, and the fastest where none
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

__all__ = [
    "Candidate",
    "Key",
    "Made",
    "Objective",
    "Result",
    "Sized",
    "area_delay",
    "best_at",
    "front",
    "objective",
    "smallest_at",
]


class Sized(Protocol):
    """Something with an area and a least clock period."""

    @property
    def area(self) -> float:
        """In the library's unit."""

    @property
    def period(self) -> float:
        """The least clock period, ns."""


#: Style, script and target of a candidate.
Key = tuple[str, str, float]
#: What is to be least.
Objective = Callable[[Sized], Any]


@dataclass(frozen=True)
class Candidate:
    """One synthesised netlist.

    Parameters
    ----------
    style : str
        Multiplier, adder and adder-cell style.
    script : str
        Mapping script.
    target_ns : float
        Clock target.
    area, sequential_area : float
        In the library's unit, and the flip-flops' (and clock gates') part of it.
    period, register_period : float
        Least clock period, and that of paths inside, ns.
    cells : dict
        Cell counts.
    """

    style: str
    script: str
    target_ns: float
    area: float
    sequential_area: float
    period: float
    register_period: float
    cells: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What makes it: style, script and target."""
        return (self.style, self.script, self.target_ns)

    @property
    def name(self) -> str:
        """How the candidate was made, in words."""
        return f"{self.style}, {self.script} at {self.target_ns:.3g} ns"


@dataclass(frozen=True)
class Made:
    """A candidate with its netlist, and the critical path where ABC timed it."""

    candidate: Candidate
    netlist: str
    path: str = ""


@dataclass(frozen=True)
class Result:
    """The best candidate with its netlist, and everything that was tried.

    ``front`` are the candidates that no other one beats in both area and period, the largest first.
    """

    top: str
    chosen: Made
    tried: tuple[Candidate, ...]
    front: tuple[Made, ...]
    timing_by: str

    @property
    def best(self) -> Candidate:
        """The best candidate."""
        return self.chosen.candidate

    @property
    def netlist(self) -> str:
        """Its netlist."""
        return self.chosen.netlist

    @property
    def fastest(self) -> float:
        """The least clock period of all candidates, ns."""
        return min(made.candidate.period for made in self.front)

    def at(self, clock_ns: float) -> Result:
        """The same with the smallest candidate that meets a clock as the best; the fastest where none does."""
        return replace(self, chosen=best_at(clock_ns, self.front))


def area_delay(each: Sized) -> float:
    """Area times period: the inverse of throughput over area at the best clock."""
    return each.area * max(each.period, 1e-9)


def smallest_at(clock_ns: float) -> Callable[[Sized], tuple[float, float]]:
    """The objective at a given clock: the smallest that meets it, else the fastest."""
    return lambda each: (max(each.period, clock_ns), each.area)


def objective(clock_ns: float | None) -> Objective:
    """What is to be least, at a clock that is asked for or (None) at the best one."""
    return smallest_at(clock_ns) if clock_ns else area_delay


def best_at(clock_ns: float | None, made: Iterable[Made]) -> Made:
    """The best at a clock that is asked for, or at its own best clock."""
    least = objective(clock_ns)
    return min(made, key=lambda each: least(each.candidate))


def front(made: Iterable[Made]) -> list[Made]:
    """Those that are the smallest at their period, the largest first."""
    kept: list[Made] = []
    for each in sorted(made, key=lambda each: (each.candidate.period, each.candidate.area)):
        if not kept or each.candidate.area < kept[-1].candidate.area:
            kept.append(each)
    return kept

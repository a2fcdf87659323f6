"""What the committed results say: the best designs of an array on a library, and their ratios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.figures.comparison.designs import CONTESTS, DESIGNS, LIBRARIES, Contest, Design
from bench.figures.comparison.group import item
from bench.figures.store import Json, entries
from synth_scripts.engine.metrics import ratios

__all__ = [
    "AIMS",
    "ENGINE",
    "STILL",
    "Measured",
    "Pair",
    "best",
    "each_best",
    "each_median",
    "measured",
    "medians",
    "missing",
    "over_laconic",
    "pairs",
]

#: By which a design is chosen: throughput over the area of everything, macros counted.
ENGINE = "gops_per_mm2_engine_total"
#: Of energy: a transformed engine without any glitches over a plain one with them, more than which nothing reaches
#: that saves glitches alone.
STILL = "still_energy_engine"
#: Ratios of which something is wanted, and what :class:`Ratios` calls it.
AIMS = {"area_core": "core", "area_engine_total": "engine", "glitch_energy_engine": "energy"}


@dataclass(frozen=True)
class Measured:
    """A design and its figures on a library."""

    design: Design
    library: str
    figures: Json

    def over(self, other: Measured) -> dict[str, float | None]:
        """As :func:`synth_scripts.engine.metrics.ratios` has them, and ``STILL``: above 1 where this one is better."""
        glitches, still = other.figures.get("glitch_pj_per_mac"), self.figures.get("pj_per_mac")
        return ratios(self.figures, other.figures) | {STILL: glitches / still if glitches and still else None}


@dataclass(frozen=True)
class Pair:
    """The best plain and the best transformed design of an array on a library."""

    contest: Contest
    library: str
    plain: Measured
    best: Measured

    @property
    def ratios(self) -> dict[str, float | None]:
        """The transformed one over the plain one."""
        return self.best.over(self.plain)


def measured(library: str) -> list[Measured]:
    """All that was measured on a library."""
    kept = entries("comparison")
    found = ((design, kept.get(item(library, name))) for name, design in DESIGNS.items())
    return [Measured(design, library, entry["figures"]) for design, entry in found if entry]


def missing() -> list[tuple[str, str]]:
    """Library and design of what was not measured."""
    kept = entries("comparison")
    return [(library, name) for library in LIBRARIES for name in DESIGNS if item(library, name) not in kept]


def best(designs: list[Measured], **wanted: Any) -> Measured | None:
    """The one whose engine has the greatest area efficiency, of those whose designs have certain attributes."""
    fitting = [each for each in designs if all(getattr(each.design, key) == value for key, value in wanted.items())]
    return max(fitting, key=lambda each: float(each.figures[ENGINE]), default=None)


def _contestants(contest: Contest, library: str) -> list[Measured]:
    """The dense designs of an array whose families were measured as wholes: none wins because another is missing."""
    dense = [design for design in DESIGNS.values() if design.contest is contest and not design.serial]
    found = {each.design.name: each for each in measured(library)}
    open_families = {design.family for design in dense if design.name not in found}
    return [found[design.name] for design in dense if design.family not in open_families]


def pairs() -> Iterator[Pair]:
    """Of every array on every library that has both; designs with digits in time stand apart."""
    for contest in CONTESTS:
        for library in LIBRARIES:
            found = _contestants(contest, library)
            plain, other = (best(found, plain=kind) for kind in (True, False))
            if plain and other:
                yield Pair(contest, library, plain, other)


def medians(contest: Contest, key: str) -> float | None:
    """The median of a ratio of the best engines over the libraries; None where it was measured on none."""
    return _median(pair.ratios[key] for pair in pairs() if pair.contest is contest)


def each_best(contest: Contest, library: str, key: str) -> float | None:
    """The transformed design that is best in one figure over the plain one that is best in it."""
    found = _contestants(contest, library)
    values = [
        min(ratios)
        for one in found
        if not one.design.plain
        and (ratios := [value for other in found if other.design.plain and (value := one.over(other)[key]) is not None])
    ]
    return max(values, default=None)


def each_median(contest: Contest, key: str) -> float | None:
    """The median of :func:`each_best` over the libraries."""
    return _median(each_best(contest, library, key) for library in LIBRARIES)


def _median(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return median(there) if there else None


def over_laconic(library: str, key: str) -> tuple[str, float] | None:
    """Which serial design has most of a ratio over Laconic on a library, and how much; None if it is not measured."""
    found = measured(library)
    laconic = best(found, laconic=True)
    values = {
        each.design.name: value
        for each in found
        if laconic and each.design.serial and not each.design.laconic and (value := each.over(laconic)[key]) is not None
    }
    return max(values.items(), key=lambda each: each[1]) if values else None

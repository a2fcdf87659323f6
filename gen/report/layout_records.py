"""What the page reads of ``layout.json``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gen.report.records import TYPESET

__all__ = ["Geometry", "LaidOut", "Layouts", "Run"]

#: Figures that every layout has.
FIGURES = ("core_area_um2", "density", "wire_mm", "ns", "ns_switching", "ns_ideal", "ns_estimated")


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Cells by kind, and pieces of wire by layer, as texts of numbers: see :meth:`shapes`."""

    per_um: int
    width: int
    height: int
    core: tuple[int, ...]
    cells: Mapping[str, str]
    wires: Mapping[str, str]
    left_out: int

    def __post_init__(self) -> None:
        if min(self.per_um, self.width, self.height) <= 0 or len(self.core) != 4:
            raise ValueError("drawing: needs a size, and four numbers for the core")
        for text in (*self.cells.values(), *self.wires.values()):
            if re.fullmatch(r"-?\d+(?: -?\d+){3}(?: -?\d+(?: -?\d+){3})*", text, re.ASCII) is None:
                raise ValueError("drawing: cells and wires must have four whole numbers each")

    @staticmethod
    def shapes(text: str) -> Iterator[tuple[int, ...]]:
        """Left, bottom, width and height of every cell, or both ends of every piece of wire."""
        numbers = iter(map(int, text.split()))
        return zip(numbers, numbers, numbers, numbers, strict=True)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One layout."""

    seed: int
    same_as_netlist: bool
    violations: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """The layouts of one design; ``ratios`` are the engine's over it."""

    title: str
    module: str
    cells: int
    median: Mapping[str, float]
    least: Mapping[str, float]
    most: Mapping[str, float]
    runs: tuple[Run, ...]
    shown_seed: int
    drawing: Geometry
    ratios: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for found in (self.median, self.least, self.most):
            for key in FIGURES:
                if not found.get(key, 0.0) > 0:
                    raise ValueError(f"{key}: must be more than zero")

    @property
    def violations(self) -> int:
        """How often design rules are broken, in layouts that are the netlist."""
        return sum(sum(run.violations.values()) for run in self.runs if run.same_as_netlist)

    @property
    def same(self) -> int:
        """How many layouts are the netlist."""
        return sum(run.same_as_netlist for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class Layouts:
    """``layout.json``: the engine's design first."""

    of: str
    library: str
    corner: str
    layers: int
    seeds: tuple[int, ...]
    designs: tuple[LaidOut, ...]
    tools: Mapping[str, str]
    units: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.designs or not self.seeds:
            raise ValueError("designs and seeds must not be empty")

    def unit(self, key: str) -> str:
        """A figure's unit as it is typeset."""
        unit = self.units.get(key, "")
        return "" if unit == "1" else TYPESET.get(unit, unit)

"""Timing arcs of library cells: which input moves an output, how late, and with which slew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_scripts.library import sources
from synth_scripts.library.library import Library
from synth_scripts.library.reading import Reading
from synth_scripts.library.tables import Table
from synth_scripts.work import cache

__all__ = ["EDGES", "Arcs", "PinArc", "arcs"]

EDGES = ("rise", "fall")
#: What sets or clears a flip-flop asynchronously, which no netlist of ours does.
_UNUSED = ("preset", "clear")


@dataclass(frozen=True)
class PinArc:
    """How one input moves one output, in one condition.

    Parameters
    ----------
    related : str
        The input.
    sense : str
        ``positive_unate``, ``negative_unate`` or ``non_unate``; empty where an edge of a clock moves the output.
    delays, slews : dict
        Tables over slew and load by edge of the output, in the library's units.
    """

    related: str
    sense: str
    delays: Mapping[str, Table]
    slews: Mapping[str, Table]

    def causes(self, edge: str) -> tuple[str, ...]:
        """The edges of the input that this edge of the output can follow."""
        if self.sense == "positive_unate":
            return (edge,)
        if self.sense == "negative_unate":
            return (EDGES[edge == "rise"],)
        return EDGES


#: Arcs by cell and output.
Arcs = Mapping[str, Mapping[str, tuple[PinArc, ...]]]


def arcs(library: Library, kinds: Iterable[str]) -> Arcs:
    """The arcs of cells of these kinds; a cell has no entry for an output that nothing moves."""
    key = f"{cache.key(__name__, library.digest)}_arcs"
    stored = cache.read("libraries", key)
    if stored is None:
        reading = Reading.of([sources.read(Path(library.mapping))])
        stored = {
            name: {pin.name: found for pin in cell.pins.values() if (found := [_plain(arc) for arc in _moving(pin)])}
            for name, cell in reading.cells.items()
        }
        cache.write("libraries", key, stored)
    return {
        kind: {
            pin: tuple(
                PinArc(each["related"], each["sense"], *({k: _table(v) for k, v in each[n].items()} for n in _KINDS))
                for each in found
            )
            for pin, found in stored.get(kind, {}).items()
        }
        for kind in kinds
    }


_KINDS = ("delays", "slews")


def _moving(pin: Any) -> list[Any]:
    if pin.direction != "output":
        return []
    return [arc for arc in pin.arcs if arc.kind not in _UNUSED and any(map(arc.has, EDGES))]


def _plain(arc: Any) -> dict[str, Any]:
    edges = [edge for edge in EDGES if arc.has(edge)]
    return {
        "related": arc.related,
        "sense": arc.sense if arc.kind.startswith("combinational") else "",
        "delays": {edge: _values(arc.tables[f"cell_{edge}"]) for edge in edges},
        "slews": {edge: _values(arc.tables[f"{edge}_transition"]) for edge in edges},
    }


def _values(table: Table) -> list[Any]:
    return [table.axes, table.variables, table.values]


def _table(values: list[Any]) -> Table:
    axes, variables, numbers = values
    return Table(tuple(map(tuple, axes)), tuple(variables), tuple(numbers))

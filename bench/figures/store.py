"""The committed results: one JSON file a group in ``bench/results``, one entry an item."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gen.cli.versions import versions
from gen.output import to_json
from gen.sources import digest

__all__ = ["RESULTS", "Group", "entries", "save"]

RESULTS = Path(__file__).resolve().parents[1] / "results"

Json = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Figures that are measured alike.

    Parameters
    ----------
    name : str
        Also that of the file.
    items : mapping
        What is measured, by name: functions without arguments, which may run in other processes.
    modules : tuple of str
        What the figures rest on: these modules and all that they import.
    settings : str
        What else they depend on.
    grows : bool
        Takes so long that it is measured bit by bit: pages say which items are missing, and no test wants them all.
    """

    name: str
    items: Mapping[str, Callable[[], Json]]
    modules: tuple[str, ...]
    settings: str = ""
    grows: bool = False

    @cached_property
    def sources(self) -> str:
        """Hash over the sources, the tools and the settings."""
        tools = "".join(f" {name} {text}" for name, text in sorted(versions().items()))
        return digest(*self.modules) + tools + (f" {self.settings}" if self.settings else "")

    def stale(self) -> list[str]:
        """Items that are missing, then those with other settings, then those with other sources or tools."""
        kept = {item: entry["sources"] for item, entry in entries(self.name).items()}
        return sorted(
            (item for item in self.items if kept.get(item) != self.sources),
            key=lambda item: (item in kept, kept.get(item, "").endswith(f" {self.settings}")),
        )

    def measure(self, item: str) -> Json:
        """One entry."""
        start = time.perf_counter()
        figures = self.items[item]()
        return {
            "figures": figures,
            "measured": time.strftime("%Y-%m-%d"),
            "seconds": round(time.perf_counter() - start, 1),
            "sources": self.sources,
            "versions": versions(),
        }


def entries(group: str) -> dict[str, Json]:
    """What is kept of a group, by item."""
    path = RESULTS / f"{group}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def save(group: Group, measured: dict[str, Json]) -> None:
    """Put new entries beside those that are kept; items that are no longer there go."""
    kept = entries(group.name) | measured
    path = RESULTS / f"{group.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json({item: kept[item] for item in group.items if item in kept}), encoding="utf-8")

"""How figures are written: numbers, tables, and the conditions that they hold for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.figures.store import entries
from hdl.params import ConfigError, Problem

__all__ = ["conditions", "figures", "number", "table"]

NAMES = {"pyosys": "Yosys", "opensta": "OpenSTA", "verilator": "Verilator"}


def figures(group: str, item: str) -> dict[str, Any]:
    """The figures of an item. Raises ConfigError where it was never measured."""
    entry = entries(group).get(item)
    if entry is None:
        hint = f"run python -m bench.figures measure --only {group}"
        raise ConfigError([Problem(f"bench/results/{group}.json", f"has no {item!r}", hint)])
    return dict(entry["figures"])


def number(value: float | None) -> str:
    """Four digits before the point, or three in all; a dash for what is not measured."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" if line[0] != "---" else f"|{'|'.join(line)}|" for line in lines)


def conditions(group: str, tools: Sequence[str] = ("pyosys", "opensta")) -> str:
    """With which tools a group was measured, and when."""
    kept = entries(group).values()
    versions = {tool: sorted({entry["versions"][tool] for entry in kept}) for tool in tools}
    words = [f"{NAMES[tool]} {' and '.join(found)}" for tool, found in versions.items()]
    dates = sorted({entry["measured"] for entry in kept})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"{', '.join(words)}; measured {when}"

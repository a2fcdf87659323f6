"""What the page of a sweep shows, as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from gen.sweep.kind import Kind, better
from gen.sweep.point import Outcome
from gen.sweep.table import Table

__all__ = ["view"]


def view(content: Table, outcomes: Sequence[Outcome], kind: Kind, command: Callable[[Outcome], str]) -> dict[str, Any]:
    """The data of :func:`gen.report.sweep.sweep_page`.

    Parameters
    ----------
    content : Table
    outcomes : sequence of Outcome
        Of its rows.
    kind : Kind
    command : callable
        The command that computes a point alone.
    """
    last = Counter(key.rpartition(".")[2] for key in content.settings)
    figures = [key for key in content.figures if key in kind.figures or _numeric(content, key)]
    texts = [key for key in content.figures if key not in figures]
    rows = []
    for row, outcome in zip(content.rows, outcomes, strict=True):
        rows.append({**row, "command": command(outcome), "config": outcome.point.task.config})
    return {
        "settings": [_column(key, _label(key, last)) for key in content.settings],
        "figures": [
            _column(key, key, content.units.get(key, ""), better(key, kind.figures.get(key, ""))) for key in figures
        ],
        "texts": [_column(key, key) for key in texts],
        "charts": [list(pair) for pair in kind.charts],
        "group": kind.group,
        "rows": rows,
    }


def _column(key: str, label: str, unit: str = "", sign: int = 0) -> dict[str, Any]:
    return {"key": key, "label": label, "unit": unit, "better": sign}


def _label(key: str, last: Counter[str]) -> str:
    """The last part of a key, where no other ends alike."""
    name = key.rpartition(".")[2]
    return name if last[name] == 1 else key


def _numeric(content: Table, key: str) -> bool:
    values = [row[key] for row in content.rows if row[key] is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)

"""The table of a sweep: a row a point, with its settings, what became of it, and its figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gen.sweep.kind import Kind
from gen.sweep.point import Outcome
from hdl.params import ToolError

__all__ = ["Table", "parquet", "table"]

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows by the names of their columns.

    Parameters
    ----------
    settings, figures : tuple of str
        Columns of swept keys; of what was found.
    units : mapping
        Unit of each figure, where all rows have the same.
    rows : tuple of mapping
        Each with all columns, and ``point``, ``status``, ``problem``, ``title``, ``seconds`` and ``result``, the file.
    """

    settings: tuple[str, ...]
    figures: tuple[str, ...]
    units: Mapping[str, str]
    rows: tuple[Mapping[str, Cell], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return ("point", *self.settings, "status", "problem", "title", *self.figures, "seconds", "result")

    def csv(self) -> str:
        """As comma-separated values: a heading, then a line a point; what was not measured is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow(["" if row[name] is None else _written(row[name]) for name in self.columns])
        return text.getvalue()


def table(outcomes: Sequence[Outcome], kind: Kind, file: Callable[[Outcome], str]) -> Table:
    """The table of outcomes.

    Parameters
    ----------
    outcomes : sequence of Outcome
    kind : Kind
    file : callable
        The name of the file that holds a point's result.
    """
    settings = tuple(dict.fromkeys(key for outcome in outcomes for key in outcome.point.settings))
    found = [kind.found(outcome.result) if outcome.result else ({}, {}) for outcome in outcomes]
    known = dict.fromkeys(kind.figures)
    names = dict.fromkeys(name for values, _ in found for name in values)
    texts = [name for name in names if name not in known]
    own = ("point", *settings, "status", "problem", "title", "seconds", "result")
    figures = tuple(name for name in (*texts, *(name for name in known if name in names)) if name not in own)
    rows = []
    for outcome, (values, _) in zip(outcomes, found, strict=True):
        point = outcome.point
        rows.append(
            {
                "point": point.number,
                **{key: _cell(point.settings.get(key)) for key in settings},
                "status": outcome.status,
                "problem": outcome.problem,
                "title": point.title,
                **{name: _cell(values.get(name)) for name in figures},
                "seconds": round(outcome.seconds, 1),
                "result": file(outcome) if outcome.result else "",
            }
        )
    units: dict[str, str] = {}
    for name in figures:
        each = {of[name] for values, of in found if name in of and values.get(name) is not None}
        if len(each) == 1:
            units |= {name: each.pop()}
    return Table(settings, figures, units, tuple(rows))


def parquet(content: Table) -> bytes:
    """A table as a Parquet file; numbers are numbers, what was not measured is null.

    Raises
    ------
    ToolError
        Where PyArrow is missing.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ToolError("PyArrow is missing: pip install 'bitloom[parquet]'") from None
    columns = {name: _alike([row[name] for row in content.rows]) for name in content.columns}
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def _cell(value: Any) -> Cell:
    """A value as a table may have it."""
    return value if value is None or isinstance(value, str | int | float | bool) else _written(value)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


def _alike(values: list[Cell]) -> list[Any]:
    """Values of one type: as they are, as floating-point numbers, or else as texts."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1:
        return list(values)
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else _written(value) for value in values]

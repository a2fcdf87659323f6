"""Sweep files: TOML in, combinations of values out, each with the line that it stands in.

``[sweep]`` has a list for each key that varies by itself; a ``[[point]]`` has values that go together. Each
``[[point]]`` meets every combination of ``[sweep]``. Other tables have values that all points share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from gen.sweep.kind import Kind
from gen.sweep.lines import lines
from gen.toml_file import parse_file
from gen.version import SCHEMA_VERSION
from hdl.params import ConfigError, Problem, near_name, near_or_legal, shown

__all__ = ["MAX_POINTS", "Combination", "Setting", "Spec", "read"]

#: Points of a sweep, at most.
MAX_POINTS = 10_000
COMMAND, ILLEGAL, SWEEP, POINT, VERSION = "command", "illegal", "sweep", "point", "schema_version"
#: What may become of combinations that are not legal.
CHOICES = ("refuse", "skip")


@dataclass(frozen=True)
class Setting:
    """A value, and the line that gives it; 0 where that is not known."""

    value: Any
    line: int


#: Settings by the path of their key.
Combination = dict[str, Setting]


@dataclass(frozen=True)
class Spec:
    """A sweep file that is well formed: its keys are known, and none is given twice.

    Parameters
    ----------
    path : Path
    kind : Kind
    fixed : dict of Setting
        What all points share.
    grid : dict of list of Setting
        What varies by itself.
    listed : list of dict of Setting
        What varies together; an empty one where nothing does.
    skip : bool
        Combinations that are not legal are left out.
    """

    path: Path
    kind: Kind
    fixed: Combination
    grid: dict[str, list[Setting]]
    listed: list[Combination] = field(default_factory=lambda: [{}])
    skip: bool = False

    @property
    def swept(self) -> list[str]:
        """Keys that vary."""
        return list(dict.fromkeys([*(key for each in self.listed for key in each), *self.grid]))

    def combinations(self) -> Iterator[Combination]:
        """All of them, the last key of ``[sweep]`` varying fastest."""
        for each in self.listed:
            for values in product(*self.grid.values()):
                yield {**self.fixed, **each, **dict(zip(self.grid, values, strict=True))}


def read(path: Path, kinds: Mapping[str, Kind]) -> Spec:
    """Read a sweep file.

    Parameters
    ----------
    path : Path
        The TOML file. Nothing in it is executed.
    kinds : mapping of Kind
        By command; the first is that of a file that names none.

    Raises
    ------
    ConfigError
        With every problem found, each with file, line and key.
    """
    tables = parse_file(path)
    return _Reader(path, tables, lines(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))).spec(kinds)


class _Reader:
    """Collects problems before it judges."""

    def __init__(self, path: Path, tables: dict[str, Any], places: dict[str, int]) -> None:
        self.path, self.tables, self.places = path, tables, places
        self.problems: list[Problem] = []

    def report(self, where: str, message: str, hint: str = "") -> None:
        """Note a problem at the path of a key in the file."""
        line = self.places.get(where)
        place = f"{self.path}:{line}" if line else str(self.path)
        self.problems.append(Problem(f"{place}: {where}" if where else place, message, hint))

    def spec(self, kinds: Mapping[str, Kind]) -> Spec:
        kind = kinds[self._choice(COMMAND, tuple(kinds))]
        skip = self._choice(ILLEGAL, CHOICES) == "skip"
        if (version := self.tables.get(VERSION, SCHEMA_VERSION)) != SCHEMA_VERSION or isinstance(version, bool):
            self.report(VERSION, f"must be {SCHEMA_VERSION}, not {shown(version)}")
        self._check_names(kind, kinds)
        fixed: Combination = {}
        for name, prefix in kind.tables.items():
            if self.tables.get(name) == {}:  # which could mean something in a configuration, and would be lost here
                self.report(name, "has no values", "write a key, or take it out")
            fixed |= self._settings(kind, name, self._table(name, self.tables.get(name, {})), prefix)
        listed = self._listed(kind)
        grid = self._grid(kind)
        self._contradictions(fixed, grid, listed)
        if not (grid or listed or self.problems):
            self.report("", "sweeps nothing", "write lists in [sweep], or a table [[point]] for each point")
        if self.problems:
            raise ConfigError(self.problems)
        if (count := prod(map(len, grid.values())) * max(1, len(listed))) > MAX_POINTS:
            self.report("", f"must give at most {MAX_POINTS:,} points, not {count:,}")
            raise ConfigError(self.problems)
        return Spec(self.path, kind, fixed, grid, listed or [{}], skip)

    def _choice(self, name: str, legal: tuple[str, ...]) -> str:
        value = self.tables.get(name, legal[0])
        if value in legal:
            return str(value)
        self.report(name, f"must be one of {', '.join(legal)}, not {shown(value)}", near_name(str(value), legal))
        return legal[0]

    def _check_names(self, kind: Kind, kinds: Mapping[str, Kind]) -> None:
        known = [*kind.tables, SWEEP, POINT, COMMAND, ILLEGAL, VERSION]
        for name in self.tables:
            if name in known:
                continue
            homes = [each.command for each in kinds.values() if name in each.tables]
            if homes:
                self.report(name, f"is no table of a sweep of {kind.command!r}", f'it is of command = "{homes[0]}"')
            elif kind.key(name):
                self.report(name, "stands at the top of the file", f"it belongs in [{SWEEP}], or in a table of its own")
            else:
                self.report(name, "unknown name", near_or_legal(name, known))

    def _table(self, name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.report(name, f"must be a table, not {shown(value)}", f"write [{name}]")
        return {}

    def _settings(self, kind: Kind, where: str, table: Mapping[str, Any], prefix: str = "") -> Combination:
        """The values of a table by the path of their key."""
        found: Combination = {}
        for name, value in _flat(table):
            place = f"{where}.{name}"
            path = kind.key(prefix + name)
            if not path:
                names = [each.removeprefix(prefix) for each in kind.names() if each.startswith(prefix)]
                self.report(place, "unknown key", near_name(name, names))
            elif path in found:
                self.report(place, f"is given twice: line {found[path].line} has it under another name")
            else:
                found[path] = Setting(value, self.places.get(place, 0))
        return found

    def _listed(self, kind: Kind) -> list[Combination]:
        tables = self.tables.get(POINT, [])
        if not isinstance(tables, list):
            self.report(POINT, "must be a list of tables", f"write [[{POINT}]]")
            return []
        found: list[Combination] = []
        for number, table in enumerate(tables):
            where = f"{POINT}.{number}"
            own = self._settings(kind, where, self._table(where, table))
            if isinstance(table, dict) and not table:
                self.report(where, "has no values")
            for earlier, other in enumerate(found):
                if own and _values(own) == _values(other):
                    self.report(where, f"is the same point as that of line {self.places.get(f'{POINT}.{earlier}', 0)}")
                    break
            found.append(own)
        return found

    def _grid(self, kind: Kind) -> dict[str, list[Setting]]:
        found = {}
        for path, setting in self._settings(kind, SWEEP, self._table(SWEEP, self.tables.get(SWEEP, {}))).items():
            values, place = setting.value, self._place(SWEEP, path, setting)
            if not isinstance(values, list):
                self.report(place, f"must be a list of values, not {shown(values)}", f"write [{shown(values)}]")
            elif not values:
                self.report(place, "must have at least one value, not []")
            elif twice := next((value for value, count in Counter(map(repr, values)).items() if count > 1), ""):
                self.report(place, f"has {twice[:60]} twice")
            else:
                found[path] = [Setting(value, setting.line) for value in values]
        return found

    def _contradictions(self, fixed: Combination, grid: Mapping[str, list[Setting]], listed: list[Combination]) -> None:
        """A key is fixed, or varies by itself, or varies with others."""
        for path, values in grid.items():
            if path in fixed:
                place = self._place(SWEEP, path, values[0])
                self.report(place, f"varies here, but line {fixed[path].line} fixes it for all points", "take one out")
        for number, own in enumerate(listed):
            for path, setting in own.items():
                place = self._place(f"{POINT}.{number}", path, setting)
                if path in fixed:
                    self.report(place, f"is given here, but line {fixed[path].line} fixes it for all points")
                if path in grid:
                    line = grid[path][0].line
                    message = f"is given here, but line {line} in [{SWEEP}] combines every point with values of it"
                    self.report(place, message, "take one out")

    def _place(self, where: str, path: str, setting: Setting) -> str:
        """The path in the file of what was found for a key's path."""
        mine = (name for name, line in self.places.items() if line == setting.line and name.startswith(f"{where}."))
        return next(mine, f"{where}.{path}")


def _values(combination: Combination) -> dict[str, Any]:
    return {path: (type(setting.value), setting.value) for path, setting in combination.items()}


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Values of a table and of those in it, by their path."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value

"""Axes as plain values, for JSON, and back: every choice is its name in lower case."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from hdl.params.axes import Axes
from hdl.params.errors import ConfigError, Problem, near_name, not_one_of, shown

__all__ = ["axes_from", "plain"]


def plain(axes: Axes) -> dict[str, Any]:
    """The axes as :func:`axes_from` reads them: ``{"stays": "results", "k": {"form": "tree", "steps": 4}, ...}``."""
    return {axis.name: _plain(getattr(axes, axis.name)) for axis in fields(axes)}


def axes_from(values: Any, where: str = "engine.point") -> Axes:
    """Read axes; those that are left out have their defaults.

    Parameters
    ----------
    values : object
        As :func:`plain` gives them.
    where : str
        The key that they stand in, for messages.

    Raises
    ------
    ConfigError
        With every value that is not legal by itself, or else every contradiction between them.
    """
    problems: list[Problem] = []
    axes = _record(Axes, values, where, problems)
    if problems:
        raise ConfigError(problems)
    return axes


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower()
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return value


def _record(kind: Any, values: Any, where: str, problems: list[Problem]) -> Any:
    if not isinstance(values, dict):
        problems.append(Problem(where, f"must be a table, not {shown(values)}"))
        return None
    hints, found = get_type_hints(kind), len(problems)
    for name in values:
        if name not in hints:
            problems.append(Problem(f"{where}.{name}", "unknown key", near_name(name, hints)))
    read = {
        name: _value(hints[name], value, f"{where}.{name}", problems) for name, value in values.items() if name in hints
    }
    if len(problems) > found:
        return None
    try:
        return kind(**read)
    except ConfigError as error:
        problems += [Problem(where, each.message, each.hint) for each in error.problems]
        return None


def _value(kind: Any, value: Any, where: str, problems: list[Problem]) -> Any:
    """A choice, a number, a part with choices of its own, or nothing where that is legal."""
    if isinstance(kind, UnionType):
        if value is None:
            return None
        kind = next(each for each in get_args(kind) if each is not NoneType)
    if is_dataclass(kind):
        return _record(kind, value, where, problems)
    if issubclass(kind, Enum):
        legal = [each.name.lower() for each in kind]
        if value in legal:
            return kind[value.upper()]
        problems += not_one_of(where, value, legal)
    elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        words = {int: "an integer", bool: "true or false"}
        problems.append(Problem(where, f"must be {words[kind]}, not {shown(value)}"))
    return value

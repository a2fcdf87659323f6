"""Reading keys of a ``config.json``: several names for one fact, nulls, and every problem at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from hdl.params import Problem, near_name, shown

__all__ = ["Keys"]

_Value = TypeVar("_Value")


class Keys:
    """The keys of a model's configuration.

    Every method takes the names that a fact goes by, of which the first is today's. A key that is null counts as
    absent. Names that are present and disagree are a problem, as is a value of a wrong kind; what is read then is the
    least legal value, so that reading goes on and finds the other problems.

    Parameters
    ----------
    values : mapping
        The file's object.

    Attributes
    ----------
    problems : list of Problem
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.problems: list[Problem] = []
        self._asked: set[str] = set()
        self._missing: dict[Problem, str] = {}

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def integer(
        self, *names: str, default: int | None = None, least: int = 1, most: int = 1 << 31, otherwise: int = 0
    ) -> int:
        """A whole number; without a default it has to be there.

        ``otherwise`` is what reading goes on with where it is missing or wrong; by default the least one.
        """
        name, value = self._one(names)
        otherwise = otherwise or least
        if value is None:
            return self._absent(names, default, otherwise)
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(name, f"must be a whole number, not {value!r}")
        elif not least <= value <= most:
            self.wrong(name, f"must be {least:,} to {most:,}, not {value:,}")
        else:
            return value
        return otherwise

    def number(self, *names: str, default: float | None = None, least: float = 0.0, most: float = 1e30) -> float:
        """A number above ``least`` and up to ``most``."""
        name, value = self._one(names)
        if value is None:
            return self._absent(names, default, most)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(name, f"must be a number, not {value!r}")
        elif not least < value <= most:  # NaN is not, either
            self.wrong(name, f"must be above {least:g} and at most {most:g}, not {value!r}")
        else:
            return float(value)
        return most

    def flag(self, *names: str, default: bool) -> bool:
        """True or false."""
        name, value = self._one(names)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, f"must be true or false, not {value!r}")
            return default
        return default if value is None else value

    def word(self, *names: str, meanings: Mapping[str, str], default: str | None = None) -> str:
        """The meaning of a word, which has to be a key of ``meanings``."""
        name, value = self._one(names)
        if value is None:
            value = default
        if value is None:
            return self._absent(names, None, next(iter(meanings.values())))
        if not isinstance(value, str) or value not in meanings:
            hint = near_name(str(value), meanings)
            self.wrong(name or names[0], f"must be one of {', '.join(meanings)}, not {value!r}", hint)
            return next(iter(meanings.values()))
        return meanings[value]

    def words(self, name: str, legal: Collection[str], count: int) -> list[str] | None:
        """A list of as many words as there are layers; None where it is absent or wrong."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) and each in legal for each in value):
            self.wrong(name, f"must be a list of {' and '.join(legal)}, not {shown(value)}")
        elif len(value) != count:
            self.wrong(name, f"must have an entry for each of the {count} layers, not {len(value)}")
        else:
            return value
        return None

    def table(self, *names: str) -> dict[str, Any]:
        """An object; empty where it is absent."""
        name, value = self._one(names)
        if value is not None and not isinstance(value, dict):
            self.wrong(name, f"must be an object, not {shown(value)}")
            return {}
        return value or {}

    def refuse(self, name: str, bad: object, why: str) -> None:
        """A problem where a key has a value that nothing here can do."""
        value = self.values.get(name)
        if value == bad and type(value) is type(bad):
            self.wrong(name, f"{value!r} is not supported: {why}")

    def wrong(self, name: str, message: str, hint: str = "") -> None:
        """Note a problem of a key."""
        self.problems.append(Problem(name, message, hint))

    def sound(self, *names: str) -> bool:
        """No problem of these keys has been found: what rests on them can be looked at."""
        return not any(problem.where in names for problem in self.problems)

    def found(self) -> list[Problem]:
        """All problems, each once; of a key that is missing with the nearest one that nothing has asked for."""
        unknown = [key for key in self.values if key not in self._asked]
        return [
            replace(each, hint=near_name(self._missing[each], unknown)) if each in self._missing else each
            for each in dict.fromkeys(self.problems)
        ]

    def _one(self, names: tuple[str, ...]) -> tuple[str, Any]:
        """The first name that is present, and its value; others that are present have to agree."""
        self._asked.update(names)
        given = [(name, self.values[name]) for name in names if self.values.get(name) is not None]
        if not given:
            return names[0], None
        name, value = given[0]
        for other, another in given[1:]:
            if another != value:
                self.wrong(other, f"is {another!r}, but {name} is {value!r}: both say the same thing")
        return name, value

    def _absent(self, names: tuple[str, ...], default: _Value | None, otherwise: _Value) -> _Value:
        if default is not None:
            return default
        null = next((name for name in names if name in self.values), None)
        if null is not None:
            self.wrong(null, "must not be null")
            return otherwise
        problem = Problem(names[0], f"is missing (or {', '.join(names[1:])})" if names[1:] else "is missing")
        self.problems.append(problem)
        self._missing[problem] = names[0]
        return otherwise

"""Options of a study: texts that the user wrote, read and checked all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdl.params import ConfigError, Problem, near_name, near_or_legal, shown

__all__ = ["Option", "file", "one_of", "read_options", "share", "whole"]

#: Reads a text; raises ValueError with what is legal.
Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Option:
    """An option of a study.

    Parameters
    ----------
    name : str
    default : Any
        Its value where the user says nothing.
    read : callable
        Gives the value of a text; raises ValueError with what is legal.
    """

    name: str
    default: Any
    read: Reader


def read_options(given: Mapping[str, str], known: Sequence[Option]) -> dict[str, Any]:
    """The value of every option. Raises ConfigError with all that is wrong."""
    problems, values = [], {option.name: option.default for option in known}
    readers = {option.name: option.read for option in known}
    for name, text in given.items():
        if name not in readers:
            legal = near_or_legal(name, readers) or "it has none"
            problems.append(Problem(f"--option {name}", "is no option of this workload", legal))
            continue
        try:
            values[name] = readers[name](text)
        except ValueError as error:
            problems.append(Problem(f"--option {name}", f"must be {error}, not {shown(text)}"))
    if problems:
        raise ConfigError(problems)
    return values


def whole(low: int, high: int) -> Reader:
    """A whole number within limits, both included."""

    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 20 and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low:,} to {high:,}")
        return int(text)

    return read


def share(low: float = 0.0, high: float = 1.0) -> Reader:
    """A number within limits, both included."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return read


def one_of(*names: str) -> Reader:
    """One of a few names."""

    def read(text: str) -> str:
        if text not in names:
            hint = near_name(text, names)
            raise ValueError(f"one of {', '.join(names)}" + (f" ({hint})" if hint else ""))
        return text

    return read


def file(*endings: str) -> Reader:
    """A file that is there, with one of a few endings."""

    def read(text: str) -> Path:
        path = Path(text)
        if path.suffix not in endings:
            raise ValueError(f"a file that ends in {' or '.join(endings)}")
        if not path.is_file():
            raise ValueError("a file that is there")
        return path

    return read

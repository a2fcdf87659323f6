"""Errors that a user can cause, and how they read.

Every error a user can cause is a :class:`BitloomError`. The command line prints its text without a traceback and
leaves with its ``exit_status``: 2 where the request was wrong, 1 where a check failed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "BitloomError",
    "CheckFailed",
    "ConfigError",
    "Problem",
    "ToolError",
    "near_name",
    "near_or_legal",
    "not_one_of",
    "shown",
]


class BitloomError(Exception):
    """Base of all errors that a user can mend."""

    exit_status = 2


class ToolError(BitloomError):
    """A program, package or library file that a step needs is missing or unusable."""


class CheckFailed(BitloomError):
    """A step ran to its end and found the design wrong."""

    exit_status = 1


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a request.

    Parameters
    ----------
    where : str
        The key, option or file at fault (``"engine.rows"``).
    message : str
        What is required, and the value that was given.
    hint : str
        What to write instead; empty where nothing helps.
    """

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(BitloomError):
    """One or more problems in a configuration, all reported at once.

    Parameters
    ----------
    problems : iterable of Problem
    source : str
        The file they were found in; empty for objects made in Python.
    """

    def __init__(self, problems: Iterable[Problem], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        prefix = f"{source}: " if source else ""
        super().__init__("\n".join(f"{prefix}{problem}" for problem in self.problems))


def near_name(name: str, legal: Iterable[str]) -> str:
    """Return ``"did you mean 'x'?"`` for the legal name nearest to ``name``, or an empty string."""
    matches = difflib.get_close_matches(str(name), list(legal), n=1, cutoff=0.5)
    return f"did you mean {matches[0]!r}?" if matches else ""


def near_or_legal(name: str, legal: Iterable[str], most: int | None = None) -> str:
    """What :func:`near_name` says, or else the legal names, no more than ``most``; empty without any."""
    names = list(legal)
    first = names if most is None or len(names) <= most else [*names[:most], "..."]
    return near_name(name, names) or (f"legal: {', '.join(first)}" if names else "")


def not_one_of(where: str, value: object, legal: Sequence[str]) -> list[Problem]:
    """The problem of a value that is none of a few names; an empty list if it is one."""
    if value in legal:
        return []
    return [Problem(where, f"must be one of {', '.join(legal)}, not {shown(value)}", near_name(str(value), legal))]


def shown(value: object) -> str:
    """A value as an error shows it; the middle of a long one is left out."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}...{text[-10:]}"

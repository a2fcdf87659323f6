"""What a sweep is made of: points, the commands that they stand for, and what came of these."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

__all__ = [
    "CONFIG",
    "DONE",
    "FAILED",
    "MISSED",
    "WORKER_LOST",
    "Answer",
    "Outcome",
    "Point",
    "Task",
    "in_words",
    "short",
]

#: What stands for the configuration file among a task's arguments.
CONFIG = "point.toml"
#: What became of a point: it has figures; it has, at another clock than it was asked for; it has none.
DONE, MISSED, FAILED = "done", "missed", "failed"
#: The status of a task whose worker was lost; that of a process which a signal ended is the signal's number, negative.
WORKER_LOST = -1000


@dataclass(frozen=True)
class Task:
    """A command of ours, as a process or another machine is given it.

    Parameters
    ----------
    arguments : tuple of str
        What follows ``bitloom``; :data:`CONFIG` stands for the configuration file.
    config : str
        The text of that file; empty where the command has none.
    modules : tuple of str
        What its result rests on.
    sources : str
        Their hash (:func:`gen.sources.digest`): another machine must have the same.
    """

    arguments: tuple[str, ...]
    config: str = ""
    modules: tuple[str, ...] = ()
    sources: str = ""

    def command(self, config: str) -> str:
        """The command for a shell, with the path of the configuration file."""
        return shlex.join(["bitloom", *(config if word == CONFIG else word for word in self.arguments)])


@dataclass(frozen=True)
class Answer:
    """How a task ended.

    Parameters
    ----------
    status : int
        Exit status; negative where something ended the process, or took the worker away: :data:`WORKER_LOST`.
    out, err : str
        What was printed.
    seconds : float
    """

    status: int
    out: str = ""
    err: str = ""
    seconds: float = 0.0

    @property
    def lost(self) -> bool:
        """Whether it did not end by itself."""
        return self.status < 0


@dataclass(frozen=True)
class Point:
    """A point of a sweep.

    Parameters
    ----------
    number : int
        Its place in the sweep, from 1 on.
    settings : mapping
        Value of every key that is swept.
    title : str
        What it is, in words.
    task : Task
    basis : mapping
        Everything that its result depends on beside the task: plain values.
    """

    number: int
    settings: Mapping[str, Any]
    title: str
    task: Task
    basis: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """By what its result is stored."""
        content = json.dumps([asdict(self.task), dict(self.basis)], sort_keys=True)
        return hashlib.sha256(content.encode("utf-8", errors="surrogateescape")).hexdigest()[:20]

    @property
    def words(self) -> str:
        """Its settings in a line."""
        return in_words(self.settings)


@dataclass(frozen=True)
class Outcome:
    """What became of a point.

    Parameters
    ----------
    point : Point
    status : str
        :data:`DONE`, :data:`MISSED` or :data:`FAILED`.
    problem : str
        Why it is not done.
    result : mapping
        What the command printed as JSON; empty where it failed.
    seconds : float
        How long it took.
    """

    point: Point
    status: str
    problem: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def in_words(settings: Mapping[str, Any]) -> str:
    """Keys and values in a line; long values are cut off."""
    return ", ".join(f"{key}={short(value)}" for key, value in settings.items())


def short(value: Any) -> str:
    """A value in a line; the end of a long one is left out."""
    text = value if isinstance(value, str) else json.dumps(value)
    first, *rest = text.strip().splitlines() or [""]
    return f"{first[:40]} ..." if rest or len(first) > 44 else first

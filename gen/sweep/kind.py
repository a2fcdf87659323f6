"""What can be swept: a command, its keys, and the figures that it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from gen.sweep.point import Task

__all__ = ["Kind", "better"]

#: Units of figures of which less is better, and of those of which more is; of others neither.
LESS = ("ns", "FO4", "um2", "NAND2", "bits", "cells", "mW", "pJ", "clocks", "s", "J", "bytes", "rows")
MORE = ("MHz", "GOPS", "GOPS/mm2", "GOPS/W", "MAC/cycle", "tokens/s", "share")
#: Figures that say how another one came about.
NEUTRAL = ("clock_asked_ns", "wns_ns")


def better(figure: str, unit: str) -> int:
    """1 where more of a figure is better, -1 where less is, 0 where neither is."""
    return 0 if figure in NEUTRAL else (unit in MORE) - (unit in LESS)


class Kind(Protocol):
    """A command that can be swept."""

    @property
    def command(self) -> str:
        """The command's words."""

    @property
    def tables(self) -> Mapping[str, str]:
        """Tables of fixed values in a sweep file, and with what their keys' paths begin."""

    @property
    def modules(self) -> tuple[str, ...]:
        """What its results rest on: these modules and all that they import."""

    @property
    def group(self) -> str:
        """Key of the text in which points must agree for their figures to be compared; empty if there is none."""

    @property
    def charts(self) -> tuple[tuple[str, str], ...]:
        """Figures of the page's charts: the one that goes across, the one that goes up."""

    @property
    def figures(self) -> Mapping[str, str]:
        """Unit of every figure that the command may find, in the order of tables."""

    def key(self, name: str) -> str:
        """The path of a key, by that or by a shorter name; empty where there is none."""

    def names(self) -> Iterable[str]:
        """All names that :meth:`key` knows."""

    def task(self, values: Mapping[str, Any], folder: Path) -> tuple[str, Task, Mapping[str, Any]]:
        """What values of keys make: a title, the task, and what else its result depends on.

        Parameters
        ----------
        values : mapping
            By path; all others are as by default.
        folder : Path
            What relative paths among them start from.

        Raises
        ------
        ConfigError
            Where they contradict each other or are not legal, each problem at its key's path.
        ToolError
            Where what they name is not there.
        """

    def found(self, result: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Figures and texts of what the command printed as JSON, by key, and the figures' units."""

"""Systems by name. Nothing of them is imported until one is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import cast

from sim_tb.systems.study import Study

__all__ = ["SYSTEMS", "Entry"]


@dataclass(frozen=True)
class Entry:
    """A system.

    Parameters
    ----------
    name : str
        Of its package in this folder, and on the command line.
    about : str
        What it does, in a line.
    """

    name: str
    about: str

    def load(self) -> Study:
        """Its study."""
        return cast(Study, import_module(f"sim_tb.systems.{self.name}.study").study)


_ENTRIES: tuple[Entry, ...] = ()
SYSTEMS = {entry.name: entry for entry in _ENTRIES}

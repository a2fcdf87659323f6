"""A study of a system: what it is asked, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gen.config import Config
from gen.report.workload import Section
from hdl.params import EngineParams

__all__ = ["Findings", "Request", "Study"]


@dataclass(frozen=True)
class Request:
    """What a study is asked to do.

    Parameters
    ----------
    folder : Path
        A folder in which it may write what it likes: simulations, mostly.
    config : Config or None
        The user's engine, alone or with what :class:`sim_tb.systems.catalogue.Entry` allows; None: the study's own.
    quick : bool
        The smallest amount of work that still shows everything.
    seed : int
        Of all that is drawn.
    options : mapping
        Texts by key, as the user wrote them: see :func:`sim_tb.systems.options.read_options`.
    """

    folder: Path
    config: Config | None = None
    quick: bool = False
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    def engines(self, *usual: EngineParams) -> tuple[EngineParams, ...]:
        """The engines to run on: the user's alone, or those that are usual."""
        return usual if self.config is None else (self.config.engine,)


@dataclass(frozen=True)
class Findings:
    """What a study found.

    Parameters
    ----------
    title, subtitle : str
        Of the page.
    lines : sequence of str
        What is printed: a sentence each.
    figures : mapping
        What ``workload.json`` holds: names with units, and nothing but what JSON has.
    sections : sequence of Section
        Of the page.
    passed : bool
        Every comparison was equal. Where not, a line says which, and the command ends with status 1.
    """

    title: str
    subtitle: str
    lines: Sequence[str]
    figures: Mapping[str, Any]
    sections: Sequence[Section]
    passed: bool = True


class Study(Protocol):
    """What each system's module ``study`` has under this name."""

    def __call__(self, request: Request, say: Callable[[str], None], /) -> Findings:
        """Do it; ``say`` tells the user how far it has come. Raises BitloomError for what a user can mend."""

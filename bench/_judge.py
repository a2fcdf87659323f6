"""Judgements: what was measured, against what target, and whether that is met; a line each."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Judge", "Judgement"]


@dataclass(frozen=True)
class Judgement:
    """One figure against its target.

    Parameters
    ----------
    what : str
        What was measured.
    target, measured : str
        In words, with units.
    met : bool
        Whether the target is reached.
    """

    what: str
    target: str
    measured: str
    met: bool

    def __str__(self) -> str:
        return f"{self.what}: target {self.target}, measured {self.measured}: {'met' if self.met else 'MISSED'}"

    @classmethod
    def read(cls, line: str) -> Judgement | None:
        """The judgement that a line is; None where it is something else."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            return None
        return cls(found["what"], found["target"], found["measured"], met=found["end"] == "met")


_LINE = re.compile(r"(?P<what>.+?): target (?P<target>.+), measured (?P<measured>.+): (?P<end>met|MISSED)")


class Judge:
    """Prints judgements, and counts those that are missed."""

    def __init__(self) -> None:
        self.missed = 0

    def says(self, what: str, target: str, measured: str, *, met: bool) -> bool:
        """Print a judgement; whether the target is met."""
        print(Judgement(what, target, measured, met), flush=True)
        self.missed += not met
        return met

    def least(self, what: str, target: float, measured: float, form: str = "{:.2f}") -> bool:
        """Of a figure that shall be at least its target; ``form`` writes both."""
        return self.says(what, f"at least {form.format(target)}", form.format(measured), met=measured >= target)

    def most(self, what: str, target: float, measured: float, form: str = "{:.2f}") -> bool:
        """Of a figure that shall be at most its target; ``form`` writes both."""
        return self.says(what, f"at most {form.format(target)}", form.format(measured), met=measured <= target)

    @property
    def status(self) -> int:
        """The exit status: 1 where anything is missed."""
        return int(self.missed > 0)

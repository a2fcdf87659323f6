"""The best point of a sweep by a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.sweep.kind import Kind, better
from gen.sweep.point import DONE, Outcome
from hdl.params import CheckFailed, ConfigError, Problem, near_or_legal

__all__ = ["Best", "best", "check"]


@dataclass(frozen=True)
class Best:
    """A point that no other is better than.

    Parameters
    ----------
    group : str
        What those points have in common whose figures can be compared; empty where all can.
    outcome : Outcome
    figure : str
    value : float
    unit : str
    of : int
        Points that it is the best of.
    """

    group: str
    outcome: Outcome
    figure: str
    value: float
    unit: str
    of: int


def check(figure: str, kind: Kind) -> None:
    """Raise ConfigError where a figure is unknown, or neither more nor less of it is better."""
    legal = [name for name, unit in kind.figures.items() if better(name, unit)]
    if figure not in legal:
        hint = near_or_legal(figure, legal)
        why = (
            "neither more nor less of it is better"
            if figure in kind.figures
            else f"{kind.command!r} has no such figure"
        )
        raise ConfigError([Problem("--best", f"not {figure!r}: {why}", hint)])


def best(outcomes: Sequence[Outcome], figure: str, kind: Kind) -> list[Best]:
    """The best point of each group: the first of several that are alike.

    Points that missed what was asked of them are no candidates.

    Raises
    ------
    CheckFailed
        Where no point has the figure.
    """
    groups: dict[str, list[tuple[float, str, Outcome]]] = {}
    for outcome in outcomes:
        if outcome.status != DONE:
            continue
        values, units = kind.found(outcome.result)
        value = values.get(figure)
        if isinstance(value, int | float):
            group = str(values.get(kind.group, ""))
            groups.setdefault(group, []).append((float(value), units.get(figure, ""), outcome))
    if not groups:
        raise CheckFailed(f"no point has {figure}{_reason(outcomes, kind)}")
    sign = better(figure, kind.figures[figure])
    found = []
    for group, candidates in groups.items():
        value, unit, outcome = max(candidates, key=lambda candidate: sign * candidate[0])
        found.append(Best(group, outcome, figure, value, unit, len(candidates)))
    return found


def _reason(outcomes: Sequence[Outcome], kind: Kind) -> str:
    """Why it was not measured, where a point says so."""
    for outcome in outcomes:
        if outcome.status == DONE and (reason := kind.found(outcome.result)[0].get("activity")):
            return f" (power: {reason})"
    return "" if any(outcome.status == DONE for outcome in outcomes) else ": none is done"

"""A sweep: what is not there yet is computed, what comes of it kept at once."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, Protocol

from gen.sweep.point import DONE, FAILED, MISSED, WORKER_LOST, Answer, Outcome, Point, Task
from gen.sweep.store import Store

__all__ = ["Executor", "sweep"]

#: Exit status of a command whose check failed, as a clock that is missed.
CHECK_FAILED = 1


class Executor(Protocol):
    """Where tasks run."""

    def run(self, tasks: Mapping[str, Task]) -> Generator[tuple[str, Answer]]:
        """Run tasks, and give the answers by their keys as they come."""


def sweep(
    points: Sequence[Point], store: Store, executor: Executor, say: Callable[[str], None] = lambda text: None
) -> list[Outcome]:
    """Compute points, and return what became of each.

    Points with the same configuration are computed once. A point that fails ends nothing; it is tried again by the
    next sweep.

    Parameters
    ----------
    points : sequence of Point
    store : Store
        What is in there is not computed again; whatever is computed goes there at once.
    executor : Executor
    say : callable
        Told how far it is.

    Raises
    ------
    BitloomError
        Where there is no room for a result, or nowhere to compute. What is finished stays.
    """
    outcomes: dict[str, Outcome] = {}
    waiting: dict[str, Point] = {}
    for point in points:
        if point.key in outcomes or point.key in waiting:
            continue
        kept = store.read(point)
        store.config(point)
        if kept is None:
            waiting[point.key] = point
        else:
            outcomes[point.key] = kept
    progress = _Progress(len(outcomes), len(waiting), say)
    progress.show()
    with closing(executor.run({key: point.task for key, point in waiting.items()})) as answers:
        for key, answer in answers:
            outcome = _judged(waiting[key], answer)
            if outcome.status != FAILED:
                store.write(outcome)
            outcomes[key] = outcome
            progress.count(outcome)
    return [
        Outcome(point, found.status, found.problem, found.result, found.seconds)
        for point in points
        for found in [outcomes[point.key]]
    ]


def _judged(point: Point, answer: Answer) -> Outcome:
    """What an answer says of a point."""
    problem = _problem(answer)
    result = _json(answer.out) if answer.status in (0, CHECK_FAILED) else None
    if result is None:
        return Outcome(point, FAILED, problem or "it printed no result", {}, answer.seconds)
    return Outcome(point, MISSED if answer.status else DONE, problem if answer.status else "", result, answer.seconds)


def _json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _problem(answer: Answer) -> str:
    """Why a point has no figures, or not those it was asked for."""
    if answer.lost and answer.status != WORKER_LOST:
        return f"its process was ended twice, the last time by {_signal(-answer.status)}"
    lines = [line.removeprefix("bitloom: ").strip() for line in answer.err.strip().splitlines()]
    lines = [line for line in lines if not line.startswith("warning: ")]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    return "; ".join(lines)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Progress:
    """How far a sweep is, in words."""

    def __init__(self, kept: int, waiting: int, say: Callable[[str], None]) -> None:
        self.kept, self.waiting, self.say = kept, waiting, say
        self.done = self.failed = 0
        self.start = time.monotonic()

    def count(self, outcome: Outcome) -> None:
        """Another point."""
        self.done += 1
        self.failed += outcome.status == FAILED
        self.show()

    def show(self) -> None:
        """Say it."""
        parts = [f"{self.kept + self.done:,} of {self.kept + self.waiting:,} points"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.done and self.done < self.waiting:
            seconds = (time.monotonic() - self.start) / self.done * (self.waiting - self.done)
            parts.append(f"about {_duration(seconds)} left")
        self.say(f"sweep: {', '.join(parts)}")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"

"""Jobs side by side, in threads: what takes time is the programs that they wait for.

Jobs may have jobs of their own. However many there are, no more programs run at a time than there are cores.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["Say", "cores", "program", "quiet", "together"]

T = TypeVar("T")
P = ParamSpec("P")

#: Takes a few words on what is being done.
Say = Callable[[str], None]

#: Seconds that an interrupt waits for jobs to notice it; they can't harm anything after that.
PATIENCE = 2.0


def quiet(text: str) -> None:
    """Says nothing."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Stopped(BaseException):
    """Ends a job whose result nobody waits for any more."""


class _Crew:
    """The jobs of one call; a part of the crew whose job made the call."""

    def __init__(self, above: _Crew | None) -> None:
        self.above, self.over = above, False

    @property
    def stopped(self) -> bool:
        return self.over or (self.above is not None and self.above.stopped)


_slots = threading.BoundedSemaphore(cores())
_own = threading.local()


def program(run: Callable[P, T]) -> Callable[P, T]:
    """Make a function that waits for a program wait for a core first; it isn't called in a job that was stopped."""

    @wraps(run)
    def limited(*args: P.args, **named: P.kwargs) -> T:
        with _slots:
            crew: _Crew | None = getattr(_own, "crew", None)
            if crew is not None and crew.stopped:
                raise _Stopped
            return run(*args, **named)

    return limited


def together(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Do jobs side by side and return their results in order.

    The first one that fails stops the others, and its error is raised; so does an interrupt.
    """
    crew = _Crew(getattr(_own, "crew", None))
    done: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()

    def work(number: int) -> None:
        _own.crew = crew
        try:
            done.put((number, jobs[number](), None))
        except BaseException as error:  # an interrupt reaches the caller as well
            done.put((number, None, error))

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(jobs))]
    results: dict[int, T] = {}
    try:
        for thread in threads:
            thread.start()
        for _ in jobs:
            number, result, error = done.get()
            if error is not None:
                raise error
            results[number] = result  # type: ignore[assignment]
    except BaseException:
        crew.over = True
        end = time.monotonic() + PATIENCE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))
        raise
    return [results[number] for number in range(len(jobs))]

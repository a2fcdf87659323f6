"""Tasks on this machine, side by side in processes."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Mapping, Sequence

from gen.sweep.child import PATIENCE, Runner
from gen.sweep.point import Answer, Task

__all__ = ["Local", "cores"]


def cores() -> list[int]:
    """The processor cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


class Local:
    """Runs tasks in so many processes, among which the cores are dealt out.

    A task whose process was ended by something is tried once more.

    Parameters
    ----------
    jobs : int
    runner : callable
        Of cores: what runs a task, and has a ``stop``; default: :class:`gen.sweep.child.Runner`.
    """

    def __init__(self, jobs: int, runner: Callable[[Sequence[int]], Runner] | None = None) -> None:
        runner = runner or Runner
        own = cores()
        shares = [own[slot::jobs] or [own[slot % len(own)]] for slot in range(jobs)]
        self._runners = [runner(share if hasattr(os, "sched_getaffinity") else ()) for share in shares]

    def run(self, tasks: Mapping[str, Task]) -> Generator[tuple[str, Answer]]:
        """Run tasks, and give the answers by their keys as they come.

        Whatever ends the iteration ends the processes.
        """
        waiting: queue.SimpleQueue[tuple[str, Task]] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[str, Answer | BaseException]] = queue.SimpleQueue()
        over = threading.Event()
        for item in tasks.items():
            waiting.put(item)

        def work(runner: Runner) -> None:
            while not over.is_set():
                try:
                    key, task = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    answer = runner(task)
                    if answer.lost and not over.is_set():
                        answer = runner(task)
                    done.put((key, answer))
                except BaseException as error:  # the one who waits for answers raises it
                    done.put((key, error))

        threads = [threading.Thread(target=work, args=(runner,), daemon=True) for runner in self._runners]
        try:
            for thread in threads[: len(tasks)]:
                thread.start()
            for _ in tasks:
                key, answer = done.get()
                if isinstance(answer, BaseException):
                    raise answer
                yield key, answer
        finally:
            over.set()
            for runner in self._runners:
                runner.stop()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(PATIENCE)

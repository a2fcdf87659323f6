"""Tasks on the workers of a Dask scheduler that is there already."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from gen.sweep.child import run
from gen.sweep.point import WORKER_LOST, Answer, Task
from hdl.params import ConfigError, Problem, ToolError

__all__ = ["Dask"]

#: Seconds in which a scheduler must answer.
PATIENCE = 10
#: Seconds between looks at whether the scheduler is still there.
PERIOD = 0.1


class Dask:
    """Runs tasks on the workers of a scheduler.

    The scheduler gives the tasks of a worker that is lost to others, as often as its ``allowed-failures`` says. It
    can't tell which of them it was: so tasks that it gives up are tried once more, one by one, when the rest is done.

    Parameters
    ----------
    address : str
        ``tcp://HOST:PORT``.

    Raises
    ------
    ToolError
        Where Dask is missing.
    ConfigError
        Where no scheduler answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            self._dask: Any = import_module("distributed")
        except ImportError:
            raise ToolError("Dask is missing: pip install 'bitloom[dask]'") from None
        self.address = address
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # its errors become ours
        try:
            self._client = self._dask.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            hint = "start one with `dask scheduler`, which prints its address"
            raise ConfigError([Problem("--scheduler", f"{address} can't be reached: {reason}", hint)]) from None

    def run(self, tasks: Mapping[str, Task]) -> Generator[tuple[str, Answer]]:
        """Run tasks, and give the answers by their keys as they come.

        Raises
        ------
        ToolError
            Where the scheduler is lost.
        """
        suspects = []
        try:
            for key, answer in self._answers(tasks):
                if answer.lost:
                    suspects.append(key)
                else:
                    yield key, answer
            for key in suspects:
                yield from self._answers({key: tasks[key]})
        finally:
            self._client.close(timeout=PATIENCE)

    def _answers(self, tasks: Mapping[str, Task]) -> Generator[tuple[str, Answer]]:
        """Each task's answer, which is lost where too many workers were."""
        client = self._client
        keys = {client.submit(run, task, pure=False): key for key, task in tasks.items()}
        ready = self._dask.as_completed(list(keys), loop=client.loop)
        try:
            while keys:
                if client.status != "running":
                    self._lost()
                if ready.has_ready():
                    future = next(ready)
                    yield keys.pop(future), self._answer(future)
                else:
                    time.sleep(PERIOD)
        finally:
            with suppress(Exception):  # it may be gone
                client.cancel(list(keys), force=True)

    def _answer(self, future: Any) -> Answer:
        try:
            answer: Answer = future.result()
        except self._dask.KilledWorker as error:
            return Answer(
                WORKER_LOST, err=f"every worker that had it was lost, the last one {error.last_worker.address}"
            )
        except (self._dask.CancelledError, OSError):
            self._lost()
        except Exception as error:  # whatever a worker's environment makes of a task
            return Answer(2, err=f"on the worker: {type(error).__name__}: {error}")
        return answer

    def _lost(self) -> NoReturn:
        raise ToolError(f"the scheduler {self.address} was lost: what is finished stays; try the same again")

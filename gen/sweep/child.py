"""A task in a process of its own, which ends with us however we end: see :mod:`gen.sweep.keeper`."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gen.process import uninterrupted
from gen.sources import digest
from gen.sweep.point import CONFIG, Answer, Task
from gen.workplace import python
from hdl.params import ToolError

__all__ = ["Runner", "run"]

#: Where a command that has an output folder writes it.
OUTPUT = "out"
#: Seconds in which a keeper must have ended that was told to: it gives its task three.
PATIENCE = 5.0
_KEEPER = "from gen.sweep.keeper import keep; keep(*json.loads(sys.argv[1]))"
_MAIN = "from gen.cli import main; sys.exit(main())"


class Runner:
    """Runs tasks, one after the other or side by side in threads, and can end them all.

    Parameters
    ----------
    cores : sequence of int
        Processor cores to use; none: all that there are.
    """

    def __init__(self, cores: Sequence[int] = ()) -> None:
        self.cores = list(cores)
        self._keepers: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def __call__(self, task: Task) -> Answer:
        """Run a task to its end.

        Raises
        ------
        ToolError
            Where there is no temporary folder with room.
        OSError
            Where no process can be started.
        """
        start = time.monotonic()
        files = {CONFIG: task.config} if task.config else {}
        arguments = [*task.arguments, "--json", *(["-o", OUTPUT] if task.config else [])]
        found = self._kept(json.dumps([_MAIN, arguments, files, self.cores]))
        if "error" in found:
            raise ToolError(found["error"])
        return Answer(**found, seconds=time.monotonic() - start)

    def stop(self) -> None:
        """End all tasks that are running, and start no more."""
        with self._lock:
            self._stopped = True
            keepers = list(self._keepers)
        for keeper in keepers:
            _let_go(keeper)
        end = time.monotonic() + PATIENCE
        for keeper in keepers:
            try:
                keeper.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                keeper.kill()

    def _kept(self, request: str) -> dict[str, Any]:
        """What a keeper answers; where it ended without an answer, the status that it ended with."""
        with uninterrupted(), self._lock:
            if self._stopped:
                return {"status": -signal.SIGTERM}
            keeper = subprocess.Popen(
                python(_KEEPER, request), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
            self._keepers.add(keeper)
        try:
            assert keeper.stdout is not None
            with keeper.stdout as pipe:
                said = pipe.read()
            status = keeper.wait()
        finally:
            _let_go(keeper)
            self._keepers.discard(keeper)
        return json.loads(said) if said else {"status": status or -signal.SIGTERM}


def _let_go(keeper: subprocess.Popen[bytes]) -> None:
    """Close the pipe that tells a keeper that it is needed."""
    if keeper.stdin is not None:
        with suppress(OSError):
            keeper.stdin.close()


def run(task: Task) -> Answer:
    """Run a task on another machine, which must have the same Bitloom."""
    if digest(*task.modules) != task.sources:
        return Answer(2, err="bitloom: the worker has another version of Bitloom, or another state of its sources\n")
    return Runner()(task)

"""A task in a process of its own, which ends with us however we end: it reads a pipe that only we hold open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gen.process import uninterrupted
from gen.sources import digest
from gen.sweep.point import CONFIG, Answer, Task
from gen.workplace import workplace

__all__ = ["Runner", "end_with_parent", "run"]

#: Where a command that has an output folder writes it.
OUTPUT = "out"
#: Seconds in which a process must have ended that was told to.
PATIENCE = 5.0
#: Variables that name folders: the process has another current folder.
FOLDERS = ("BITLOOM_CACHE", "PDK_ROOT")
_MAIN = (
    "cores = json.loads(sys.argv.pop(1)); from gen.sweep.child import end_with_parent; end_with_parent(cores); "
    "from gen.cli import main; sys.exit(main())"
)


class Runner:
    """Runs tasks, one after the other or side by side in threads, and can end them all.

    Parameters
    ----------
    cores : sequence of int
        Processor cores to use; none: all that there are.
    """

    def __init__(self, cores: Sequence[int] = ()) -> None:
        self.cores = list(cores)
        self._children: set[subprocess.Popen[bytes]] = set()
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
        with workplace("sweep") as place:
            if task.config:
                (place / CONFIG).write_text(task.config, encoding="utf-8")
            command = [*task.arguments, "--json", *(["-o", OUTPUT] if task.config else [])]
            status = self._run(place.python(_MAIN, str(self.cores), *command), place.path)
            place.check_room()
            out, err = ((place / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout", "stderr"))
        return Answer(status, out, err, time.monotonic() - start)

    def stop(self) -> None:
        """End all tasks that are running, and start no more."""
        self._stopped = True
        children = list(self._children)
        for child in children:
            if child.stdin is not None:
                with suppress(OSError):
                    child.stdin.close()
        end = time.monotonic() + PATIENCE
        for child in children:
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()

    def _run(self, command: list[str], folder: Path) -> int:
        if self._stopped:
            return -signal.SIGTERM
        environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))}
        environment |= {name: os.path.abspath(environment[name]) for name in FOLDERS if environment.get(name)}
        with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as err:
            with uninterrupted():
                child = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
                self._children.add(child)
            try:
                if self._stopped:
                    self.stop()
                return child.wait()
            finally:
                if child.stdin is not None:
                    with suppress(OSError):
                        child.stdin.close()
                self._children.discard(child)


def end_with_parent(cores: Sequence[int] = ()) -> None:
    """In the process of a task: end as after a polite kill as soon as nobody holds standard input open any more."""
    if cores and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, cores)

    def watch() -> None:
        with suppress(OSError):
            while os.read(sys.__stdin__.fileno() if sys.__stdin__ else 0, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def run(task: Task) -> Answer:
    """Run a task on another machine, which must have the same Bitloom."""
    if digest(*task.modules) != task.sources:
        return Answer(2, err="bitloom: the worker has another version of Bitloom, or another state of its sources\n")
    return Runner()(task)

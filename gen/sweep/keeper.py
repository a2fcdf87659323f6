"""The process around a task: it owns the task's folder and process, and ends both as soon as nobody waits for them.

Whoever started it may be killed in a way which leaves no time to clean up. So nothing of a task is theirs: they hold
one end of a pipe, and its end is what the keeper waits for, beside the end of the task.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from gen.process import interruptible, unmasked
from gen.workplace import Workplace, workplace
from hdl.params import ToolError

__all__ = ["keep"]

#: Seconds in which a task must have ended that was told to.
PATIENCE = 3.0
#: Variables that name folders: the task has another current folder.
FOLDERS = ("BITLOOM_CACHE", "PDK_ROOT")


def keep(main: str, arguments: Sequence[str], files: Mapping[str, str], cores: Sequence[int]) -> None:
    """Run Python code in a folder and a process of its own; print what came of it, as JSON.

    The keys are ``status``, ``out`` and ``err``, or ``error`` where the task can't be run. Nothing is printed once
    standard input has come to its end.

    Parameters
    ----------
    main : str
        The code.
    arguments : sequence of str
        Its ``sys.argv[1:]``.
    files : mapping
        Texts of the files that it finds in its folder, by their names.
    cores : sequence of int
        Processor cores to use; none: all that there are.
    """
    if cores and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, cores)
    over = threading.Event()
    answer: dict[str, Any]
    try:
        with interruptible(to_the_end=True), unmasked(), workplace("sweep") as place:
            for name, text in files.items():
                (place / name).write_text(text, encoding="utf-8")
            status = _run(place.python(main, *arguments), place, over)
            place.check_room()
            out, err = ((place / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout", "stderr"))
            answer = {"status": status, "out": out, "err": err}
    except KeyboardInterrupt:
        return
    except (OSError, ToolError) as error:
        answer = {"error": str(error)}
    if not over.is_set():
        json.dump(answer, sys.stdout)


def _run(command: list[str], place: Workplace, over: threading.Event) -> int:
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(place.path))}
    environment |= {name: os.path.abspath(environment[name]) for name in FOLDERS if environment.get(name)}
    with open(place / "stdout", "wb") as out, open(place / "stderr", "wb") as err:
        task = subprocess.Popen(
            command, cwd=place.path, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 1):
                pass
        over.set()
        _end(task)

    try:
        threading.Thread(target=watch, daemon=True).start()
        return task.wait()
    finally:
        _end(task)


def _end(task: subprocess.Popen[bytes]) -> None:
    """End a task as after a polite kill, so that its tools end with it, or as it must be."""
    task.terminate()
    try:
        task.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        task.kill()

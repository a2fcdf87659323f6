"""Run a child process in a process group of its own, so that an interrupt ends all of it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["run_logged"]


def run_logged(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, timeout: float | None = None
) -> int:
    """Run ``command``, append what it prints to ``log``, and return its exit status.

    Whatever ends the wait early (an interrupt, the timeout) kills the command and all that it started.

    Raises
    ------
    subprocess.TimeoutExpired
        After ``timeout`` seconds.
    """
    with (
        open(log, "ab") as output,
        subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as child,
    ):
        try:
            return child.wait(timeout)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            raise

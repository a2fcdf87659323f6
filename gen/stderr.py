"""Lines for people on standard error, which may be closed or full: what can't be said is lost, and nothing else."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

__all__ = ["complain", "silence", "warn"]


def complain(text: str, end: str = "\n") -> None:
    """Print a text on standard error, if it can be printed."""
    if sys.stderr is None:  # print() would take standard output instead
        return
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except (OSError, ValueError):  # ValueError: it was closed since
        silence(sys.stderr)


def warn(text: str) -> None:
    """Say what the user should know although the run goes on."""
    clear = "\r\x1b[K" if sys.stderr is not None and sys.stderr.isatty() else ""  # a line of progress may stand there
    complain(f"{clear}bitloom: warning: {text}")


def silence(stream: TextIO) -> None:
    """Let what is still to come on a stream, and waits in its buffer, go nowhere: Python would try again at exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

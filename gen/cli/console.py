"""What the user sees: results on stdout, progress on stderr, and neither where it is not wanted."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from gen.output import to_json
from gen.stderr import complain, silence

__all__ = ["Console", "open_streams", "table"]


def open_streams() -> bool:
    """Have something in the place of standard streams that the caller closed; whether standard output was.

    The next files to be opened would be taken for them otherwise, by every program that we start.
    """
    closed = sys.stdout is None
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest that is free: the one that was closed
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w", encoding="utf-8"))
    return closed


class Console:
    """Where a command's text goes.

    Parameters
    ----------
    quiet : bool
        Nothing but errors.
    verbose : int
        Level of detail on stderr.
    json_only : bool
        One JSON document on stdout, and nothing else.
    closed : bool
        There is no stdout.

    Attributes
    ----------
    failure : OSError or None
        Why the result could not be printed. The work goes on without: most of it is in files.
    """

    def __init__(self, *, quiet: bool = False, verbose: int = 0, json_only: bool = False, closed: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.json_only = json_only
        self.progress = sys.stderr.isatty() and not quiet
        self.failure: OSError | None = None
        self._closed = closed
        self._stdout: TextIO = sys.stdout

    def __enter__(self) -> Console:
        # Libraries that print would spoil the JSON; their text is diagnostics, and goes where diagnostics go.
        self._stdout, sys.stdout = sys.stdout, sys.stderr
        if isinstance(self._stdout, io.TextIOWrapper):  # a terminal without the signs we print shows others
            self._stdout.reconfigure(errors="replace")
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout = self._stdout

    def say(self, text: str = "") -> None:
        """A line of the result, for people."""
        if not (self.quiet or self.json_only):
            self._print(f"{text}\n")

    def json(self, content: Any) -> None:
        """The result, for programs."""
        if self.json_only:
            self._print(to_json(content))

    def _print(self, text: str) -> None:
        if self._closed:
            self.failure = OSError(errno.EBADF, "it is closed")
        if self.failure is not None:
            return
        try:
            self._stdout.write(text)
            self._stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.failure = error
            silence(self._stdout)

    def detail(self, text: str) -> None:
        """A line for those who asked for more with ``-v``."""
        if self.verbose:
            complain(text)

    @contextlib.contextmanager
    def doing(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal what is going on, and for how long, until it is done; yields what changes the text."""
        start = time.monotonic()
        now = [what]
        done = threading.Event()

        def tick() -> None:
            while not done.is_set():
                complain(f"\r\x1b[K{now[0]} ... {time.monotonic() - start:.0f} s", end="")
                done.wait(1)

        def say(text: str) -> None:
            now[0] = text
            self.detail(f"  {text}")

        clock = threading.Thread(target=tick, daemon=True)
        if self.progress and not self.verbose:
            clock.start()
        try:
            yield say
        finally:
            done.set()
            if clock.is_alive():
                clock.join()
                complain("\r\x1b[K", end="")
        self.detail(f"{what}: {time.monotonic() - start:.1f} s")


def table(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Text in columns: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)

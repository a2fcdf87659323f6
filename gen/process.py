"""Child processes that end when we are told to end, at whatever moment that is.

A child leads a process group of its own. An interrupt ends every group first, also of children that other threads wait
for, and raises KeyboardInterrupt then. Python loses an exception that is raised inside ``__del__`` and the like; so it
is raised again until the one who asked for :func:`interruptible` has it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ["answered", "end_children", "interruptible", "run_logged", "uninterrupted", "unmasked"]

#: What ends a run: Ctrl-C, a polite kill, and a terminal that is closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds until an interrupt is raised again: where we saw that it was lost, and where nothing has come of it.
LOST, NO_ANSWER = 0.01, 5.0


class _State:
    """What the handler of signals and those who start children tell each other."""

    children: set[subprocess.Popen[bytes]] = set()
    #: An interrupt came, and has not been answered yet.
    asked = False
    #: Blocks under way in the main thread that must come to their end.
    holding = 0


@contextmanager
def interruptible(*, to_the_end: bool = False) -> Iterator[None]:
    """Raise KeyboardInterrupt in this block on each of :data:`SIGNALS`, and end the children.

    A signal that was ignored when we were started stays so: ``nohup``, and the background of a script, ask for that.

    Parameters
    ----------
    to_the_end : bool
        The process ends after this block: a signal then simply ends it.
    """
    if threading.current_thread() is not threading.main_thread():  # only there can it be arranged
        yield
        return
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)}
    hook = sys.unraisablehook

    def lost(what: Any) -> None:
        if _State.asked and issubclass(what.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, LOST)
        else:
            hook(what)

    sys.unraisablehook = lost
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            ended = to_the_end and handler is not signal.SIG_IGN
            signal.signal(number, signal.SIG_DFL if ended else handler)
        sys.unraisablehook = hook
        _State.asked = False


@contextmanager
def unmasked() -> Iterator[None]:
    """Raise KeyboardInterrupt again where Python or a library has turned it into an exception of its own.

    Python 3.11 does so in the making of a class; libraries that wrap whatever they catch do it anywhere.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if _State.asked:
            raise KeyboardInterrupt from error
        raise


def answered() -> None:
    """Say that an interrupt has come to where it is dealt with."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    _State.asked = False


def _interrupt(number: int, frame: FrameType | None) -> None:
    _State.asked = True
    end_children()
    signal.setitimer(signal.ITIMER_REAL, NO_ANSWER)
    if not _State.holding:
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put an interrupt off to the end of a short block, in the main thread: it would leave something behind."""
    main = threading.current_thread() is threading.main_thread()
    _State.holding += main
    try:
        yield
    finally:
        _State.holding -= main
    if _State.asked and main and not _State.holding:
        raise KeyboardInterrupt


def end_children() -> None:
    """Kill every child that somebody waits for, with all that it started."""
    for child in tuple(_State.children):
        _end(child)


def run_logged(
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    errors: Path | None = None,
    timeout: float | None = None,
) -> int:
    """Run ``command``, append what it prints to ``log``, and return its exit status.

    Standard error goes to the file ``errors``, if it is to be kept apart.

    Whatever ends the wait early (an interrupt, the timeout) kills the command and all that it started.

    Raises
    ------
    subprocess.TimeoutExpired
        After ``timeout`` seconds.
    OSError
        If it can't be started.
    """
    with open(log, "ab") as output, open(errors or os.devnull, "ab") as apart:
        child = _start(command, cwd, env, output, apart if errors else output)
        try:
            with child:
                try:
                    status = child.wait(timeout)
                except BaseException:
                    _end(child)
                    raise
        finally:
            _State.children.discard(child)
    if _State.asked:  # it was ended, or won't matter any more
        raise KeyboardInterrupt
    return status


def _start(
    command: Sequence[str | os.PathLike[str]], cwd: Path, env: Mapping[str, str], output: Any, errors: Any
) -> subprocess.Popen[bytes]:
    if _State.asked:
        raise KeyboardInterrupt
    with uninterrupted():
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        _State.children.add(child)
        if _State.asked:  # the signal came in between
            with child:
                _end(child)
            _State.children.discard(child)
            raise KeyboardInterrupt
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and all that it started. The group is the child's own as long as nobody has waited for it."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)

"""Parse, call, and turn what went wrong into a message and an exit status."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Sequence

from gen.cli.console import Console, open_streams
from gen.cli.parser import parse
from gen.process import unmasked
from gen.stderr import complain, silence
from gen.workplace import free
from hdl.params import BitloomError, ConfigError

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run a command and return the exit status."""
    closed = open_streams()
    try:
        options = parse(arguments)
    except SystemExit as request:  # argparse has said what it had to say
        return _said(int(request.code or 0))
    except OSError as error:  # or could not
        return _unsaid(error)
    console = Console(quiet=options.quiet, verbose=options.verbose, json_only=options.json, closed=closed)
    try:
        with console, unmasked():  # before we take for an error of ours what an interrupt was turned into
            status: int = options.command(options, console)
    except BitloomError as error:
        _report(error)
        status = error.exit_status
    except BrokenPipeError:  # the reader of our output has gone, and with it the interest
        silence(sys.stdout)
        return 2
    except OSError as error:
        complain(f"bitloom: {_reason(error, getattr(options, 'output', None))}")
        return 2
    if console.failure is not None:
        return _unsaid(console.failure) if status == 0 else status
    return _said(status)


def _said(status: int) -> int:
    """The status, if what was printed has reached its reader."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
        return 2
    except OSError as error:
        return _unsaid(error)
    return status


def _unsaid(error: OSError) -> int:
    """The status of a command whose result can't be printed."""
    silence(sys.stdout)
    complain(f"bitloom: standard output can't be written: {error.strerror or error}")
    return 2


def _report(error: BitloomError) -> None:
    """One line a problem; the continuation of a long message is indented."""
    if isinstance(error, ConfigError):
        lines = [f"bitloom: {line}" for line in str(error).splitlines()]
    else:
        first, *rest = str(error).splitlines() or [type(error).__name__]
        lines = [f"bitloom: {first}", *(f"  {line}" for line in rest)]
    complain("\n".join(lines))


def _reason(error: OSError, output: str | None) -> str:
    """What the operating system refused, and where."""
    what = error.strerror or str(error)
    where = error.filename2 or error.filename
    if isinstance(where, str | bytes) and where:
        return f"{os.fsdecode(where)}: {what}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):  # it names no file where a file became too long
        places = [*([output] if output else []), os.curdir, tempfile.gettempdir()]
        least = min(places, key=lambda place: _room(place))
        return f"{least}: {what}"
    return f"the current folder: {what}" if error.errno == errno.ENOENT else what


def _room(place: str) -> int:
    """Bytes that are free; many where that is not known."""
    room = free(place)
    return sys.maxsize if room is None else room

"""Parse, call, and turn what went wrong into a message and an exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from types import FrameType

from gen.cli.console import Console
from gen.cli.parser import parse
from hdl.params import BitloomError, ConfigError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0 done, 1 a check failed, 2 the request was wrong.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; default: this process's.
    """
    with _interruptible():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as request:  # argparse has said what it had to say
        return int(request.code or 0)
    console = Console(quiet=options.quiet, verbose=options.verbose, json_only=options.json)
    try:
        with console:
            status: int = options.command(options, console)
            sys.stdout.flush()
        return status
    except BitloomError as error:
        _report(error)
        return error.exit_status
    except KeyboardInterrupt:
        # Python ends by the signal instead of with our status if the interrupt came out of an `exec` of text, as in the
        # making of a dataclass, whoever caught it since; another `exec` makes it forget that.
        exec("")
        warnings.simplefilter("ignore")  # hardware that was being built would complain that nobody used it
        print("bitloom: interrupted; nothing is half-written", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, and with it the interest
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2


def _report(error: BitloomError) -> None:
    """One line a problem; the continuation of a long message is indented."""
    if isinstance(error, ConfigError):
        lines = [f"bitloom: {line}" for line in str(error).splitlines()]
    else:
        first, *rest = str(error).splitlines() or [type(error).__name__]
        lines = [f"bitloom: {first}", *(f"  {line}" for line in rest)]
    print("\n".join(lines), file=sys.stderr)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Handle being told to end as Ctrl-C: clean up, then leave."""
    if threading.current_thread() is not threading.main_thread():  # only there can it be arranged
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""The command line: ``bitloom run|generate|simulate|synth|report|sweep|check|list|explain|schema|pim``."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from gen.process import answered, interruptible, unmasked
from gen.stderr import complain

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0 done, 1 a check failed, 2 the request was wrong or can't be met.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; default: this process's, which then ends with the command.
    """
    with interruptible(to_the_end=arguments is None):
        try:
            with unmasked():
                from gen.cli.program import run  # takes a while to import, and may be interrupted as anything else

                return run(sys.argv[1:] if arguments is None else arguments)
        except KeyboardInterrupt:
            answered()
            # Python ends by the signal instead of with our status if the interrupt came out of an `exec` of text, as in
            # the making of a dataclass, whoever caught it since; another `exec` makes it forget that.
            exec("")
            warnings.simplefilter("ignore")  # hardware that was being built would complain that nobody used it
            complain("bitloom: interrupted; nothing is half-written")
            return 2

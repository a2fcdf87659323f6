"""The programs that lay out: where they come from, and how they are run."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from gen.workplace import Workplace
from hdl.params.errors import ToolError
from synth_scripts.work.jobs import program

__all__ = ["PROGRAMS", "missing", "require", "run", "versions"]

#: Programs, and Debian's packages of them.
PROGRAMS = {
    "graywolf": "graywolf",
    "qrouter": "qrouter",
    "magic": "magic",
    "netgen-lvs": "netgen-lvs",
    "sta": "opensta",
}
#: How a program tells its version, and where it stands in the answer.
_VERSIONS = {
    "qrouter": (("qrouter", "-h"), r"version (\S+)"),
    "magic": (("magic", "--version"), r"^(\S+)"),
    "netgen-lvs": (("netgen-lvs", "-batch", "quit"), r"Netgen (\S+)"),
    "sta": (("sta", "-version"), r"^(\S+)"),
}
#: Seconds after which a program is given up.
PATIENCE = 1800.0


def missing() -> list[str]:
    """The programs that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def require() -> None:
    """Raise ToolError where a program is missing, with the packages to install."""
    if names := missing():
        packages = " ".join(PROGRAMS[name] for name in names)
        verb = "is" if len(names) == 1 else "are"
        raise ToolError(f"layout: {', '.join(names)} {verb} not installed (apt-get install {packages})")


@cache
def versions() -> dict[str, str]:
    """What tells one installation of the programs from another; graywolf, which has no version, by a hash."""
    require()
    found = {"graywolf": hashlib.sha256(Path(shutil.which("graywolf") or "").read_bytes()).hexdigest()[:12]}
    for name, (command, pattern) in _VERSIONS.items():
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        match = re.search(pattern, done.stdout + done.stderr, re.MULTILINE)
        found[name] = match[1] if match else "unknown"
    return found


@program
def run(place: Workplace, command: Sequence[str], log: str) -> str:
    """Run a program in a workplace and return what it printed, which is also in the file ``log`` there.

    Raises
    ------
    ToolError
        Where it is missing, fails, or does not end.
    """
    require()
    try:
        # Without a terminal, a screen, or start-up files of the user's own.
        status = place.run(
            list(command), log=log, env={"HOME": str(place.path), "DISPLAY": "", "TERM": "dumb"}, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{command[0]} did not end within {PATIENCE / 60:.0f} minutes") from None
    text = (place / log).read_text(encoding="utf-8", errors="replace")
    if status:
        raise ToolError(f"{command[0]} failed with status {status}:\n{place.log_tail(log, 8)}")
    return text

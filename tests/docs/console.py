"""Commands that a Markdown page shows, and what it shows them to print.

A fenced ``console`` block holds commands, each after ``$ ``, and below a command what it prints; a last line ``...``
leaves out the rest. A comment before the block says what is special: ``<!-- exit status 2 -->``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Pages whose blocks run one after the other, in one folder, in a test of their own.
WHOLE = {
    "networks.md": "tests/networks/test_page.py",
    "pim-simulate.md": "tests/pim/test_simulate_page.py",
    "pim-tutorial.md": "tests/pim/test_tutorial.py",
}
#: Verbs of ``bitloom pim`` that run tools.
VERBS = {"run": ("sim",), "synth": ("synth",)}
#: Commands that run tools; they are run on a small engine.
SLOW = {"run": ("sim", "synth"), "simulate": ("sim",), "synth": ("synth",), "layout": ("synth", "layout")}
#: Commands that simulate engines of their own, which no option makes smaller.
OWN = {"workload": ("sim",)}
SMALLER = (
    "--set",
    "rows=2",
    "--set",
    "cols=2",
    "--set",
    "library=unit",
    "--set",
    "effort=quick",
    "--set",
    "compare=[]",
)

#: What else it takes for layouts: a library that has them, short operands, and room, as few cells have few rows.
LAID_OUT = ("--set", "library=osu018", "--set", "a=s3", "--set", "b=s3", "--set", "accumulator=8", "--density", "0.7")

BLOCK = re.compile(r"(?:<!-- (?P<note>[^\n]*?) -->\n)?^```console\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command of a page.

    Parameters
    ----------
    page : str
    text : str
        The command as shown.
    output : str
        What the page shows below it; empty where it shows nothing.
    status : int
        The exit status it must have.
    """

    page: str
    text: str
    output: str
    status: int

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.text)

    @property
    def is_ours(self) -> bool:
        return self.arguments[0] == "bitloom"

    @property
    def marks(self) -> tuple[str, ...]:
        """The tiers of tests it belongs to."""
        if not self.is_ours:
            return ()
        if self.arguments[1] == "pim":
            return VERBS.get(self.arguments[2], ())
        if self.arguments[1] == "sweep":
            return ("synth",)
        return (SLOW | OWN).get(self.arguments[1], ())

    @property
    def shown(self) -> bool:
        """It prints what the page shows: it is not run on another engine."""
        return bool(self.output) and self.arguments[1] not in SLOW

    def shows(self, printed: str) -> bool:
        """What was printed is what the page shows, or goes on where the page leaves out the rest."""
        shown = self.output.rstrip()
        beginning = shown.removesuffix("\n...")
        return printed.startswith(f"{beginning}\n") if beginning != shown else printed.rstrip() == shown

    def run(self, folder: Path, root: Path) -> subprocess.CompletedProcess[str]:
        """Run it in a folder that sees the checkout's configurations."""
        if not (folder / "configs").exists():
            (folder / "configs").symlink_to(root / "configs")
        smaller = SMALLER if self.arguments[1] in SLOW else ()
        smaller += LAID_OUT if self.arguments[1] == "layout" else ()
        command = [sys.executable, "-m", "gen.cli", *self.arguments[1:], *smaller]
        environment = os.environ | {"PYTHONPATH": str(root), "COLUMNS": "80", "NO_COLOR": "1"}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1200, check=False
        )


def commands(page: Path) -> Iterator[Command]:
    """The commands of a Markdown page, in order."""
    for block in blocks(page):
        yield from block


def blocks(page: Path) -> Iterator[list[Command]]:
    """The same, block by block: a later command of a block may need what an earlier one wrote."""
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        note = re.fullmatch(r"exit status (\d)", block["note"] or "")
        parts = [part.partition("\n") for part in re.split(r"^\$ ", block["body"], flags=re.MULTILINE)[1:]]
        yield [Command(page.name, text, output, int(note[1]) if note else 0) for text, _, output in parts]

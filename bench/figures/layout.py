"""What wires take: the PE of the demonstration and of its baseline, and arrays of 2 x 2, placed and routed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures.cli import ROOT, run
from bench.figures.store import Group
from bench.figures.words import conditions, figures
from gen.cli.commands.layout import summary

__all__ = ["GROUP", "PARTS"]

#: By item: the command.
COMMANDS = {
    "PE": "layout configs/demo.toml --seeds 5",
    "PE, every carry": "layout configs/demo.toml --set carry_every=1 --seeds 5",
    "2x2": "layout configs/demo.toml --array 2x2",
}


def measure(command: str) -> dict[str, Any]:
    """What the command prints with ``--json``, without drawings."""
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        Path(folder, "configs").symlink_to(ROOT / "configs")
        found: dict[str, Any] = json.loads(run(*command.split(), "--set=library=osu018", "--json", folder=folder))
    for design in found["designs"]:
        del design["drawing"]
    return found


ITEMS = {item: partial(measure, command) for item, command in COMMANDS.items()}
GROUP = Group("layout", ITEMS, ("gen.cli.commands.layout", "synth_scripts.layout.run"))


def _console(*words: str) -> str:
    item = " ".join(words)
    return f"```console\n$ bitloom {COMMANDS[item]}\n{summary(figures(GROUP.name, item))}\n```"


def _ratio(key: str, *words: str) -> str:
    """What the engine gains over its baseline."""
    return f"{figures(GROUP.name, ' '.join(words))['designs'][1]['ratios'][key]:.2f}"


def _slower(number: str) -> str:
    """By how much wires lengthen the clock of a design, least to most, percent."""
    design = figures(GROUP.name, "PE")["designs"][int(number)]
    least, most = (100 * (design[end]["ns"] / design["median"]["ns_ideal"] - 1) for end in ("least", "most"))
    return f"{least:.0f} to {most:.0f} %"


PARTS: dict[str, Callable[..., str]] = {
    "layout": _console,
    "layout-ratio": _ratio,
    "layout-slower": _slower,
    "layout-conditions": lambda: conditions(GROUP.name),
}

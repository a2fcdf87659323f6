"""Timing by ABC, where OpenSTA is missing: its delay of the combinational part, plus a flip-flop's own times."""

from __future__ import annotations

import json
import re
from pathlib import Path

from synth_scripts.library.library import Library
from synth_scripts.timing.sta import Timing

__all__ = ["keep", "measure"]

_DELAY = re.compile(r"^ABC: .*Delay =\s*([\d.]+) ps", re.MULTILINE)
_PATH = re.compile(r"^ABC: (Path.*|Start-point.*)$", re.MULTILINE)


def keep(log: str, names: list[str], folder: Path) -> None:
    """Take ABC's delays out of a Yosys log: one ``abc`` command for each name, in this order.

    Of several modules mapped by one command the slowest counts.
    """
    runs = re.split(r"Executing ABC pass", log)[1:]
    for name, text in zip(names, runs, strict=True):
        delays = [float(value) for value in _DELAY.findall(text)]
        path = "\n".join(_PATH.findall(text))
        (folder / f"{name}.abc.json").write_text(json.dumps({"delay_ps": max(delays, default=0.0), "path": path}))


def measure(library: Library, names: list[str], folder: Path) -> dict[str, Timing]:
    """The timing of netlists whose delays were kept. Ports count as flip-flops outside."""
    found = {}
    for name in names:
        kept = json.loads((folder / f"{name}.abc.json").read_text())
        period = (kept["delay_ps"] + library.flop_delay_ps + library.flop_setup_ps) / 1e3
        found[name] = Timing(period, period, kept["path"])
    return found

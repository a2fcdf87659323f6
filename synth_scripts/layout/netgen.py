"""Comparison of what was extracted from a layout with the netlist that was laid out, by netgen."""

from __future__ import annotations

import re

from synth_scripts.layout.lef import Lef
from synth_scripts.layout.netlist import TOP

__all__ = ["command", "equal", "setup"]


def setup(lef: Lef) -> str:
    """What netgen is told: cells that only fill are in the layout alone."""
    return f"ignore class {{-circuit1 {lef.filler.name}}}\npermute default\nproperty default\n"


def command(extracted: str, netlist: str, setup_name: str) -> list[str]:
    """The command that compares two SPICE files, whose cells are boxes."""
    return ["netgen-lvs", "-batch", "lvs", f"{extracted} {TOP}", f"{netlist} {TOP}", setup_name, "lvs.out", "-blackbox"]


def equal(log: str) -> bool:
    """Whether netgen found both the same, cell by cell and net by net."""
    return re.search(r"^Result: Circuits match uniquely\.", log, re.MULTILINE) is not None

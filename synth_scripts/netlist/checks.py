"""What makes a run fail: latches, combinational loops, several drivers, cells that are not mapped."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from hdl.params.errors import CheckFailed
from synth_scripts.work import yosys

__all__ = ["count", "mapped"]

#: What Yosys' ``check`` says of what it finds in a design as it was written.
FINDINGS = {
    "latches": r"Cell \S+ is a latch",
    "combinational_loops": r"found logic loop in module",
    "multiple_drivers": r"multiple conflicting drivers for",
}


def count(
    verilog: str, top: str, folder: Path, kinds: Iterable[str], known: Collection[str], *, clock_met: bool
) -> dict[str, int]:
    """Findings by check, as JSON files hold them.

    Parameters
    ----------
    verilog : str
        The design as it was written.
    top : str
    folder : Path
        For script and log.
    kinds : iterable of str
        Kinds of the cells and modules that the mapped design has.
    known : collection of str
        Those that may be there.
    clock_met : bool
        The clock asked for is reached.

    Raises
    ------
    ToolError
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "design.v").write_text(verilog)
    commands = ["read_verilog -sv design.v", f"hierarchy -check -top {top}", "proc", "check -nolatches"]
    log = yosys.run(commands, folder, "check")
    found = {name: len(re.findall(f"^Warning: {text}", log, re.MULTILINE)) for name, text in FINDINGS.items()}
    return {**found, "unmapped_cells": len(set(kinds) - set(known)), "missed_clock": int(not clock_met)}


def mapped(unmapped: list[str], library: str) -> None:
    """Fail where cells are left that the library does not have."""
    if unmapped:
        raise CheckFailed(f"cells that are not mapped to the library {library}: {', '.join(unmapped[:10])}")

"""Icarus Verilog: simulation event by event."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from gen.workplace import workplace
from hdl.params.errors import ToolError
from synth_scripts.work.jobs import program

__all__ = ["MISSING", "available", "simulate", "version"]

MISSING = "Icarus Verilog is missing: install the Debian package iverilog (its commands are 'iverilog' and 'vvp')"


def available() -> bool:
    """Icarus Verilog is installed."""
    return all(map(shutil.which, ("iverilog", "vvp")))


def version() -> str:
    """Its version."""
    if not available():
        raise ToolError(MISSING)
    text = subprocess.run(["vvp", "-V"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\S+)", text)
    return found[1] if found else "unknown"


@program
def simulate(
    sources: Sequence[str], top: str, folder: Path, runs: Sequence[Mapping[str, str]], results: Sequence[str] = ()
) -> list[list[Path]]:
    """Compile Verilog-2001 with delays and run it; the log stays in ``folder`` as ``icarus.log``.

    Parameters
    ----------
    sources : sequence of str
        Files in ``folder``.
    top : str
    folder : Path
        Programs find its files under their names.
    runs : sequence of mapping
        What each run is told with ``$value$plusargs``.
    results : sequence of str
        Files that each run writes; run N's are moved to ``<N>_<name>`` in the folder.

    Returns
    -------
    list of list of Path
        Results by run.

    Raises
    ------
    ToolError
        Where Icarus Verilog is missing or fails.
    """
    if not available():
        raise ToolError(MISSING)
    log = "icarus.log"
    (folder / log).unlink(missing_ok=True)
    found = []
    with workplace("icarus") as place:
        place.link_all(folder, but=log)
        try:
            compiled = ["iverilog", "-g2001", "-gspecify", "-s", top, "-o", "compiled.vvp", *sources]
            _check(place.run(compiled, log=log), "compilation", folder / log)
            for number, told in enumerate(runs):
                status = place.run(["vvp", "-n", "compiled.vvp", *(f"+{k}={v}" for k, v in told.items())], log=log)
                _check(status, "the run", folder / log)
                for name in results:
                    (place / name).rename(place / f"{number}_{name}")
                found.append([folder / f"{number}_{name}" for name in results])
            (place / "compiled.vvp").unlink()
        finally:
            place.bring_out(folder)
    return found


def _check(status: int, what: str, log: Path) -> None:
    if status:
        raise ToolError(f"Icarus Verilog failed: {what} stopped with status {status} (log: {log})")

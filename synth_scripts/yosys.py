"""Yosys, through pyosys in a process of its own, with its log kept."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from hdl.params.errors import CheckFailed, ToolError
from synth_scripts.jobs import program

__all__ = ["COARSE", "run", "version"]

#: Word-level clean-up before arithmetic is mapped; the same for every design.
COARSE = ("opt_expr", "opt_clean", "opt -nodffe -nosdff", "wreduce", "peepopt", "opt_clean")

_MAIN = "import sys; from pyosys import libyosys as ys; ys.run_pass('script ' + sys.argv[1], ys.Design())"


@program
def run(commands: list[str], folder: Path, name: str, *, check: str = "") -> str:
    """Run a script and return its log, which stays in ``folder`` as ``<name>.log`` beside ``<name>.ys``.

    Parameters
    ----------
    commands : list of str
        One command an entry.
    folder : Path
        Working directory; file names in the script are relative to it.
    name : str
    check : str
        Where given, an ``ERROR`` is the design's fault: it is raised as CheckFailed with this text in front.

    Raises
    ------
    ToolError
        Where Yosys is missing or fails.
    CheckFailed
        Where it finds the design wrong.
    """
    if importlib.util.find_spec("pyosys") is None:
        raise ToolError("Yosys is missing: install the Python package pyosys")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ys").write_text("\n".join(commands) + "\n")
    log_path = folder / f"{name}.log"
    with log_path.open("w") as log:
        status = subprocess.run(
            [sys.executable, "-c", _MAIN, f"{name}.ys"], cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False
        ).returncode
    text = log_path.read_text(errors="replace")
    if status == 0 and "\nERROR: " not in text:
        return text
    # Errors have a stream of their own: they may stand in the middle of a line of the log.
    errors = re.findall(r"\bERROR: (.*)$", text, re.MULTILINE) or [f"Yosys stopped with status {status}"]
    if check:
        warnings = re.findall(r"^Warning: (.*)$", text, re.MULTILINE)
        details = "\n".join(f"  {warning}" for warning in dict.fromkeys(warnings[-10:]))
        raise CheckFailed(f"{check}: {errors[-1]}" + (f"\n{details}" if details else "") + f"\n  log: {log_path}")
    raise ToolError(f"Yosys failed: {errors[-1]} (log: {log_path})")


def version() -> str:
    """The version of Yosys."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as package_version

    try:
        return package_version("pyosys")
    except PackageNotFoundError:
        raise ToolError("Yosys is missing: install the Python package pyosys") from None

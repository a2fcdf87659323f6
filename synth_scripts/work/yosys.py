"""Yosys, through pyosys in a process of its own, with its log kept."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

from gen.workplace import workplace
from hdl.params.errors import CheckFailed, ToolError
from synth_scripts.work.jobs import program

__all__ = ["COARSE", "LIBRARY", "run", "version"]

#: The name by which scripts know the cell library.
LIBRARY = "library.lib"

#: Word-level clean-up before arithmetic is mapped; the same for every design.
COARSE = ("opt_expr", "opt_clean", "opt -nodffe -nosdff", "wreduce", "peepopt", "opt_clean")

_MAIN = "from pyosys import libyosys as ys; ys.run_pass('script ' + sys.argv[1], ys.Design())"


@program
def run(
    commands: list[str], folder: Path, name: str, *, check: str = "", files: Mapping[str, str | Path] | None = None
) -> str:
    """Run a script and return its log, which stays in ``folder`` as ``<name>.log`` beside ``<name>.ys``.

    Yosys works in a :class:`gen.workplace.Workplace` in which it finds the files of ``folder``; what it writes is moved
    there afterwards.

    Parameters
    ----------
    commands : list of str
        One command an entry.
    folder : Path
        File names in the script are relative to it.
    name : str
    check : str
        Where given, an ``ERROR`` is the design's fault: it is raised as CheckFailed with this text in front.
    files : mapping of str to path, optional
        More files, from anywhere, by the names that the script has for them.

    Raises
    ------
    ToolError
        Where Yosys is missing or fails.
    CheckFailed
        Where it finds the design wrong.
    """
    package = importlib.util.find_spec("pyosys")
    if package is None or package.origin is None:
        raise ToolError("Yosys is missing: install the Python package pyosys")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ys").write_text("\n".join(commands) + "\n", encoding="utf-8")
    log = f"{name}.log"
    with workplace("yosys") as place:
        place.link_all(folder, but=log)
        for own, path in (files or {}).items():
            place.link(own, path)
        place.link("pyosys", Path(package.origin).parent)  # it tells a shell where ABC lies
        try:
            status = place.run(place.python(_MAIN, f"{name}.ys"), log=log)
            text = (place / log).read_text(encoding="utf-8", errors="replace")
        finally:
            place.bring_out(folder)
    if status == 0 and "\nERROR: " not in text:
        return text
    # Errors have a stream of their own: they may stand in the middle of a line of the log.
    errors = re.findall(r"\bERROR: (.*)$", text, re.MULTILINE) or [f"Yosys stopped with status {status}"]
    if check:
        warnings = re.findall(r"^Warning: (.*)$", text, re.MULTILINE)
        details = "\n".join(f"  {warning}" for warning in dict.fromkeys(warnings[-10:]))
        raise CheckFailed(f"{check}: {errors[-1]}" + (f"\n{details}" if details else "") + f"\n  log: {folder / log}")
    raise ToolError(f"Yosys failed: {errors[-1]} (log: {folder / log})")


def version() -> str:
    """The version of Yosys."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as package_version

    try:
        return package_version("pyosys")
    except PackageNotFoundError:
        raise ToolError("Yosys is missing: install the Python package pyosys") from None

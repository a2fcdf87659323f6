"""Run models that hold no Python: their own main program writes files, and a few words on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gen.workplace import Workplace
from hdl.params.errors import ToolError
from sim_tb.build import Model

__all__ = ["run_alone"]


def run_alone(
    model: Model, built: Path, place: Workplace, arguments: Sequence[str], timeout: float | None = None
) -> str:
    """Run a built model in a workplace and return what it printed.

    Raises
    ------
    ToolError
        If it fails.
    subprocess.TimeoutExpired
    """
    command = [str(built / model.top), *arguments]
    status = place.run(command, log="stdout", errors="stderr", timeout=timeout)
    said = (place / "stdout").read_text(encoding="utf-8", errors="replace")
    if status:
        complaint = (place / "stderr").read_text(encoding="utf-8", errors="replace")
        raise ToolError(f"The simulation of {model.name} failed (status {status}):\n{said}{complaint}")
    return said

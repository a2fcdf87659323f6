"""What the measurements share: a command of ours, run and read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hdl.params import ToolError

__all__ = ["CONTENT", "ROOT", "kept", "run", "synth"]

ROOT = Path(__file__).resolve().parents[2]
#: What is kept of ``synth.json``.
CONTENT = (
    *("library", "corner", "timing_by", "area_unit", "throughput_by", "macs_per_cycle", "style"),
    *("clock_ns", "engine_fmax_mhz", "core_fmax_mhz", "core_area_um2", "engine_area_um2", "throughput_gops"),
    *("engine_total_area_um2", "memory_area_estimate_um2", "macro_bits"),
    *("gops_per_mm2_core", "gops_per_mm2_engine", "gops_per_mm2_engine_total"),
    *("power_mw", "gops_per_w", "pj_per_mac", "core_pj_per_mac"),
    *("glitch_power_mw", "glitch_gops_per_w", "glitch_pj_per_mac", "glitch_core_pj_per_mac"),
)


def run(*arguments: str, folder: str, checkout: Path = ROOT, missed: bool = False) -> str:
    """What ``bitloom`` of a checkout prints.

    Raises ToolError where it ends with another status than 0; or 1 where what was asked for may be ``missed``.
    """
    environment = os.environ | {"PYTHONPATH": str(checkout), "NO_COLOR": "1", "COLUMNS": "120"}
    command = [sys.executable, "-m", "gen.cli", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode > missed:
        raise ToolError(f"bitloom {' '.join(arguments)}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def synth(**settings: Any) -> dict[str, Any]:
    """The figures of an engine alone, by ``bitloom synth``, with values of the configuration."""
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        Path(folder, "engine.toml").write_text("")
        options = [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]
        return kept(json.loads(run("synth", "engine.toml", "--json", "--set=compare=[]", *options, folder=folder)))


def kept(design: dict[str, Any]) -> dict[str, Any]:
    """Those figures of a design that are committed."""
    return {key: design[key] for key in CONTENT if key in design}

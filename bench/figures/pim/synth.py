"""The controller by ``bitloom pim synth``: what its blocks draw while a program runs, and while none does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from typing import Any

from bench.figures.cli import run
from bench.figures.store import Group
from bench.figures.words import figures, table

__all__ = ["GROUP", "PARTS"]

SYSTEM = "tiny"
#: What is kept of ``pim-synth.json``.
CONTENT = ("area_um2", "gate_equivalents", "fmax_mhz", "power_mw", "idle_power_mw", "blocks")


def _measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        found = json.loads(run("pim", "synth", SYSTEM, "--json", folder=folder))
    return {key: found[key] for key in CONTENT}


GROUP = Group("pim-synth", {SYSTEM: _measure}, ("synth_scripts.controller", "hdl.pim.top", "sim_tb.pim.bench.trace"))


def _powers() -> str:
    """Power of every block, busy and idle."""
    found = figures(GROUP.name, SYSTEM)
    blocks = [*found["blocks"], {"block": "gates in all"} | _sums(found["blocks"])]
    rows = [
        [each["block"], f"{each['power_mw']:.0f} mW", f"{each['idle_power_mw']:.0f} mW", _share(each)]
        for each in blocks
    ]
    return table(["Block", "busy", "idle", "idle over busy"], rows)


def _sums(blocks: list[dict[str, Any]]) -> dict[str, float]:
    return {key: sum(each[key] for each in blocks) for key in ("power_mw", "idle_power_mw")}


def _share(block: dict[str, Any]) -> str:
    return f"{block['idle_power_mw'] / block['power_mw']:.0%}"


def _idle() -> str:
    """The idle vector unit's share of what the busy one draws."""
    (unit,) = (each for each in figures(GROUP.name, SYSTEM)["blocks"] if each["block"] == "vector unit")
    return _share(unit)


def _clock() -> str:
    """The clock that all of that is at."""
    return f"{figures(GROUP.name, SYSTEM)['fmax_mhz']:.0f} MHz"


PARTS: dict[str, Callable[..., str]] = {"pim-powers": _powers, "pim-idle": _idle, "pim-synth-clock": _clock}

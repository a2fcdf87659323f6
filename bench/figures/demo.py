"""The demonstration: what ``bitloom run configs/demo.toml`` prints, and what it measures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures.cli import ROOT, kept, run
from bench.figures.store import Group
from bench.figures.words import conditions, figures

__all__ = ["COMMAND", "GROUP", "PARTS"]

COMMAND = "run configs/demo.toml"
LIBRARY = "osu018"
SIMULATED = ("elements_checked", "mismatches", "accuracy", "cycles", "utilization", "seed")


def _measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        Path(folder, "configs").symlink_to(ROOT / "configs")
        text = run(*COMMAND.split(), f"--set=library={LIBRARY}", folder=folder)
        sim, synth = (
            json.loads(Path(folder, "build/demo", name).read_text(encoding="utf-8"))
            for name in ("sim.json", "synth.json")
        )
    (compared,) = synth["compared"]
    measured = {"engine": kept(synth), "compared": kept(compared), "sim": {key: sim[key] for key in SIMULATED}}
    return {"text": text, **measured}


GROUP = Group("demo", {"run": _measure}, ("gen.cli.commands.run",))


def _console() -> str:
    return f"```console\n$ bitloom {COMMAND}\n{figures(GROUP.name, 'run')['text']}```"


def _ratio(key: str) -> str:
    """A figure of the engine over that of the one which it is compared with."""
    run = figures(GROUP.name, "run")
    return f"{run['engine'][key] / run['compared'][key]:.2f}"


PARTS: dict[str, Callable[..., str]] = {
    "demo": _console,
    "demo-ratio": _ratio,
    "demo-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

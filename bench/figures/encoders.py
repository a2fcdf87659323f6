"""What each encoder costs: the recoder, the PE and the engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures.cli import synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from gen.emit.verilog import emit
from hdl.params import ENCODERS, EngineParams
from synth_scripts.library.load import load
from synth_scripts.module.flow import synthesise_module

__all__ = ["GROUP", "PARTS"]

LIBRARY, EFFORT, SIZE = "osu018", "quick", 8


def _measure(encoder: str) -> dict[str, Any]:
    params = EngineParams(scheme="opt1", rows=SIZE, cols=SIZE, encoder=encoder)
    emission, library = emit(params), load(LIBRARY)
    outside = (library.flop_delay_ps + library.flop_setup_ps) / 1e3
    found: dict[str, Any] = {}
    for role, taken_off in (("recode", outside), ("pe", 0.0)):
        if role in emission.modules:
            with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
                made = synthesise_module(library, emission.text, emission.modules[role], Path(folder), effort=EFFORT)
            found[role] = {"area_um2": made.best.area, "ns": made.best.period - taken_off}
    design = synth(encoder=encoder, rows=SIZE, cols=SIZE, library=LIBRARY, effort=EFFORT)
    return {**found, "engine": {"area_um2": design["engine_area_um2"], "ns": 1e3 / design["engine_fmax_mhz"]}}


GROUP = Group(
    "encoders",
    {encoder: partial(_measure, encoder) for encoder in ENCODERS},
    ("gen.cli.commands.steps",),
)


def _table() -> str:
    heads = ["`encoder`"]
    for what, time in (("recoder", "delay"), ("PE", "period"), ("engine", "period")):
        heads += [f"{what}, um²", f"its {time}, ns"]
    rows = []
    for encoder in ENCODERS:
        found = figures(GROUP.name, encoder)
        cells = [f"`{encoder}`"]
        for role in ("recode", "pe", "engine"):
            part = found.get(role)
            cells += [f"{part['area_um2']:,.0f}", f"{part['ns']:.2f}"] if part else ["none", "none"]
        rows.append(cells)
    return table(heads, rows)


PARTS: dict[str, Callable[..., str]] = {
    "encoders": _table,
    "encoders-conditions": lambda: conditions(GROUP.name),
}

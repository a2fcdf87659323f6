"""What floating-point operands cost: area, clock and energy of engines of bf16 and fp16 beside one of INT8."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench._common import Settings
from bench.figures.cli import kept, synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, number, table
from gen.emit.verilog import emit
from gen.operands import USUAL
from gen.stimuli import Drawn
from hdl.params import MULTIPLIERS, EngineParams
from synth_scripts.engine.run import Form, strongest

__all__ = ["GROUP", "PARTS"]

LIBRARY, EFFORT, SIZE = "osu018", "quick", 16
FORMATS = ("s8", "bf16", "fp16")
#: Rows and columns of the engines whose energy is measured: glitches of thousands of cells are simulated.
SMALL = 4


def _measure(form: str) -> dict[str, Any]:
    return synth(scheme="mac", a=form, b=form, rows=SIZE, cols=SIZE, library=LIBRARY, effort=EFFORT)


def _measure_small(form: str) -> dict[str, Any]:
    """The best multiplier's engine: area, clock, and energy with and without glitches, in one run."""
    base = EngineParams.from_dict({"scheme": "mac", "a": form, "b": form, "rows": SMALL, "cols": SMALL})
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        made = [replace(base, multiplier=name) for name in MULTIPLIERS]
        forms = [Form(each, emit(each), Path(folder, str(number))) for number, each in enumerate(made)]
        found = strongest(forms, Settings(LIBRARY, EFFORT), with_power=True, stimuli=Drawn(USUAL))[1]
    words = {key: found[key] for key in ("activity", "glitches", "netlist_results")}
    return {**kept(found), **words, "operands": Drawn(USUAL).words(base)}


def _small(form: str) -> str:
    """The item of a small engine."""
    return f"{form}, {SMALL}x{SMALL}"


GROUP = Group(
    "floats",
    {form: partial(_measure, form) for form in FORMATS}
    | {_small(form): partial(_measure_small, form) for form in FORMATS},
    ("gen.cli.commands.steps",),
)


def _table() -> str:
    heads = ["operands", "core, um²", "engine, um²", "clock, MHz", "GOPS", "GOPS/mm² of the engine", "INT8's over it"]
    rows = []
    base = figures(GROUP.name, FORMATS[0])["gops_per_mm2_engine"]
    for form in FORMATS:
        found = figures(GROUP.name, form)
        areas = [f"{found[key]:,.0f}" for key in ("core_area_um2", "engine_area_um2")]
        rates = [number(found[key]) for key in ("engine_fmax_mhz", "throughput_gops", "gops_per_mm2_engine")]
        rows.append([f"`{form}`", *areas, *rates, f"{base / found['gops_per_mm2_engine']:.2f}"])
    return table(heads, rows)


def _energy() -> str:
    heads = ["operands", "engine, um²", "clock, MHz", "pJ per MAC of the core", "with glitches", "of the engine"]
    keys = ("engine_area_um2", "engine_fmax_mhz", "core_pj_per_mac", "glitch_core_pj_per_mac", "pj_per_mac")
    rows = []
    base = figures(GROUP.name, _small(FORMATS[0]))["glitch_pj_per_mac"]
    for form in FORMATS:
        found = figures(GROUP.name, _small(form))
        own = found["glitch_pj_per_mac"]
        rows.append([f"`{form}`", *(number(found[key]) for key in (*keys, "glitch_pj_per_mac")), f"{own / base:.2f}"])
    return table([*heads, "with glitches", "over INT8's"], rows)


PARTS: dict[str, Callable[..., str]] = {
    "floats": _table,
    "floats-energy": _energy,
    "floats-conditions": lambda: conditions(GROUP.name),
}

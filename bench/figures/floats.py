"""What floating-point operands cost: engines of bf16 and fp16 beside one of INT8."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.figures.cli import synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, number, table

__all__ = ["GROUP", "PARTS"]

LIBRARY, EFFORT, SIZE = "osu018", "quick", 16
FORMATS = ("s8", "bf16", "fp16")


def _measure(form: str) -> dict[str, Any]:
    return synth(scheme="mac", a=form, b=form, rows=SIZE, cols=SIZE, library=LIBRARY, effort=EFFORT)


GROUP = Group(
    "floats",
    {form: partial(_measure, form) for form in FORMATS},
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


PARTS: dict[str, Callable[..., str]] = {
    "floats": _table,
    "floats-conditions": lambda: conditions(GROUP.name),
}

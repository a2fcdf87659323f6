"""What floating-point operands cost: engines of bf16 and fp16 beside one of INT8, on every array that has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.figures.cli import synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, number, table

__all__ = ["GROUP", "PARTS"]

LIBRARY, EFFORT, SIZE = "osu018", "quick", 4
ARRAYS, FORMATS = ("systolic_os", "adder_tree"), ("s8", "bf16", "fp16")


def _measure(array: str, form: str) -> dict[str, Any]:
    sizes = {"rows": SIZE, "cols": SIZE, "depth": SIZE}
    return synth(array=array, scheme="mac", a=form, b=form, **sizes, library=LIBRARY, effort=EFFORT)


GROUP = Group(
    "floats",
    {f"{array} {form}": partial(_measure, array, form) for array in ARRAYS for form in FORMATS},
    ("gen.cli.commands.steps",),
)


def _table() -> str:
    heads = ["array", "operands", "core, um²", "engine, um²", "clock, MHz", "GOPS", "GOPS/mm² of the engine"]
    heads += ["pJ a MAC", "INT8's GOPS/mm² over it"]
    rows = []
    for array in ARRAYS:
        base = figures(GROUP.name, f"{array} {FORMATS[0]}")["gops_per_mm2_engine"]
        for form in FORMATS:
            found = figures(GROUP.name, f"{array} {form}")
            areas = [f"{found[key]:,.0f}" for key in ("core_area_um2", "engine_area_um2")]
            more = ("engine_fmax_mhz", "throughput_gops", "gops_per_mm2_engine", "pj_per_mac")
            cells = [number(found.get(key)) for key in more]
            rows.append([f"`{array}`", f"`{form}`", *areas, *cells, f"{base / found['gops_per_mm2_engine']:.2f}"])
    return table(heads, rows)


PARTS: dict[str, Callable[..., str]] = {
    "floats": _table,
    "floats-conditions": lambda: conditions(GROUP.name),
}

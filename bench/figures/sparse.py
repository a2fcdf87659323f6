"""Organisations of engines that skip zeros or take digits in time, against engines that do neither: whole engines."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench._axes import planes, tree
from bench._common import Settings
from bench.figures.cli import kept
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from gen.emit.verilog import emit
from hdl.params import EngineParams
from hdl.params.axes import Axes, Digits, KSpace, Order, Recoded, Skip, Stays, Sum, Travel
from sim_tb.rate import measure_streak
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.run import synthesise

__all__ = ["GROUP", "PARTS"]

K, TILES, SIGMA = 1024, 4, 20.0
_OF_B: dict[str, Any] = {"recoded": Recoded.B, "a": Travel.BROADCAST}
_IN_TIME = Axes(k=tree(4), digits=Digits(1, Order.OPERANDS))
_STAYS = Axes(
    stays=Stays.WEIGHTS,
    a=Travel.BROADCAST,
    b=None,
    k=tree(16),
    digits=Digits(1, Order.OPERANDS),
    skip=Skip.COMMON,
    sum=Sum(per_weight=True),
)
_IN_TIME_OF_B = Axes(k=tree(8), digits=Digits(2, Order.OPERANDS), **_OF_B)

#: Organisations: each in words, and what gives it its shape.
_ENGINES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("planes-b-8", "planes, eight lanes, B recoded", {"point": planes(tree(8), Recoded.B), "encoder": "naf"}),
    ("planes-b-4", "planes, four lanes, B recoded", {"point": planes(tree(4), Recoded.B), "encoder": "naf"}),
    ("planes-4", "planes, four lanes, A recoded", {"point": planes(tree(4)), "encoder": "naf"}),
    ("planes-1", "planes, one lane, A recoded", {"point": planes(KSpace()), "encoder": "naf"}),
    ("mac", "`mac`, fused", {"scheme": "mac"}),
    ("mac-inferred", "`mac`, inferred", {"scheme": "mac", "multiplier": "inferred"}),
    ("opt1", "`opt1`", {"scheme": "opt1"}),
    ("opt1-4", "`opt1` with a tree of four", {"point": Axes(k=tree(4))}),
    ("laconic", "`laconic`", {"array": "matrix_2d", "scheme": "laconic"}),
    ("opt4c", "`opt4c`", {"scheme": "opt4c", "encoder": "naf"}),
    ("time-4", "digits in time, four lanes, one sum", {"point": _IN_TIME}),
    ("time-2-4", "two digits in time, four lanes", {"point": replace(_IN_TIME, digits=Digits(2, Order.OPERANDS))}),
    ("time-2-8-b", "two digits in time, eight lanes, B recoded", {"point": _IN_TIME_OF_B, "encoder": "booth"}),
    ("opt1-4-b", "`opt1` with a tree of four, B recoded, rows share A", {"point": Axes(k=tree(4), **_OF_B)}),
    (
        "stays-16",
        "a block of B stays, tree of 16, digits in time, common zeros skipped",
        {"point": _STAYS, "encoder": "naf"},
    ),
)
ENGINES = {name: (words, shape) for name, words, shape in _ENGINES}
#: What is measured, the longest first: an engine, rows and columns, and steps of K in a segment of a store.
ITEMS = [
    *(("planes-b-8", 32, 512), ("time-2-8-b", 32, 256), ("mac", 32, 256)),
    *((name, 16, 256) for name in ("laconic", "planes-b-8", "opt1-4", "time-2-8-b", "opt1-4-b")),
    *((name, 16, 256) for name in ("planes-b-4", "planes-4", "mac", "opt4c", "time-4", "stays-16", "planes-1")),
    *((name, 16, 256) for name in ("opt1", "mac-inferred", "time-2-4")),
]


def _measure(name: str, size: int, segment: int) -> dict[str, Any]:
    params = EngineParams(rows=size, cols=size, segment=segment, **ENGINES[name][1])
    emission, rate = emit(params), None
    if params.data_dependent:
        streak = measure_streak(params, emission, k=K, tiles=TILES, sigma=SIGMA)
        rate = Rate(streak.macs_per_cycle, streak.words)
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        return kept(
            synthesise(params, emission, Settings("osu018", "quick"), Path(folder), with_power=False, rate=rate)
        )


GROUP = Group(
    "sparse",
    {f"{name} {size}": partial(_measure, name, size, segment) for name, size, segment in ITEMS},
    ("synth_scripts.engine.run", "sim_tb.rate"),
)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _design(name: str, size: int) -> dict[str, Any]:
    return figures(GROUP.name, f"{name} {size}")


def _total(name: str, size: int) -> float:
    return float(_design(name, size)["gops_per_mm2_engine_total"])


def _mac(size: int) -> float:
    """The better multiplier, where both were measured."""
    multiply = {name for name, (_, shape) in ENGINES.items() if EngineParams(**shape).axes.multiplies}
    return max(_total(name, size) for name, each, _ in ITEMS if each == size and name in multiply)


def _steps(design: dict[str, Any], name: str, size: int) -> str:
    """Steps of an operand, as measured: lanes of the array over multiply-accumulates a cycle."""
    params = EngineParams(rows=size, cols=size, **ENGINES[name][1])
    across = params.depth if params.weight_stationary else size * params.k_step
    return f"{across * size / design['macs_per_cycle']:.2f}"


def _table(size: str) -> str:
    heads = ["Engine", "steps", "core MHz", "engine MHz", "core, mm²", "engine, mm²", "with memories, mm²"]
    heads += ["core, GOPS/mm²", "engine, GOPS/mm²", "over `mac`"]
    rows = []
    for name, each, _ in ITEMS:
        if each == int(size):
            design, areas = _design(name, each), ("core_area_um2", "engine_area_um2", "engine_total_area_um2")
            cells = [ENGINES[name][0], _steps(design, name, each)]
            cells += [f"{design[f'{what}_fmax_mhz']:.0f}" for what in ("core", "engine")]
            cells += [f"{design[area] / 1e6:.2f}" for area in areas]
            cells += [f"{design['gops_per_mm2_core']:.1f}", f"{_total(name, each):.1f}"]
            rows.append([*cells, f"{_total(name, each) / _mac(each):.2f}"])
    return table(heads, sorted(rows, key=lambda row: -float(row[-2])))


def _over(name: str, other: str, size: str, what: str = "engine") -> str:
    """How many times the area efficiency of another engine; that of the engine has every memory in it."""
    key = {"engine": "gops_per_mm2_engine_total", "core": "gops_per_mm2_core"}[what]
    return f"{_design(name, int(size))[key] / _design(other, int(size))[key]:.2f}"


PARTS: dict[str, Callable[..., str]] = {
    "sparse-table": _table,
    "sparse-over": _over,
    "sparse-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

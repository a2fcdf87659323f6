"""The delta encoder: cycles of five clips, energy, and what a network that was trained for it sends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench._delta import CLIP, encoder_area, energy
from bench.figures.store import Group, entries
from bench.figures.words import conditions, figures, number, table
from sim_tb.systems.delta.pages import ratio
from sim_tb.systems.delta.study import study
from sim_tb.systems.study import Request

__all__ = ["ENERGY", "GROUP", "PARTS", "energy_ratio"]

#: Engines whose energy is measured: one that skips zeros, and one that doesn't.
ENERGY = ("opt1", "opt4e")


def _study() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        return dict(study(Request(Path(folder)), lambda text: None).figures)


GROUP = Group(
    "delta",
    {
        "study": _study,
        **{f"energy {key}": partial(energy, key) for key in ENERGY},
        "encoder": encoder_area,
    },
    ("sim_tb.systems.delta.study", "bench._delta"),
)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _found() -> dict[str, Any]:
    return figures(GROUP.name, "study")


def _cycles(key: str) -> str:
    """Cycles of a frame on an engine, clip by clip."""
    found = _found()
    engine = found["engines"][key]
    heads = ["Clip", *engine["modes"].values(), "plain over changes", "with steps left out"]
    rows = []
    for clip, ways in engine["clips"].items():
        means = [f"{way['mean']:,.0f}" for way in ways.values()]
        rows.append(
            [found["clips"][clip], *means, *(f"{ratio(engine, clip, way):.2f}" for way in ("delta", "gathered"))]
        )
    return table(heads, rows)


def _operands() -> str:
    """Zeros and digits of the operands, clip by clip."""
    found = _found()
    engine = next(iter(found["engines"].values()))
    heads = ["Clip", "Sent", "zeros", "digits an operand", "in lockstep"]
    rows = [
        [
            found["clips"][clip],
            engine["modes"][key],
            f"{way['zeros']:.3f}",
            f"{way['digits']:.2f}",
            f"{way['lockstep']:.2f}",
        ]
        for clip, ways in engine["clips"].items()
        for key, way in ways.items()
        if key != "gathered"
    ]
    return table(heads, rows)


def _lockstep() -> str:
    """What engines keep of the gain that digits promise."""
    found = _found()
    heads = ["Clip", "digits", "in lockstep", *(f"`{key}`" for key in found["engines"])]
    rows = []
    for clip, words in found["clips"].items():
        ways = next(iter(found["engines"].values()))["clips"][clip]
        promised = [ways["plain"][key] / ways["delta"][key] for key in ("digits", "lockstep")]
        kept = [ratio(engine, clip) for engine in found["engines"].values()]
        rows.append([words, *(f"{value:.2f}" for value in promised + kept)])
    return table(heads, rows)


def energy_ratio(key: str) -> float:
    """Energy of a frame of pixels over that of its changes, on an engine."""
    each = figures(GROUP.name, f"energy {key}")
    return float(each["raw"]["pj_per_mac"] / each[CLIP]["pj_per_mac"])


def _energy() -> str:
    """Energy of a multiply-accumulate on pixels and on changes."""
    heads = ["Engine", "pixels, pJ", "changes, pJ", "pixels over changes", "engine, mm²", "clock, ns"]
    rows = []
    for key in ENERGY:
        if f"energy {key}" not in entries(GROUP.name):
            continue
        each = figures(GROUP.name, f"energy {key}")
        pair = [number(each[name]["pj_per_mac"]) for name in ("raw", CLIP)]
        area = f"{each['raw']['engine_total_area_um2'] / 1e6:.2f}"
        rows.append([f"`{key}`", *pair, f"{energy_ratio(key):.2f}", area, f"{each['raw']['clock_ns']:.2f}"])
    return table(heads, rows)


def _break_even() -> str:
    """Up to which share of operands that are not zero changes take fewer cycles."""
    found = _found()
    heads = ["Operands that are not zero", *(f"`{key}`" for key in found["engines"])]
    engines = list(found["engines"].values())
    rows = []
    for i, point in enumerate(engines[0]["sweep"]):
        over = [engine["sweep"][i]["cycles"] / engine["sweep"][i]["rounded"] for engine in engines]
        rows.append([f"{point['nonzero']:.2f}", *(f"{value:.2f}" for value in over)])
    words = {None: "none", 0.0: "all"}
    rows.append(["break-even", *(words.get(each["break_even"]) or f"{each['break_even']:.2f}" for each in engines)])
    return table(heads, rows)


def _network() -> str:
    """Shares of operands that are not zero, and accuracy, of a plain network and of one with delta layers."""
    heads = ["Network", "accuracy", "input", "hidden", "products"]
    rows = [
        [words, *(f"{each[key]:.3f}" for key in ("accuracy", "input", "hidden", "work"))]
        for words, each in zip(("ReLU", "with delta layers"), _found()["network"].values(), strict=True)
    ]
    return table(heads, rows)


def _value(*path: str) -> str:
    """A number of the study, by its keys."""
    value: Any = _found()
    for key in path:
        value = value[key]
    return f"{value:,}"


def _encoder() -> str:
    """Area of a lane."""
    each = figures(GROUP.name, "encoder")
    return f"{number(each['area_um2'])} µm² and {each['period_ns']:.2f} ns on osu018"


PARTS: dict[str, Callable[..., str]] = {
    "delta-cycles": _cycles,
    "delta-operands": _operands,
    "delta-lockstep": _lockstep,
    "delta-energy": _energy,
    "delta-break-even": _break_even,
    "delta-network": _network,
    "delta-value": _value,
    "delta-encoder": _encoder,
    "delta-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

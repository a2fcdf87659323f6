"""The delta encoder: cycles of five clips, energy, and what a network that was trained for it sends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench._delta import CLIP, encoder_area, energy, still
from bench._study import studied
from bench.figures.store import Group, entries
from bench.figures.words import conditions, figures, number, table
from sim_tb.systems.delta.pages import ratio
from sim_tb.systems.delta.study import study

__all__ = ["ENERGY", "GROUP", "PARTS", "energy_ratio", "still_ratio"]

#: Engines and modes in the order of the pages.
ENGINES, MODES = ("opt4c", "opt4e", "common-4", "opt1"), ("plain", "rounded", "delta", "gathered")
#: Engines whose energy is measured: one that skips zeros, and one that doesn't.
ENERGY = ("opt1", "opt4e")


def _study() -> dict[str, Any]:
    return dict(studied(study).figures)


GROUP = Group(
    "delta",
    {
        "study": _study,
        **{f"energy {key}": partial(energy, key) for key in ENERGY},
        "encoder": encoder_area,
        "still": still,
    },
    ("sim_tb.systems.delta.study", "bench._delta"),
)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _found() -> dict[str, Any]:
    return figures(GROUP.name, "study")


def _clips() -> dict[str, str]:
    """What moves in a clip, by its name, in the order of :mod:`sim_tb.systems.delta.clips`."""
    names = ("static", "static-noise", "half-pan", "half-pan-noise", "pan-noise")
    return {name: _found()["clips"][name] for name in names}


def _cycles(key: str) -> str:
    """Cycles of a frame on an engine, clip by clip."""
    engine = _found()["engines"][key]
    heads = ["Clip", *(engine["modes"][mode] for mode in MODES), "plain over changes", "with steps left out"]
    rows = []
    for clip, words in _clips().items():
        means = [f"{engine['clips'][clip][mode]['mean']:,.0f}" for mode in MODES]
        rows.append([words, *means, *(f"{ratio(engine, clip, mode):.2f}" for mode in ("delta", "gathered"))])
    return table(heads, rows)


def _operands() -> str:
    """Zeros and digits of the operands, clip by clip."""
    engine = _found()["engines"][ENGINES[0]]
    heads = ["Clip", "Sent", "zeros", "digits an operand", "in lockstep"]
    rows = []
    for clip, words in _clips().items():
        for mode in MODES[:3]:
            way = engine["clips"][clip][mode]
            shares = [f"{way['zeros']:.3f}", f"{way['digits']:.2f}", f"{way['lockstep']:.2f}"]
            rows.append([words, engine["modes"][mode], *shares])
    return table(heads, rows)


def _lockstep() -> str:
    """What engines keep of the gain that digits promise."""
    engines = _found()["engines"]
    heads = ["Clip", "digits", "in lockstep", *(f"`{key}`" for key in ENGINES)]
    rows = []
    for clip, words in _clips().items():
        ways = engines[ENGINES[0]]["clips"][clip]
        promised = [ways["plain"][key] / ways["delta"][key] for key in ("digits", "lockstep")]
        kept = [ratio(engines[key], clip) for key in ENGINES]
        rows.append([words, *(f"{value:.2f}" for value in promised + kept)])
    return table(heads, rows)


def still_ratio(key: str, mode: str = "gathered") -> float:
    """Cycles of pixels over those of changes, of the clip that stands still without noise, in large frames."""
    ways = figures(GROUP.name, "still")["engines"][key]
    return float(ways["plain"] / ways[mode])


def _still() -> str:
    """Cycles of that clip on the engines that skip zeros."""
    found = figures(GROUP.name, "still")["engines"]
    heads = ["Engine", *MODES[:1], *MODES[2:], "plain over changes", "with steps left out"]
    rows = []
    for key in ENGINES[:3]:
        means = [f"{found[key][mode]:,.0f}" for mode in ("plain", "delta", "gathered")]
        rows.append([f"`{key}`", *means, *(f"{still_ratio(key, mode):.2f}" for mode in ("delta", "gathered"))])
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
    heads = ["Operands that are not zero", *(f"`{key}`" for key in ENGINES)]
    engines = [_found()["engines"][key] for key in ENGINES]
    rows = []
    for points in zip(*(engine["sweep"] for engine in engines), strict=True):
        rows.append([f"{points[0]['nonzero']:.2f}", *(f"{each['cycles'] / each['rounded']:.2f}" for each in points)])
    words = {None: "none met", 0.0: "at 0"}
    shares = [engine["break_even"] for engine in engines]
    rows.append(["break-even", *(words.get(share) or f"{share:.2f}" for share in shares)])
    return table(heads, rows)


def _network() -> str:
    """Shares of operands that are not zero, and accuracy, of a plain network and of one with delta layers."""
    heads = ["Network", "accuracy", "input", "hidden", "products"]
    network, keys = _found()["network"], ("accuracy", "input", "hidden", "work")
    names = {"plain": "ReLU", "delta": "with delta layers"}
    return table(heads, [[words, *(f"{network[name][key]:.3f}" for key in keys)] for name, words in names.items()])


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
    "delta-still": _still,
    "delta-energy": _energy,
    "delta-break-even": _break_even,
    "delta-network": _network,
    "delta-value": _value,
    "delta-encoder": _encoder,
    "delta-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

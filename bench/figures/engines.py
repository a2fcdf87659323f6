"""Engines to choose among: all on one library, with the same effort."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.figures.cli import synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, number, table
from hdl.params import MULTIPLIERS
from hdl.params.presets import preset

__all__ = ["GROUP", "PARTS", "measure"]

LIBRARY, EFFORT = "unit", "quick"
#: Rows and columns.
SIZES = (4, 8, 16)
#: Array and scheme, and the sizes at which they are measured.
CHOICES = (
    ("systolic_os", "mac", SIZES),
    ("systolic_os", "opt1", SIZES),
    ("systolic_os", "opt3", (4, 8)),
    ("systolic_os", "opt4c", SIZES),
    ("systolic_os", "opt4e", (4, 8)),
    ("matrix_2d", "mac", (4, 8)),
    ("matrix_2d", "opt2", (4, 8)),
    ("matrix_2d", "laconic", (4,)),
)


def measure(array: str, scheme: str, size: int, multiplier: str = MULTIPLIERS[0]) -> dict[str, Any]:
    """One engine's figures."""
    shape = {"array": array, "scheme": scheme, "rows": size, "cols": size, "multiplier": multiplier}
    return synth(**shape, library=LIBRARY, effort=EFFORT)


def _item(array: str, scheme: str, size: int, multiplier: str = "") -> str:
    return " ".join(filter(None, (array, scheme, multiplier, str(size))))


def _multipliers(array: str, scheme: str) -> tuple[str, ...]:
    """The forms of an engine; no name where it has one."""
    return MULTIPLIERS if preset(array, scheme).axes.multiplies else ("",)


def _items() -> dict[str, Callable[[], dict[str, Any]]]:
    """All engines; ``mac`` with each multiplier."""
    made: dict[str, Callable[[], dict[str, Any]]] = {}
    for size in SIZES:
        for array, scheme, sizes in CHOICES:
            if size in sizes:
                for multiplier in _multipliers(array, scheme):
                    name = _item(array, scheme, size, multiplier)
                    made[name] = partial(measure, array, scheme, size, multiplier or MULTIPLIERS[0])
    return made


GROUP = Group("engines", _items(), ("gen.cli.commands.steps",))


# --- what the pages show ---------------------------------------------------------------------------------------------
def _total(design: dict[str, Any]) -> float:
    """The engine's area with every memory counted."""
    return float(design["engine_total_area_um2"])


def _core(design: dict[str, Any]) -> float:
    return float(design["gops_per_mm2_core"])


def _engine(design: dict[str, Any]) -> float:
    """Throughput over the area of everything."""
    return float(design["throughput_gops"]) / _total(design) * 1e6


def _design(array: str, scheme: str, size: int, merit: Callable[[dict[str, Any]], float]) -> dict[str, Any]:
    """The figures of an engine; of ``mac`` those of the better multiplier."""
    forms = (_item(array, scheme, size, kind) for kind in _multipliers(array, scheme))
    return max((figures(GROUP.name, form) for form in forms), key=merit)


def _ratio(array: str, scheme: str, size: int, merit: Callable[[dict[str, Any]], float]) -> float:
    """How many times better than ``mac`` on the same array."""
    return merit(_design(array, scheme, size, merit)) / merit(_design(array, "mac", size, merit))


def _table(size: str) -> str:
    heads = ["Array", "Scheme", "clock, FO4", "MACs a cycle", "core, NAND2", "engine, NAND2"]
    heads += ["core, op/FO4/MNAND2", "over `mac`", "engine, op/FO4/MNAND2", "over `mac`"]
    rows = []
    for array, scheme, sizes in CHOICES:
        if int(size) in sizes:
            design = _design(array, scheme, int(size), _engine)
            core, engine = (_ratio(array, scheme, int(size), merit) for merit in (_core, _engine))
            cells = [f"`{array}`", f"`{scheme}`", number(design["clock_ns"]), number(design["macs_per_cycle"])]
            cells += [number(design["core_area_um2"]), number(_total(design))]
            cells += [number(_core(_design(array, scheme, int(size), _core))), f"{core:.2f}"]
            rows.append([*cells, number(_engine(design)), f"{engine:.2f}"])
    return table(heads, rows)


def _worse(size: str) -> str:
    """By how much the engines that skip zeros lose to ``mac``: from the least to the most."""
    found = [1 / _ratio("systolic_os", scheme, int(size), _engine) for scheme in _sparse(int(size))]
    return _range(found)


def _cores(size: str) -> str:
    """Their cores over the core of ``mac``."""
    return _range([_ratio("systolic_os", scheme, int(size), _core) for scheme in _sparse(int(size))], "{:.2f}")


def _sparse(size: int) -> list[str]:
    """Schemes whose rows skip their own zeros, measured in this size on the output-stationary systolic array."""
    found = [(scheme, preset(array, scheme).axes) for array, scheme, sizes in CHOICES if size in sizes]
    return [scheme for scheme, axes in found if axes.skips_by_row and axes.hands_a_over]


def _range(values: list[float], form: str = "{:.1f}") -> str:
    least, most = form.format(min(values)), form.format(max(values))
    return least if least == most else f"{least} to {most}"


def _over(scheme: str, size: str, what: str = "engine", array: str = "systolic_os") -> str:
    merit = {"engine": _engine, "core": _core}[what]
    return f"{_ratio(array, scheme, int(size), merit):.2f}"


PARTS: dict[str, Callable[..., str]] = {
    "choices": _table,
    "worse": _worse,
    "cores": _cores,
    "over-mac": _over,
    "choices-conditions": lambda: conditions(GROUP.name),
}

"""The adapter of MACS: its products on the RTL, beside floating point, and its schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench._study import studied
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from sim_tb.systems.macs.study import study

__all__ = ["GROUP", "PARTS"]


def _study() -> dict[str, Any]:
    return dict(studied(study).figures)


GROUP = Group("macs", {"study": _study}, ("sim_tb.systems.macs.study",))


# --- what the pages show ---------------------------------------------------------------------------------------------
def _found() -> dict[str, Any]:
    return figures(GROUP.name, "study")


def _products() -> str:
    """Cycles of every product on the RTL."""
    runs = _found()["runs"]
    names = next(iter(runs.values()))["cycles"]
    rows = [[f"`{name}`", *(f"{run['cycles'][name]:,}" for run in runs.values())] for name in names]
    total = ["all, with results compared", *(f"{run['total']:,}; {run['results']:,}" for run in runs.values())]
    return table(["Product", *runs], [*rows, total])


def _schedules() -> str:
    """Shares of the peak."""
    schedules = _found()["schedules"]
    names = list(schedules[0]["products"])
    rows = [
        [
            each["engine"].removesuffix(", s8 x s8"),
            str(each["batch"]),
            f"{each['cycles']:,}",
            f"{each['utilisation']:.3f}",
            f"{each['possible']:.3f}",
            *(f"{each['products'][name]:.3f}" for name in names),
        ]
        for each in schedules
    ]
    return table(["Engine", "batch", "cycles", "of the peak", "possible", *(f"`{name}`" for name in names)], rows)


def _cosine() -> str:
    each = _found()["cosine"]
    return f"{each['least']:.4f} over {each['rows']:,} rows"


def _ranks() -> str:
    each = _found()["ranks"]
    return f"{each['kept']:.1%} of {each['draws']:,} draws"


PARTS: dict[str, Callable[..., str]] = {
    "macs-products": _products,
    "macs-schedules": _schedules,
    "macs-cosine": _cosine,
    "macs-ranks": _ranks,
    "macs-conditions": lambda: conditions(GROUP.name, ("verilator",)),
}

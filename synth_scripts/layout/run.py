"""Layouts of an engine's PE or array, beside those it is compared with: the content of ``layout.json``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median_low
from typing import Any

from hdl.params.title import Title
from synth_scripts.layout import tools
from synth_scripts.layout.drawing import drawing
from synth_scripts.layout.netlist import FlatNetlist
from synth_scripts.layout.routed import How, Routed, lay_out
from synth_scripts.layout.source import Form, Source, best_array, best_pe
from synth_scripts.layout.technology import Technology, technology
from synth_scripts.library.library import Library
from synth_scripts.work import jobs

__all__ = ["UNITS", "Plan", "layouts", "ratios", "sound"]

#: Figures of a layout with a median and a range over seeds, and their units.
UNITS = {
    "core_area_um2": "um2",
    "density": "1",
    "wire_mm": "mm",
    "wire_ff": "fF",
    "ns": "ns",
    "ns_switching": "ns",
    "ns_ideal": "ns",
    "ns_estimated": "ns",
}


@dataclass(frozen=True)
class Plan:
    """What is laid out, and how.

    Parameters
    ----------
    whole : bool
        The core of the engine with all that is in it, not a single PE.
    seeds : int
        Layouts of each netlist, which differ in the seed of their placement, 1 and so on.
    how : How
        The first of them.
    """

    whole: bool = False
    seeds: int = 1
    how: How = field(default_factory=How)


def layouts(
    designs: Sequence[Sequence[Form]],
    library: Library,
    effort: str,
    clock: float | None,
    plan: Plan,
    say: jobs.Say = jobs.quiet,
) -> list[dict[str, Any]]:
    """Lay out designs, each in the best of its forms.

    Parameters
    ----------
    designs : sequence of sequences of Form
        The engine, then those it is compared with.
    library : Library
    effort : str
        Of the synthesis.
    clock : float or None
        The clock that netlists are synthesised for, ns; None: their best one.
    plan : Plan
    say : callable
        Told what is being done.

    Returns
    -------
    list of dict
        A design each; the others also have ``ratios``, those of the engine over them. Medians and ranges are those of
        layouts that are their netlist, or of all where none is.

    Raises
    ------
    ToolError
        Where a program is missing or fails, the library has nothing to lay out, or not every net could be routed.
    """
    process = technology(library)
    tools.require()

    def source(forms: Sequence[Form]) -> Source:
        return (best_array if plan.whole else best_pe)(forms, library, effort, clock, say)

    sources = [source(forms) for forms in designs]
    flat = [each.flat(library, process.lef) for each in sources]
    seeds = range(plan.how.seed, plan.how.seed + plan.seeds)
    done = [0]

    def one(source: Source, netlist: FlatNetlist, seed: int) -> Routed:
        found = lay_out(netlist, library, process, replace(plan.how, seed=seed), source.form.folder / f"seed{seed}")
        done[0] += 1
        say(f"{done[0]} of {len(sources) * plan.seeds} layouts")
        return found

    work: list[Callable[[], Routed]] = [
        partial(one, *each, seed) for each in zip(sources, flat, strict=True) for seed in seeds
    ]
    routed = jobs.together(work)
    found = []
    for number, each in enumerate(zip(sources, flat, strict=True)):
        own = routed[number * plan.seeds : (number + 1) * plan.seeds]
        found.append(_design(*each, own, seeds, library, process))
    first, *others = found
    return [first, *({**other, "ratios": ratios(first, other)} for other in others)]


def _design(
    source: Source,
    netlist: FlatNetlist,
    routed: Sequence[Routed],
    seeds: Sequence[int],
    library: Library,
    process: Technology,
) -> dict[str, Any]:
    area = netlist.cell_area_um2(process.lef)
    runs = [_run(seed, each, area) for seed, each in zip(seeds, routed, strict=True)]
    counted = sound(runs) or runs
    values = {key: [run[key] for run in counted] for key in UNITS}
    middle = {key: median_low(found) for key, found in values.items()}
    shown = next(i for i, run in enumerate(runs) if run in counted and run["ns"] == middle["ns"])
    return {
        "title": Title(source.form.params).form,
        "module": source.module,
        "style": source.style,
        "cells": len(netlist.cells),
        "nets": len(netlist.wires),
        "sinks": sum(pin in library.loads[cell.kind] for cell in netlist.cells for pin in cell.pins),
        "cell_area_um2": sum(library.areas[cell.kind] for cell in netlist.cells),
        "cell_area_lef_um2": area,
        "median": middle,
        "least": {key: min(found) for key, found in values.items()},
        "most": {key: max(found) for key, found in values.items()},
        "runs": runs,
        "shown_seed": runs[shown]["seed"],
        "drawing": drawing(routed[shown], library, process.lef),
    }


def sound(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The layouts that are their netlist: qrouter sometimes forgets a via, which the comparison finds."""
    return [run for run in runs if run["same_as_netlist"]]


def _run(seed: int, routed: Routed, area: float) -> dict[str, Any]:
    core = routed.placement.core_area_um2
    return {
        "seed": seed,
        "core_area_um2": core,
        "density": area / core,
        "wire_mm": routed.wire_mm,
        "wire_ff": routed.wire_ff,
        "ns": routed.ns,
        "ns_switching": routed.ns_switching,
        "ns_ideal": routed.ns_ideal,
        "ns_estimated": routed.ns_estimated,
        "same_as_netlist": routed.same,
        "violations": routed.violations,
    }


def ratios(design: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What a design gains over another one.

    ``clock``: how much shorter its period is, with wires, and ``clock_ideal`` without; ``core_area``: its core over the
    other's; ``efficiency``: throughput over the core's area. Medians are compared; ``least`` and ``most`` are those of
    layouts with the same seed, if both are their netlist.
    """

    def of(mine: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
        clock, area = theirs["ns"] / mine["ns"], mine["core_area_um2"] / theirs["core_area_um2"]
        ideal = theirs["ns_ideal"] / mine["ns_ideal"]
        return {"clock": clock, "clock_ideal": ideal, "core_area": area, "efficiency": clock / area}

    middle = of(design["median"], other["median"])
    pairs = zip(design["runs"], other["runs"], strict=True)
    each = [of(*pair) for pair in pairs if len(sound(pair)) == 2] or [middle]
    return {
        **middle,
        "least": {key: min(found[key] for found in each) for key in each[0]},
        "most": {key: max(found[key] for found in each) for key in each[0]},
    }

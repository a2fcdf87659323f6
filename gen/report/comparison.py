"""The designs side by side: charts of area, clock, energy and efficiency, and every figure in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gen.report.blocks import Section, pending
from gen.report.charts import Bar, Group, bars
from gen.report.figures import is_number, quantity, ratio
from gen.report.figures_table import figures_table, over_each
from gen.report.markup import Markup, Node, tag
from gen.report.records import Compared, Design, Synthesis
from gen.report.scatter import Mark, scatter

__all__ = ["comparison"]

Get = Callable[[Design], Any]


def comparison(synth: Synthesis | None) -> Section:
    """The section; without a design to compare with it holds the engine's figures alone."""
    if synth is None:
        body: list[Node] = [pending("This engine has not been synthesised.", "bitloom synth")]
        return Section("comparison", "Synthesis", body)
    base, charts = synth.baseline, _charts(synth)
    table = (tag("h3", "Every figure"), figures_table(synth))
    if base is None:
        return Section(
            "comparison", "Area, speed, energy", [tag("div", charts, tag("figure", *table), class_="charts")]
        )
    title = f"{synth.scheme} beside {_listed([design.scheme for design in synth.compared])}"
    body = [
        tag("p", _lead(synth, base), class_="lead"),
        tag("div", charts, _scatter(synth, base), class_="charts"),
        tag("figure", *table),
    ]
    if len(synth.compared) > 1:
        body.append(tag("figure", tag("h3", f"{synth.scheme} over each of them"), over_each(synth)))
    return Section("comparison", title, body)


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _lead(synth: Synthesis, base: Compared) -> str:
    asked = synth.clock_asked_ns
    clock = (
        "each design is shown at its own best clock, the core's figures at the core's."
        if asked is None
        else f"figures are at {quantity(asked, synth.unit('clock_ns'))}, or at the clock that a design reaches instead."
    )
    memories = (
        " In an engine total every memory, however it is built here, counts by one rule that goes by its shape alone."
        if synth.has_memories
        else ""
    )
    return f"The same flow, library and effort for all; {clock} Ratios are over {base.scheme}.{memories}"


def _scopes(synth: Synthesis, core: Get, engine: Get, total: Get | None = None) -> list[tuple[str, str, Get]]:
    """Label, style and figure of the bars that each design gets."""
    scopes = [("core", "core", core), ("engine cells" if synth.has_memories and total else "engine", "engine", engine)]
    if total is not None and synth.has_memories:
        scopes.append(("engine total", "total", total))
    return scopes


def _role(design: Design, synth: Synthesis) -> str:
    return "ours" if design is synth else "base" if design is synth.baseline else "rest"


def _charts(synth: Synthesis) -> Markup:
    """Bars of area, clock and energy, one chart below the other."""
    areas = _scopes(synth, lambda d: d.core_area_um2, lambda d: d.engine_area_um2, lambda d: d.engine_total_area_um2)
    clocks = _scopes(synth, lambda d: d.core_clock, lambda d: d.clock)
    glitching = all(design.glitch_pj_per_mac is not None for design in synth.designs)
    energies = (
        _scopes(synth, lambda d: d.glitch_core_pj_per_mac, lambda d: d.glitch_pj_per_mac)
        if glitching
        else _scopes(synth, lambda d: d.core_pj_per_mac, lambda d: d.pj_per_mac)
    )
    energy = "Energy per MAC, with glitches" if glitching else "Energy per MAC"
    clock_better = "more is better" if synth.silicon else "less is better"
    drawn = [
        _chart("Area", synth.unit("engine_area_um2"), "less is better", areas, synth),
        _chart(synth.clock_name, synth.clock_unit, clock_better, clocks, synth),
        _chart(energy, synth.unit("pj_per_mac"), "less is better", energies, synth),
    ]
    return tag("div", drawn)


def _chart(title: str, unit: str, better: str, scopes: list[tuple[str, str, Get]], synth: Synthesis) -> Markup | None:
    groups, base = [], synth.baseline
    for design in synth.designs:
        found = [
            Bar(label, value, "" if base is None or design is base else ratio(value, get(base)), style)
            for label, style, get in scopes
            if is_number(value := get(design)) and value > 0
        ]
        if found:
            late = "" if design.clock_met else ", clock missed"
            groups.append(Group(design.scheme + late, _role(design, synth), found))
    return bars(title, unit, groups, better) if groups else None


def _scatter(synth: Synthesis, base: Compared) -> Markup | None:
    """Area against throughput; None where throughput was not measured."""
    named = "total" if synth.has_memories else "engine"
    marks = []
    for design in synth.designs:
        points = [
            ("core", design.core_area_um2, design.core_throughput_gops),
            ("engine", design.engine_area_um2, design.throughput_gops),
            *([("total", design.engine_total_area_um2, design.throughput_gops)] if synth.has_memories else []),
        ]
        marks += [
            Mark(design.scheme, scope, _role(design, synth), area, throughput, scope == named)
            for scope, area, throughput in points
            if is_number(throughput) and throughput > 0
        ]
    if not marks or base.throughput_gops is None:
        return None
    unity = base.throughput_gops / (base.engine_total_area_um2 if synth.has_memories else base.engine_area_um2)
    chart = scatter(marks, synth.unit("engine_area_um2"), synth.unit("throughput_gops"), unity, base.scheme)
    scopes = [
        ("core", "core"),
        ("engine", "engine cells" if synth.has_memories else "engine"),
        *([("total", "engine total")] if synth.has_memories else []),
    ]
    legend = [tag("li", tag("i", class_=f"ours {scope}"), text) for scope, text in scopes]
    return tag(
        "figure",
        tag("h3", "Area against throughput"),
        tag("p", f"up and left is better; lines: equal efficiency, over {base.scheme}'s engine", class_="hint"),
        chart,
        tag("ul", legend, class_="legend"),
        class_="chart",
    )

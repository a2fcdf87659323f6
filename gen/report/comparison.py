"""The designs side by side: charts of area, clock, energy and efficiency, and every figure in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gen.report.blocks import Section, cell, figure_width, pending, table
from gen.report.charts import Bar, Group, bars
from gen.report.figures import MISSING, count, is_number, quantity, ratio
from gen.report.markup import Markup, Node, join, tag
from gen.report.records import Compared, Design, Synthesis
from gen.report.scatter import Mark, scatter

__all__ = ["comparison"]

#: Widths of a table's columns, px.
NAME, RATIO = 112, 92

Get = Callable[[Design], Any]


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Parameters
    ----------
    name, unit : str
    get : callable
        The figure of a design.
    better : callable, optional
        ``min`` or ``max``: which of two figures is the better one.
    exact : bool
        A whole number.
    """

    name: str
    unit: str
    get: Get
    better: Callable[..., Any] | None = None
    exact: bool = False


def comparison(synth: Synthesis | None) -> Section:
    """The section; without a design to compare with it holds the engine's figures alone."""
    if synth is None:
        body: list[Node] = [pending("This engine has not been synthesised.", "bitloom synth")]
        return Section("comparison", "Synthesis", body)
    base = synth.baseline
    if base is None:
        return Section("comparison", "Area, speed, energy", [tag("figure", _figures(synth, None))])
    title = f"{synth.scheme} beside {_listed([design.scheme for design in synth.compared])}"
    body = [
        tag("p", _lead(synth, base), class_="lead"),
        tag("div", _charts(synth, base), class_="charts"),
        tag("figure", tag("h3", "Every figure"), _figures(synth, base)),
    ]
    if len(synth.compared) > 1:
        body.append(tag("figure", tag("h3", f"{synth.scheme} over each of them"), _each(synth)))
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
        " In an engine total every memory, however it is built here, counts as what a macro would take, by one model."
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


def _charts(synth: Synthesis, base: Compared) -> list[Markup]:
    areas = _scopes(synth, lambda d: d.core_area_um2, lambda d: d.engine_area_um2, lambda d: d.engine_total_area_um2)
    clocks = _scopes(synth, lambda d: d.core_clock, lambda d: d.clock)
    energies = _scopes(synth, lambda d: d.core_pj_per_mac, lambda d: d.pj_per_mac)
    clock = ("Best clock", "more is better") if synth.silicon else ("Shortest clock period", "less is better")
    drawn = [
        _chart("Area", synth.unit("engine_area_um2"), "less is better", areas, synth, base),
        _chart(clock[0], synth.clock_unit, clock[1], clocks, synth, base),
        _chart("Energy per MAC", synth.unit("pj_per_mac"), "less is better", energies, synth, base),
    ]
    columns = [chart for chart in drawn if chart is not None]
    against = _scatter(synth, base, len(columns))
    return [*columns, against] if against else columns


def _chart(
    title: str, unit: str, better: str, scopes: list[tuple[str, str, Get]], synth: Synthesis, base: Compared
) -> Markup | None:
    groups = []
    for design in synth.designs:
        found = [
            Bar(label, value, "" if design is base else ratio(value, get(base)), style)
            for label, style, get in scopes
            if is_number(value := get(design)) and value > 0
        ]
        if found:
            late = "" if design.clock_met else ", clock missed"
            groups.append(Group(design.scheme + late, _role(design, synth), found))
    return bars(title, unit, groups, better) if groups else None


def _scatter(synth: Synthesis, base: Compared, beside: int) -> Markup | None:
    """Area against throughput, as high as the charts ``beside`` it; None where throughput was not measured."""
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
        class_="chart wide",
        style=f"--rows:{beside}",
    )


def _rows(synth: Synthesis) -> list[tuple[str, list[Row]]]:
    """The table's rows, by subject."""
    area, time, clock = synth.unit("engine_area_um2"), synth.unit("clock_ns"), synth.clock_unit
    speed, efficiency = synth.unit("throughput_gops"), synth.unit("gops_per_mm2_engine")
    energy, power = synth.unit("pj_per_mac"), synth.unit("power_mw")
    faster = max if synth.silicon else min
    best = "Best clock" if synth.silicon else "Shortest period"
    memories = synth.has_memories
    total = Row("Engine total", area, lambda d: d.engine_total_area_um2, min)
    efficient = Row("Engine total", efficiency, lambda d: d.gops_per_mm2_engine_total, max)
    asked = [
        Row("Slack at the clock asked for", time, lambda d: d.wns_ns),
        Row("Period of the figures", time, lambda d: d.clock_ns, min),
    ]
    return [
        (
            "Area",
            [
                Row("Core", area, lambda d: d.core_area_um2, min),
                Row("Engine cells" if memories else "Engine", area, lambda d: d.engine_area_um2, min),
                *([total] if memories else []),
                Row("Cells", "", lambda d: d.cells, exact=True),
            ],
        ),
        (
            "Speed",
            [
                Row(f"{best}, core", clock, lambda d: d.core_clock, faster),
                Row(f"{best}, engine", clock, lambda d: d.clock, faster),
                *(asked if synth.clock_asked_ns is not None else []),
                Row("MACs a cycle", "", lambda d: d.macs_per_cycle, max),
                Row("Throughput, core", speed, lambda d: d.core_throughput_gops, max),
                Row("Throughput, engine", speed, lambda d: d.throughput_gops, max),
            ],
        ),
        (
            "Throughput over area",
            [
                Row("Core", efficiency, lambda d: d.gops_per_mm2_core, max),
                Row("Engine cells" if memories else "Engine", efficiency, lambda d: d.gops_per_mm2_engine, max),
                *([efficient] if memories else []),
            ],
        ),
        (
            "Energy",
            [
                Row("Per MAC, core", energy, lambda d: d.core_pj_per_mac, min),
                Row("Per MAC, engine", energy, lambda d: d.pj_per_mac, min),
                Row("Operations for energy", synth.unit("gops_per_w"), lambda d: d.gops_per_w, max),
                Row("Power, core", power, lambda d: d.core_power_mw),
                Row("Power, engine", power, lambda d: d.power_mw),
                *([Row("of it macros, by a model", power, lambda d: d.macro_power_mw)] if memories else []),
            ],
        ),
    ]


def _figures(synth: Synthesis, base: Compared | None) -> Markup:
    """A row a figure; beside its name the ratio to the baseline, then a column a design, the baseline's second."""
    others = [design for design in synth.compared if design is not base]
    designs = [synth, *([base] if base else []), *others]
    names = [design.scheme for design in designs]
    head = [tag("th", "Figure")]
    if base:
        head.append(tag("th", f"{synth.scheme} ÷ {base.scheme}", class_="n"))
    head += [
        tag("th", name, [" ", tag("em", "clock missed", class_="bad")] if not design.clock_met else None, class_="n")
        for name, design in zip(names, designs, strict=True)
    ]
    body: list[Markup] = []
    for subject, rows in _rows(synth):
        lines = [_row(row, designs, base) for row in rows if any(is_number(row.get(design)) for design in designs)]
        if lines:
            body.append(tag("tr", tag("th", subject, scope="rowgroup", colspan=len(head)), class_="subject"))
            body += lines
    figure = figure_width(quantity(row.get(design)) for _, rows in _rows(synth) for row in rows for design in designs)
    width = NAME + (RATIO if base else 0) + figure * len(designs)
    return table(head, body, "Every figure of every design", width, "figures-table")


def _row(row: Row, designs: Sequence[Design], base: Compared | None) -> Markup:
    values = [row.get(design) for design in designs]
    name: Node = join(row.name, [" ", tag("small", row.unit)] if row.unit else None)
    cells = [cell((count if row.exact else quantity)(value)) for value in values]
    if base:
        cells.insert(0, _ratio(values[0], row.get(base), row.better))
    return tag("tr", tag("th", name, scope="row"), cells)


def _ratio(ours: Any, theirs: Any, better: Callable[..., Any] | None) -> Markup:
    """The quotient, and in a word whether that is good."""
    text = ratio(ours, theirs) if is_number(ours) and is_number(theirs) and min(ours, theirs) > 0 else MISSING
    if better is None or not (is_number(ours) and is_number(theirs)) or f"{ours:.4g}" == f"{theirs:.4g}":
        return cell(text, "ratio")
    verdict = "better" if better(ours, theirs) == ours else "worse"
    return cell([text, " ", tag("small", verdict)], f"ratio {verdict}")


def _each(synth: Synthesis) -> Markup:
    """A row a design, a column a figure: the engine's over that design's."""
    cells = "engine cells" if synth.has_memories else "engine"
    total = Row("throughput over area, engine total", "", lambda d: d.gops_per_mm2_engine_total, max)
    figures = [
        Row(f"throughput over area, {cells}", "", lambda d: d.gops_per_mm2_engine, max),
        *([total] if synth.has_memories else []),
        Row("throughput over area, core", "", lambda d: d.gops_per_mm2_core, max),
        Row("energy per MAC, engine", "", lambda d: d.pj_per_mac, min),
        Row("energy per MAC, core", "", lambda d: d.core_pj_per_mac, min),
        Row("clock period", "", lambda d: d.clock_ns, min),
    ]
    figures = [figure for figure in figures if is_number(figure.get(synth))]
    head = [tag("th", "Over"), *(tag("th", figure.name, class_="n") for figure in figures)]
    rows = [
        tag(
            "tr",
            tag("th", design.scheme, scope="row"),
            [_ratio(figure.get(synth), figure.get(design), figure.better) for figure in figures],
        )
        for design in synth.compared
    ]
    return table(head, rows, "Ratios to each design", 70 + 96 * len(figures), "each")

"""Every figure of every design in a table, with its ratio to the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gen.report.blocks import cell, figure_width, table
from gen.report.figures import MISSING, count, is_number, quantity, ratio
from gen.report.markup import Markup, Node, join, tag
from gen.report.records import Compared, Design, Synthesis

__all__ = ["figures_table", "over_each"]

#: Widths of the columns, px.
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


def _rows(synth: Synthesis) -> list[tuple[str, list[Row]]]:
    """The table's rows, by subject."""
    area, time, clock = synth.unit("engine_area_um2"), synth.unit("clock_ns"), synth.clock_unit
    speed, efficiency = synth.unit("throughput_gops"), synth.unit("gops_per_mm2_engine")
    energy, power = synth.unit("pj_per_mac"), synth.unit("power_mw")
    glitching = [
        Row("Per MAC, core, with glitches", energy, lambda d: d.glitch_core_pj_per_mac, min),
        Row("Per MAC, engine, with glitches", energy, lambda d: d.glitch_pj_per_mac, min),
        Row("Power, core, with glitches", power, lambda d: d.glitch_core_power_mw),
        Row("Power, engine, with glitches", power, lambda d: d.glitch_power_mw),
    ]
    faster = max if synth.silicon else min
    wired = synth.wire_ff_per_sink > 0
    wireless = [
        Row("The same without wires, core", clock, lambda d: d.clock_of(d.core_fmax_mhz_wireless), faster),
        Row("The same without wires, engine", clock, lambda d: d.clock_of(d.engine_fmax_mhz_wireless), faster),
    ]
    bare = [
        Row("With glitches, without wires, core", energy, lambda d: d.glitch_core_pj_per_mac_wireless, min),
        Row("With glitches, without wires, engine", energy, lambda d: d.glitch_pj_per_mac_wireless, min),
        Row("Without either, core", energy, lambda d: d.core_pj_per_mac_wireless, min),
        Row("Without either, engine", energy, lambda d: d.pj_per_mac_wireless, min),
    ]
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
                Row(f"{synth.clock_name}, core", clock, lambda d: d.core_clock, faster),
                Row(f"{synth.clock_name}, engine", clock, lambda d: d.clock, faster),
                *(wireless if wired else []),
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
                *(glitching if any(design.glitch_power_mw is not None for design in synth.designs) else []),
                Row("Per MAC, core", energy, lambda d: d.core_pj_per_mac, min),
                Row("Per MAC, engine", energy, lambda d: d.pj_per_mac, min),
                *(bare if wired else []),
                Row("Operations for energy", synth.unit("gops_per_w"), lambda d: d.gops_per_w, max),
                Row("Power, core", power, lambda d: d.core_power_mw),
                Row("Power, engine", power, lambda d: d.power_mw),
                *([Row("of it macros, by a model", power, lambda d: d.macro_power_mw)] if memories else []),
            ],
        ),
    ]


def figures_table(synth: Synthesis) -> Markup:
    """A row a figure; beside its name the ratio to the baseline, then a column a design, the baseline's second."""
    base = synth.baseline
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
    if better is None or text in (MISSING, ratio(1, 1)):
        return cell(text, "ratio")
    verdict = "better" if better(ours, theirs) == ours else "worse"
    return cell([text, " ", tag("small", verdict)], f"ratio {verdict}")


def over_each(synth: Synthesis) -> Markup:
    """A row a design, a column a figure: the engine's over that design's."""
    cells = "engine cells" if synth.has_memories else "engine"
    total = Row("throughput over area, engine total", "", lambda d: d.gops_per_mm2_engine_total, max)
    figures = [
        Row(f"throughput over area, {cells}", "", lambda d: d.gops_per_mm2_engine, max),
        *([total] if synth.has_memories else []),
        Row("throughput over area, core", "", lambda d: d.gops_per_mm2_core, max),
        Row("energy per MAC, engine, with glitches", "", lambda d: d.glitch_pj_per_mac, min),
        Row("energy per MAC, core, with glitches", "", lambda d: d.glitch_core_pj_per_mac, min),
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
    return table(head, rows, "Ratios to each design", 70 + 112 * len(figures), "each")

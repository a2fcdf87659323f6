"""The layouts of an engine's PE or array, and of those it is compared with."""

from __future__ import annotations

from gen.report.blocks import Section, cell, figure_width, table
from gen.report.figures import count, is_number, percent, quantity, times
from gen.report.layout_drawing import draw, key
from gen.report.layout_records import LaidOut, Layouts
from gen.report.markup import Markup, Node, tag

__all__ = ["layout"]

#: Words and figure, a row of the table each.
ROWS = (
    ("area of the core", "core_area_um2"),
    ("share of it with cells", "density"),
    ("wires", "wire_mm"),
    ("clock period without wires", "ns_ideal"),
    ("clock period with the wires of synthesis", "ns_estimated"),
    ("clock period with wires", "ns"),
    ("the same, neighbours switching", "ns_switching"),
)


def layout(found: Layouts) -> Section:
    """The section."""
    drawings = [_drawing(each, found) for each in found.designs]
    body: list[Node] = [
        tag("p", _lead(found), class_="lead"),
        tag("figure", _table(found)),
        tag("div", drawings, class_="charts layouts"),
    ]
    return Section("layout", "Layout", body)


def _lead(found: Layouts) -> str:
    seeds = len(found.seeds)
    many = f"; medians of {count(seeds)} layouts each, with the range" if seeds > 1 else ""
    text = (
        f"{found.of} of each design, placed and routed on {count(found.layers)} layers of {found.library}, "
        f"{found.corner}{many}. The clock is ideal."
    )
    for each in found.designs[1:]:
        ratios = each.ratios or {}
        clock, area = ratios.get("clock"), ratios.get("core_area")
        if is_number(clock) and is_number(area):
            text += f" With its wires {found.designs[0].title} has {times(clock)} the clock of {each.title}"
            text += f" on {times(area)} its core."
    return text


def _table(found: Layouts) -> Markup:
    head = [tag("th", "", scope="col"), *(tag("th", each.title, scope="col", class_="n") for each in found.designs)]
    rows = [("cells", [[count(each.cells)] for each in found.designs])]
    rows += [(words, [_figure(each, name, found.unit(name)) for each in found.designs]) for words, name in ROWS]
    same = [[f"{count(each.same)} of {count(len(each.runs))}"] for each in found.designs]
    rows.append(("layouts that are the netlist", same))
    rows.append(("design rules broken", [[count(each.violations)] for each in found.designs]))
    width = 130 + sum(figure_width(text for row in rows for text in row[1][i]) for i in range(len(found.designs)))

    def lines(first: str, *more: str) -> list[Node]:
        return [first, *(tag("small", text) for text in more)]

    body = [
        tag("tr", tag("th", words, scope="row"), *(cell(lines(*texts)) for texts in cells)) for words, cells in rows
    ]
    return table(head, body, "Figures of the layouts", width, "layout-figures")


def _figure(design: LaidOut, name: str, unit: str) -> list[str]:
    """A median with its unit, and the range where there is one."""

    def shown(value: float, unit: str = "") -> str:
        return quantity(value, unit) if name != "density" else percent(value)

    median, least, most = (each[name] for each in (design.median, design.least, design.most))
    return [shown(median, unit), *([f"{shown(least)} to {shown(most)}"] if shown(least) != shown(most) else [])]


def _drawing(design: LaidOut, found: Layouts) -> Markup:
    geometry = design.drawing
    size = " × ".join(quantity(side / geometry.per_um, "µm") for side in (geometry.width, geometry.height))
    words = f"{design.title}: {size}, seed {count(design.shown_seed)}"
    missing = f"; the {count(geometry.left_out)} shortest pieces of wire are left out" if geometry.left_out else ""
    caption = tag("h3", design.title, tag("small", f" {size}, seed {count(design.shown_seed)}{missing}"))
    return tag("figure", caption, draw(geometry, f"Layout of {words}"), key(geometry))

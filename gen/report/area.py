"""Where the area is, part by part."""

from __future__ import annotations

from collections.abc import Sequence

from gen.report.blocks import Section, cell, figure_width, table
from gen.report.charts import Part, Stack, stacks
from gen.report.figures import count, quantity, share
from gen.report.markup import Markup, tag
from gen.report.records import Design, Synthesis
from hdl.lib.roles import role_of

__all__ = ["area"]

#: What memories that stand as macros are called.
MACROS = "memories, as macros (estimate)"
#: Widths of the columns, px.
NAME, SHARE = 130, 62

Key = tuple[str, str]


def area(synth: Synthesis) -> Section:
    """A bar a design, and the parts in a table that is also the legend."""
    unit = synth.unit("engine_area_um2")
    drawn = [_stack(design) for design in synth.designs]
    macros = any(design.macro_bits for design in synth.designs)
    lead = f"Area by part, {unit}, on one scale; the line beneath a bar is the core."
    lead += " Hatched: memories that stand as macros, an estimate that is in no sum of cells." if macros else ""
    figure = tag("figure", stacks(drawn, unit), _parts(synth), tag("details", _modules(synth)))
    return Section("area", "Where the area is", [tag("p", lead, class_="lead"), figure])


def _key(name: str) -> Key:
    """Colour and plain name of a part of the engine, by its role; parts of one name are shown as one."""
    role = role_of(name)
    return role.kind, role.label


def _groups(design: Design) -> dict[Key, float]:
    """Area of the parts, by colour and name; the core's first."""
    groups: dict[Key, float] = {}
    for part in sorted(design.parts, key=lambda part: not part.core):
        groups[_key(part.role)] = groups.get(_key(part.role), 0.0) + part.area_um2
    return groups


def _stack(design: Design) -> Stack:
    parts = [Part(name, colour, value) for (colour, name), value in _groups(design).items()]
    macros = [Part(MACROS, "memory estimate", design.macro_area_estimate_um2)] if design.macro_bits else []
    return Stack(design.scheme, parts, macros, design.core_area_um2)


def _parts(synth: Synthesis) -> Markup:
    groups = [_groups(design) for design in synth.designs]
    names = dict.fromkeys(key for group in groups for key in group)
    total = synth.engine_area_um2
    head = [tag("th", "Part"), *(tag("th", design.scheme, class_="n") for design in synth.designs)]
    head.insert(2, tag("th", "share", class_="n"))
    rows = [
        tag(
            "tr",
            tag("th", tag("span", class_=f"key {colour}"), name, scope="row"),
            _cells([group.get((colour, name)) for group in groups], total),
        )
        for colour, name in names
    ]
    rows += [
        _sum("Core", [design.core_area_um2 for design in synth.designs], total),
        _sum(
            "Engine, cells" if synth.has_memories else "Engine",
            [design.engine_area_um2 for design in synth.designs],
            total,
        ),
    ]
    if any(design.macro_bits for design in synth.designs):
        heading = tag("th", tag("span", class_="key memory estimate"), MACROS, scope="row")
        estimates = [design.macro_area_estimate_um2 if design.macro_bits else None for design in synth.designs]
        rows.append(tag("tr", heading, _cells(estimates, None)))
    if synth.has_memories:
        rows.append(_sum("Engine total (memories estimated)", [d.engine_total_area_um2 for d in synth.designs], None))
    sums = [design.engine_area_um2 for design in synth.designs]
    width = NAME + SHARE + figure_width(map(quantity, sums)) * len(groups)
    return table(head, rows, "Area of the parts", width, "parts")


def _sum(name: str, values: Sequence[float], total: float | None) -> Markup:
    return tag("tr", tag("th", name, scope="row"), _cells(values, total), class_="total")


def _cells(values: Sequence[float | None], total: float | None) -> list[Markup]:
    """The engine's area and its share of the whole, then the areas of the others."""
    first, *others = values
    return [cell(quantity(first)), cell(share(first, total)), *(cell(quantity(value)) for value in others)]


def _modules(synth: Synthesis) -> list[Markup]:
    head = [tag("th", "Module"), tag("th", "Instances", class_="n"), tag("th", "Area", class_="n"), tag("th", "In")]
    rows = [
        tag(
            "tr",
            tag("th", tag("code", part.module), scope="row"),
            cell(count(part.instances)),
            cell(quantity(part.area_um2)),
            cell("core" if part.core else "engine", number=False),
        )
        for part in synth.parts
    ]
    return [tag("summary", f"Modules of {synth.scheme}"), table(head, rows, "Area of the modules", 420)]

"""The part of the report about synthesis: where the area is, and the schemes side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gen.report.charts import Part, Stack, bar_chart, stacked_areas
from gen.report.data import JsonObject, RunData, text
from gen.report.figures import count, is_number, quantity, ratio, share
from gen.report.markup import Markup, Node, tag

__all__ = ["synthesis_sections"]

#: Colour and plain name of a part of the engine, by its role.
ROLES = {
    "pe": ("pe", "PEs"),
    "recode": ("recode", "recoders"),
    "row": ("drain", "result bus"),
    "array": ("skew", "bus registers"),
    "engine": ("control", "top"),
    "skew": ("skew", "skew"),
    "bus": ("drain", "result bus"),
    "drain": ("adders", "drain"),
    "adders": ("adders", "final adders"),
    "deskew": ("skew", "deskew"),
    "slice": ("stream", "slices"),
    "stream": ("stream", "streams"),
    "control": ("control", "control"),
}

#: Key, name, unit and which extreme is the better one.
METRICS: tuple[tuple[str, str, str, Callable[..., Any] | None], ...] = (
    ("core_area_um2", "Core area", "µm²", min),
    ("engine_area_um2", "Engine area", "µm²", min),
    ("cells", "Cells", "", min),
    ("fmax_mhz", "Best clock", "MHz", max),
    ("throughput_gops", "Throughput", "GOPS", max),
    ("gops_per_mm2_core", "Area efficiency, core", "GOPS/mm²", max),
    ("gops_per_mm2_engine", "Area efficiency, engine", "GOPS/mm²", max),
    ("power_mw", "Power", "mW", None),
    ("gops_per_w", "Energy efficiency", "GOPS/W", max),
    ("pj_per_mac", "Energy per MAC", "pJ", min),
)


def synthesis_sections(data: RunData) -> list[Markup]:
    """Area and comparison, or what to run to get them."""
    if data.synth is None:
        pending = tag(
            "div", "This engine has not been synthesised. Run ", tag("code", "bitloom synth"), ".", class_="pending"
        )
        return [tag("section", tag("h2", "Synthesis"), pending)]
    return [_area(data), _schemes(data)]


def conditions(synth: JsonObject) -> Markup:
    """Under which conditions the figures hold: never a figure without them."""
    named = (
        ("library", "library"),
        ("corner", "corner"),
        ("clock_ns", "clock period"),
        ("wns_ns", "worst slack"),
        ("activity", "switching activity"),
        ("tools", "tools"),
    )
    parts: list[Node] = []
    for key, name in named:
        value = synth.get(key)
        if value in (None, "", {}, []):
            continue
        shown = quantity(value, "ns") if key.endswith("_ns") else text(value)
        parts += [" · " if parts else "", f"{name} ", tag("b", shown)]
    inside = (
        "The core is the PEs and the recoders at the rows' edges; the engine is everything, with skew, drain, final "
    )
    inside += "adders, streams and control. Areas are cells without wires."
    return tag("p", parts, tag("br"), inside, class_="source")


def _parts(design: JsonObject) -> list[Part]:
    found = []
    for part in _list(design.get("parts")):
        if not (isinstance(part, dict) and is_number(part.get("area_um2"))):
            continue
        role = str(part.get("role", ""))
        colour, name = ROLES.get(role, ("other", role or text(part.get("module"))))
        found.append(Part(name, colour, float(part["area_um2"]), part.get("core") is True))
    return found


def _area(data: RunData) -> Markup:
    synth = data.synth or {}
    stacks = [Stack(str(design.get("scheme")), parts) for design in data.designs if (parts := _parts(design))]
    lead = "Cell area of the engine by part. The bracket marks the core."
    chart = tag("div", stacked_areas(stacks, "µm²"), class_="scroll") if stacks else None
    return tag(
        "section",
        tag("h2", "Area"),
        tag("p", lead, class_="lead") if stacks else None,
        tag("figure", chart, _part_table(synth), conditions(synth)) if stacks else None,
        tag("figure", _totals(synth), conditions(synth)) if not stacks else None,
    )


def _part_table(synth: JsonObject) -> Markup:
    rows = []
    total = synth.get("engine_area_um2")
    for part in _list(synth.get("parts")):
        if not isinstance(part, dict):
            continue
        colour, name = ROLES.get(str(part.get("role", "")), ("other", str(part.get("role", ""))))
        rows.append(
            tag(
                "tr",
                tag("th", tag("span", class_=f"key {colour}"), name, scope="row"),
                tag("td", tag("code", text(part.get("module")))),
                tag("td", "core" if part.get("core") is True else ""),
                tag("td", count(part.get("instances")), class_="n"),
                tag("td", quantity(part.get("area_um2")), class_="n"),
                tag("td", share(part.get("area_um2"), total), class_="n"),
            )
        )
    for name, key in (("Core", "core_area_um2"), ("Engine", "engine_area_um2")):
        cells = [
            tag("td"),
            tag("td"),
            tag("td"),
            tag("td", quantity(synth.get(key)), class_="n"),
            tag("td", share(synth.get(key), total), class_="n"),
        ]
        rows.append(tag("tr", tag("th", name, scope="row"), cells, class_="total"))
    names = ("Part", "Module", "", "Instances", "Area, µm²", "Share")
    head = tag("tr", [tag("th", name, class_="n" if i > 2 else None) for i, name in enumerate(names)])
    table = tag("table", tag("thead", head), tag("tbody", rows))
    return tag("div", table, class_="scroll", style="margin-top:22px")


def _totals(synth: JsonObject) -> Markup:
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", quantity(synth.get(key), "µm²"), class_="n"))
        for name, key in (("Core", "core_area_um2"), ("Engine", "engine_area_um2"))
    ]
    return tag("table", tag("tbody", rows))


def _schemes(data: RunData) -> Markup:
    designs = data.designs
    base = next((design for design in designs if design.get("scheme") == "mac"), None)
    compared = len(designs) > 1
    schemes = [str(design.get("scheme")) for design in designs]
    own = designs[0]
    reference = base if compared and base is not own else (designs[1] if compared else None)
    title = "The schemes side by side" if compared else "Speed, power, efficiency"
    lead = "Every design went through the same flow on the same library; each is measured at its own best clock."
    charts: list[Node] = []
    if compared:
        for key, name in (("gops_per_mm2_core", "core"), ("gops_per_mm2_engine", "engine")):
            rows = [
                (
                    str(design.get("scheme")),
                    float(design[key]),
                    quantity(design[key]),
                    "pe" if design is own else "other",
                )
                for design in designs
                if is_number(design.get(key))
            ]
            if rows:
                heading = tag("h3", f"Area efficiency of the {name}, GOPS/mm²", style="margin-top:0")
                charts.append(tag("figure", heading, bar_chart(rows, f"Area efficiency of the {name} by scheme")))
    head = [tag("th", ""), *(tag("th", scheme, class_="n") for scheme in schemes)]
    if reference is not None:
        head.append(tag("th", f"{schemes[0]} ÷ {reference.get('scheme')}", class_="n"))
    body = [_metric_row(designs, reference, *metric) for metric in METRICS if any(metric[0] in d for d in designs)]
    table = tag("table", tag("thead", tag("tr", head)), tag("tbody", body))
    notes = [
        tag("p", tag("b", f"{design.get('scheme')}: "), text(design["notes"]), class_="source")
        for design in designs
        if design.get("notes")
    ]
    return tag(
        "section",
        tag("h2", title),
        tag("p", lead, class_="lead") if compared else None,
        tag("div", charts, class_="two") if charts else None,
        tag("figure", tag("div", table, class_="scroll"), notes, conditions(data.synth or {})),
    )


def _metric_row(
    designs: list[JsonObject],
    reference: JsonObject | None,
    key: str,
    name: str,
    unit: str,
    better: Callable[..., Any] | None,
) -> Markup:
    values = [design.get(key) for design in designs]
    known = [value for value in values if is_number(value)]
    best = better(known) if better is not None and len(known) > 1 else None
    cells = [
        tag(
            "td",
            count(value) if key == "cells" else quantity(value),
            class_="n best" if value == best and best is not None else "n",
        )
        for value in values
    ]
    if reference is not None:
        cells.append(tag("td", ratio(values[0], reference.get(key)), class_="n"))
    return tag("tr", tag("th", name, " ", tag("small", unit), scope="row"), cells)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

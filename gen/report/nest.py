"""The part of the report about the loop nest: what it is, what it became, and how it came about."""

from __future__ import annotations

from gen.explain import explain, no_nest
from gen.nest.table import render
from gen.report.data import RunData, text
from gen.report.figures import count
from gen.report.markup import Markup, tag

__all__ = ["nest_section"]

#: K of the tile whose operations are counted, if the engine's limit allows.
TABLE_K = 1024


def nest_section(data: RunData) -> list[Markup]:
    """The loop nest, what each primitive became, and how the nest came about."""
    params = data.params
    found = explain(params, min(TABLE_K, params.k_limit))
    prefix = text(data.manifest.get("prefix")) or "bitloom"
    rows = [
        tag(
            "tr",
            tag("th", tag("code", place.primitive), scope="row"),
            tag("td", f"{count(place.copies)} × ", tag("code", f"{prefix}_{place.module}")),
            tag("td", place.text),
        )
        for place in found.hardware
    ]
    head = tag("tr", tag("th", "Primitive"), tag("th", "Modules"), tag("th", "What it is there"))
    hardware = [tag("div", tag("table", tag("thead", head), tag("tbody", rows)), class_="scroll")]
    hardware += [tag("figcaption", note) for note in found.notes]
    if not found.steps:
        return [tag("h3", "The hardware"), tag("p", no_nest(params), class_="lead"), tag("figure", hardware)]
    assumed = "" if found.sigma is None else f", with operands of A that are normal, standard deviation {found.sigma:g}"
    steps = [
        tag(
            "details",
            tag("summary", f"{step.name}: {step.moves}"),
            tag("p", f"Legal: {step.legal}") if step.legal else None,
            tag("pre", f"{step.nest}\n{render(step.table)}"),
        )
        for step in found.steps
    ]
    return [
        tag("h3", "The loop nest"),
        tag(
            "p",
            "A primitive stands where its hardware stands: it is copied once for each step of the ",
            tag("code", "space"),
            " loops around it, and works in each step of the ",
            tag("code", "time"),
            f" loops around it. Operations and cycles are those of a tile with K = {count(found.k)}{assumed}.",
            class_="lead",
        ),
        tag("pre", f"{found.steps[-1].nest}\n{render(found.steps[-1].table)}"),
        tag("figure", hardware),
        tag("p", found.timing[-1], class_="lead"),
        tag("h3", "How it came about"),
        *steps,
    ]

"""The part of the report about the loop nest: what it is, what it became, and how it came about."""

from __future__ import annotations

from gen.explain import explain, no_nest
from gen.nest.table import render
from gen.report.blocks import Section, cell, preformatted, table
from gen.report.data import RunData
from gen.report.figures import count
from gen.report.markup import Node, tag

__all__ = ["nest"]

#: K of the tile whose operations are counted, if the engine's limit allows.
TABLE_K = 1024


def nest(data: RunData) -> Section:
    """The loop nest, what each primitive became, and how the nest came about."""
    params = data.params
    found = explain(params, min(TABLE_K, params.k_limit))
    rows = [
        tag(
            "tr",
            tag("th", tag("code", place.primitive), scope="row"),
            cell([f"{count(place.copies)} × ", tag("code", f"{data.manifest.prefix}_{place.module}")], number=False),
            cell(place.text, number=False),
        )
        for place in found.hardware
    ]
    head = [tag("th", "Primitive"), tag("th", "Modules"), tag("th", "What it is there")]
    hardware: list[Node] = [table(head, rows, "What became of each primitive", 560, "hardware")]
    hardware += [tag("figcaption", note) for note in found.notes]
    if not found.steps:
        return Section("nest", "The hardware", [tag("p", no_nest(params), class_="lead"), tag("figure", hardware)])
    assumed = "" if found.sigma is None else f", with operands of A that are normal, standard deviation {found.sigma:g}"
    steps = [
        tag(
            "details",
            tag("summary", f"{step.name}: {step.moves}"),
            tag("p", f"Legal: {step.legal}") if step.legal else None,
            preformatted(f"{step.nest}\n{render(step.table)}", f"The nest after {step.name}"),
        )
        for step in found.steps
    ]
    lead = tag(
        "p",
        "A primitive stands where its hardware stands: it is copied once for each step of the ",
        tag("code", "space"),
        " loops around it, and works in each step of the ",
        tag("code", "time"),
        f" loops around it. Operations and cycles are those of a tile with K = {count(found.k)}{assumed}.",
        class_="lead",
    )
    last = found.steps[-1]
    body: list[Node] = [
        lead,
        tag("figure", preformatted(f"{last.nest}\n{render(last.table)}", "The loop nest")),
        tag("figure", hardware),
        tag("p", found.timing[-1], class_="lead"),
        tag("h3", "How it came about"),
        *steps,
    ]
    return Section("nest", "The loop nest", body)

"""The page about a network on an engine: cycles, utilisation, traffic and energy of its layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gen.report.blocks import Section, cell, facts, table
from gen.report.document import body_of, brand, document
from gen.report.figures import count, percent, quantity
from gen.report.mapping.roofline import moved, roofline
from gen.report.markup import Markup, tag
from gen.version import VERSION
from gen.words import counted

__all__ = ["mapping_page"]

Figures = dict[str, Any]
#: Width of the table of layers, px.
WIDTH = 1300
#: Characters of a layer's name beside its bar.
LABEL = 18


def mapping_page(found: Figures) -> Markup:
    """The whole document, from what ``bitloom map --json`` prints."""
    totals, title = found["totals"], f"{found['network']} on {found['engine']}"
    kind = "exact" if found["exact"] else "expected"
    products = counted(len(found["layers"]), "matrix product")
    subtitle = f"{products}, {count(totals['macs'])} multiply-accumulates; cycles {kind}"
    header = tag("header", brand("mapping report"), tag("h1", title), tag("p", subtitle, class_="subtitle"))
    sections = [_bars(found), _roofline(found), _layers(found), _basis(found)]
    return document(
        title, [header, _summary(found), *body_of(sections), tag("footer", f"Bitloom {VERSION}")], styles=("pim.css",)
    )


def _summary(found: Figures) -> Markup:
    totals = found["totals"]
    figures = [
        ("Of the array's peak", percent(totals["utilisation"])),
        ("Possible with these sizes", percent(totals["bound"])),
        ("Least of what is possible", percent(totals["least_of_bound"])),
        ("Bytes moved", count(moved(totals))),
        ("Layers that memory holds back", count(totals["memory_bound"])),
        ("Energy", quantity(totals["energy_uj"], "uJ")),
    ]
    return tag(
        "section",
        tag("h2", f"{count(totals['cycles'])} cycles", id="summary-title"),
        tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in figures], class_="figures wide"),
        id="summary",
        aria_labelledby="summary-title",
    )


def _bars(found: Figures) -> Section:
    """Bars of every layer, of what was found."""
    layers = found["layers"]
    charts = [_chart("Cycles", layers, lambda each: each["cycles"], count)]
    charts.append(_chart("Share of the peak", layers, lambda each: each["utilisation"], percent, most=1.0))
    if found["energy"] is not None:
        charts.append(_chart("Energy, uJ", layers, lambda each: each["energy_uj"], quantity))
    return Section("layers", "Layer by layer", [tag("div", charts, class_="charts")])


def _chart(
    title: str, layers: list[Figures], of: Callable[[Figures], float], words: Callable[[Any], str], most: float = 0.0
) -> Markup:
    most = most or max(map(of, layers))
    rows = [
        tag(
            "div",
            tag("span", _short(each["layer"]), class_="scope", title=each["layer"]),
            tag("div", tag("i", style=f"width:{100 * of(each) / most:.2f}%"), class_="track"),
            tag("span", words(of(each)), class_="value"),
            class_="bar ours",
        )
        for each in layers
    ]
    spoken = "; ".join(f"{each['layer']} {words(of(each))}" for each in layers)
    bars = tag("div", rows, class_="bars", role="img", aria_label=f"{title}. {spoken}")
    return tag("figure", tag("h3", title), bars, class_="chart")


def _short(name: str) -> str:
    """A name that leaves room for its bar: the end of a long one, which says more than its begin."""
    return name if len(name) <= LABEL else f"…{name[1 - LABEL :]}"


def _roofline(found: Figures) -> Section:
    lead = (
        "Multiply-accumulates a cycle over those for each byte that is moved. The line is what memory allows, and the "
        "array's peak; a layer on its slope waits for memory."
    )
    return Section("roofline", "Roofline", [tag("p", lead, class_="lead"), tag("figure", roofline(found))])


def _layers(found: Figures) -> Section:
    columns: list[tuple[str, str, Callable[[Any], str] | None]] = [
        *((key, key.upper(), count) for key in "mkn"),
        ("groups", "Groups", count),
        ("packed", "Packed", None),
        ("cycles", "Cycles", count),
        ("utilisation", "Of the peak", percent),
        ("bound", "Possible", percent),
        ("read_activations", "Activations, bytes", count),
        ("read_weights", "Weights, bytes", count),
        ("written", "Results, bytes", count),
        ("energy_uj", "Energy, uJ", quantity),
    ]
    head = [tag("th", "Layer"), *(tag("th", words, class_="n" if form else None) for _, words, form in columns)]
    rows = [
        tag(
            "tr",
            tag("th", each["layer"], scope="row"),
            *(cell(form(each[key]) if form else each[key], number=form is not None) for key, _, form in columns),
        )
        for each in found["layers"]
    ]
    return Section("table", "Table", [table(head, rows, "Layers", WIDTH)])


def _basis(found: Figures) -> Section:
    buffers = found["buffers"]
    cycles = (
        "exact: those of the hardware's own counter, a job for each layer, with operands that stream without stalls"
    )
    if not found["exact"]:
        spread = "uniform" if found["sigma"] is None else f"normal with standard deviation {found['sigma']:g}"
        cycles = f"expected, as operands decide about them: operands {spread}"
    energy = found["energy"]["source"] if found["energy"] else "not measured: run bitloom synth on the configuration"
    rows = [
        ("Cycles", cycles),
        ("Possible", "the share of the peak that sizes of layers, edges of tiles and packing leave"),
        ("Energy", energy),
        (
            "Buffers",
            f"activations {count(buffers['activations'])} bytes, weights {count(buffers['weights'])}, "
            f"results {count(buffers['results'])}; memory moves {count(buffers['bandwidth'])} bytes a cycle",
        ),
    ]
    if found["others"]:
        others = ", ".join(f"{number} {name}" for name, number in found["others"].items())
        rows.append(("Not on the engine", others))
    return Section("basis", "Basis", [facts(rows)])

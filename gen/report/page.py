"""The report: one HTML page that needs nothing but itself."""

from __future__ import annotations

from gen.report.area import area
from gen.report.basis import basis
from gen.report.comparison import comparison
from gen.report.data import RunData, pairs
from gen.report.document import body_of, brand, document
from gen.report.engine import element, engine, interface
from gen.report.figures import count, duration, rate
from gen.report.layout import layout
from gen.report.markup import Markup, tag
from gen.report.nest import nest
from gen.report.simulation import simulation
from gen.report.summary import summary
from gen.timing import tile_words
from hdl.params.axis_words import arrangement
from hdl.params.title import Title

__all__ = ["page"]


def page(data: RunData) -> Markup:
    """The whole document."""
    title = _title(data)
    synth = data.synth
    sections = [comparison(synth), *([area(synth), basis(synth)] if synth else []), simulation(data.sim)]
    sections += [layout(data.layout)] if data.layout else []
    sections += [engine(data), element(data), nest(data), interface(data)]
    styles = ("layout.css",) if data.layout else ()
    return document(title, [_header(data, title), summary(data), *body_of(sections), _footer(data)], styles=styles)


def _title(data: RunData) -> str:
    title = Title(data.params)
    return f"{title.size(' × ')} {arrangement(data.params.axes)}, {title.scheme}"


def _header(data: RunData, title: str) -> Markup:
    params = data.params
    subtitle = (
        f"{tile_words(params, '×')}: {params.a} × {params.b} "
        f"operands, {params.result} results, any K up to {count(params.k_limit)}"
    )
    likeness = Title(params).likeness
    like = tag("p", f"A nest without a name, {likeness}", class_="subtitle") if likeness else None
    behind = tag("p", f"Behind {data.front.title}", class_="subtitle") if data.front else None
    return tag("header", brand("engine report"), tag("h1", title), tag("p", subtitle, class_="subtitle"), like, behind)


def _footer(data: RunData) -> Markup:
    manifest = data.manifest
    tools = dict(manifest.tools)
    steps = (data.sim.versions if data.sim else {}, data.synth.tools if data.synth else {})
    for found in (*steps, data.layout.tools if data.layout else {}):
        tools |= found
    lines = [
        f"Bitloom {manifest.bitloom_version}",
        f"module {manifest.top}",
        f"configuration {manifest.config_hash}",
        pairs(tools),
    ]
    if data.sim:
        speed = rate(data.sim.macs_per_second, "MAC/s")
        lines.append(f"simulated in {duration(data.sim.sim_seconds)} at {speed}")
    return tag("footer", " · ".join(line for line in lines if line))

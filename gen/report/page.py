"""The report: one HTML page that needs nothing but itself."""

from __future__ import annotations

from pathlib import Path

from gen.report.area import area
from gen.report.basis import basis
from gen.report.comparison import comparison
from gen.report.data import RunData, pairs
from gen.report.engine import element, engine, interface
from gen.report.figures import count, duration, rate
from gen.report.markup import Markup, join, tag
from gen.report.nest import nest
from gen.report.simulation import simulation
from gen.report.summary import summary

__all__ = ["page", "style"]

ARRAY_NAMES = {
    "systolic_os": "output-stationary systolic array",
    "systolic_ws": "weight-stationary systolic array",
    "cube": "cube of PEs",
    "adder_tree": "multipliers and adder trees",
    "matrix_2d": "2D matrix of PEs",
}
#: The style sheets, in the order of the page's.
STYLES = ("style.css", "charts.css", "drawings.css")


def page(data: RunData) -> Markup:
    """The whole document."""
    title = _title(data)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"Bitloom: {title}"),
        tag("style", Markup(style())),
    )
    synth = data.synth
    sections = [comparison(synth), *([area(synth), basis(synth)] if synth else []), simulation(data.sim)]
    sections += [engine(data), element(data), nest(data), interface(data)]
    contents = tag("nav", tag("ol", [tag("li", section.link) for section in sections]), aria_label="Contents")
    body = [section.render() for section in sections]
    main = tag("main", _header(data, title), summary(data), contents, body, _footer(data))
    return join(Markup("<!doctype html>\n"), tag("html", head, tag("body", main), lang="en"), "\n")


def style() -> str:
    """The style sheet."""
    return "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in STYLES)


def _title(data: RunData) -> str:
    params = data.params
    depth = f" × {params.depth}" if params.deep else ""
    return f"{params.rows} × {params.cols}{depth} {ARRAY_NAMES[params.array]}, {params.scheme}"


def _header(data: RunData, title: str) -> Markup:
    params = data.params
    kind = "s" if params.result_signed else "u"
    subtitle = (
        f"C[{params.rows}, {params.cols}] = A[{params.rows}, K] × B[K, {params.cols}]: {params.a} × {params.b} "
        f"operands, {kind}{params.accumulator} results, any K up to {count(params.k_limit)}"
    )
    brand = tag("div", _mark(), tag("b", "Bitloom"), tag("span", "engine report"), class_="brand")
    return tag("header", brand, tag("h1", title), tag("p", subtitle, class_="subtitle"))


def _mark() -> Markup:
    """Warp and weft: three threads each way, over and under."""
    threads = [
        tag("path", d=f"M{x} 2V{a}M{x} {b}V20", stroke="currentColor", stroke_width=2.4, fill="none")
        for x, a, b in ((5, 13.5, 18.5), (11, 3.5, 8.5), (17, 13.5, 18.5))
    ]
    weft = [
        tag("path", d=d, stroke="currentColor", stroke_width=2.4, fill="none")
        for d in (
            "M2 6H3.5M6.6 6H15.4M18.6 6H20",
            "M2 16H9.4M12.6 16H20",
            "M2 11H3.4M6.6 11H9.4M12.6 11H15.4M18.6 11H20",
        )
    ]
    return tag("svg", threads, weft, viewBox="0 0 22 22", aria_hidden="true")


def _footer(data: RunData) -> Markup:
    manifest = data.manifest
    tools = dict(manifest.tools)
    for found in (data.sim.versions if data.sim else {}, data.synth.tools if data.synth else {}):
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

"""The report: one HTML page that needs nothing but itself."""

from __future__ import annotations

from pathlib import Path

from gen.report.data import JsonObject, RunData, text
from gen.report.diagrams.engine import engine_diagram
from gen.report.diagrams.pe import pe_diagram
from gen.report.figures import count, duration, is_number, percent, quantity, rate
from gen.report.markup import Markup, Node, join, tag
from gen.report.nest import nest_section
from gen.report.simulation import simulation_section
from gen.report.synthesis import Units, synthesis_sections
from gen.timing import drain_cycles, interval_words, pes
from hdl.arith.encoding import encoding
from hdl.params import EngineParams

__all__ = ["page", "style"]

ARRAY_NAMES = {
    "systolic_os": "output-stationary systolic array",
    "systolic_ws": "weight-stationary systolic array",
    "cube": "cube of PEs",
    "adder_tree": "multipliers and adder trees",
    "matrix_2d": "2D matrix of PEs",
}
PE_TEXTS = {
    "mac": "Multiply and add. The carry-propagate addition stands inside the loop over k: it is part of every cycle.",
    "opt1": (
        "The operand of A arrives as digits, recoded once where it enters the array. Each digit picks a multiple of b; "
        "all of them are compressed into a sum that keeps its carries (carry-save), so that no long carry chain is "
        "left in the loop over k. Sum and carries meet outside of it, in the final adders."
    ),
    "opt2": (
        "The operand of A arrives as digits, recoded once where it enters the array. Products of digits of equal "
        "weight are summed apart, in few bits and without a shift; the weights are combined outside of the loop over k."
    ),
    "opt3": (
        "A group of digits of equal weight arrives. The PE picks those that are not zero, one a cycle, and adds that "
        "multiple of its operand of B to the sum of the weight, in carry-save form. It never shifts."
    ),
    "opt4c": (
        "A digit that is not zero arrives, picked once for all PEs of the row. Its multiple of the operand of B is "
        "added to the sum of the digit's weight, in carry-save form. The PE never shifts and never waits."
    ),
    "opt4e": (
        "Up to four digits that are not zero arrive, each from its own steps of K, picked once for all PEs of the row. "
        "Their multiples of four operands of B are added to one sum in carry-save form, which is that of their weight."
    ),
    "laconic": (
        "Operands of A and of B arrive as terms, plus or minus a power of two, one pair a lane and cycle. To multiply "
        "them is to add their exponents; the products of all lanes are added to a sum in carry-save form."
    ),
}
#: Schemes whose PEs have no enable.
FREE = ("opt3", "opt4c", "opt4e")


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
    results = [simulation_section(data), *synthesis_sections(data)]
    main = tag("main", _header(data, title), _engine(data), _pe(data), results, _interface(data), _footer(data))
    return join(Markup("<!doctype html>\n"), tag("html", head, tag("body", main), lang="en"), "\n")


def style() -> str:
    """The style sheet."""
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def _title(data: RunData) -> str:
    params = data.params
    depth = f" × {params.depth}" if params.deep else ""
    return f"{params.rows} × {params.cols}{depth} {ARRAY_NAMES.get(params.array, params.array)}, {params.scheme}"


def _header(data: RunData, title: str) -> Markup:
    params, manifest = data.params, data.manifest
    kind = "s" if params.result_signed else "u"
    subtitle = f"C[{params.rows}, {params.cols}] = A[{params.rows}, K] × B[K, {params.cols}] on "
    subtitle += (
        f"{params.a} × {params.b} operands, {kind}{params.accumulator} results, any K up to {count(params.k_limit)}"
    )
    identity = [("module", manifest.get("top")), ("configuration", str(manifest.get("config_hash") or "")[:12])]
    return tag(
        "header",
        tag("div", _mark(), tag("b", "Bitloom"), tag("span", "engine report"), class_="brand"),
        tag("h1", title, tag("small", subtitle)),
        tag("p", [_pair(name, value, i) for i, (name, value) in enumerate(identity) if value], class_="identity"),
        tag("ul", _badges(data), class_="badges"),
        tag(
            "dl",
            [tag("div", tag("dt", name), tag("dd", value)) for name, value in _key_figures(data)],
            class_="figures",
        ),
    )


def _pair(name: str, value: object, number: int) -> Markup:
    return join(" · " if number else "", name, " ", tag("code", text(value)))


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


def _badges(data: RunData) -> list[Markup]:
    return [_simulation_badge(data), _synthesis_badge(data)]


def _badge(state: str, headline: str, *rest: Node) -> Markup:
    sign = {"good": "✓", "bad": "✗", "open": "○"}[state]
    return tag("li", tag("i", sign), tag("div", tag("b", headline), tag("span", *rest)), class_=f"badge {state}")


def _simulation_badge(data: RunData) -> Markup:
    sim = data.sim
    if sim is None:
        return _badge("open", "Not simulated", "run ", tag("code", "bitloom simulate"))
    checked = f"{count(sim.get('elements_checked'))} elements compared"
    if sim.get("passed") is not True:
        return _badge(
            "bad", "Simulation failed", f"{checked}, {count(sim.get('mismatches'))} differ from the golden model"
        )
    accuracy = sim.get("accuracy")
    tail = f", accuracy {percent(accuracy)}" if is_number(accuracy) else ""
    return _badge("good", "Verified bit for bit", checked + tail)


def _synthesis_badge(data: RunData) -> Markup:
    synth = data.synth
    if synth is None:
        return _badge("open", "Not synthesised", "run ", tag("code", "bitloom synth"))
    checks = synth.get("checks")
    found = dict.fromkeys(map(str, checks), 0) if isinstance(checks, list) else checks
    if not (isinstance(found, dict) and found):
        return _badge("good", "Synthesised", text(synth.get("library")))
    failed = [name for name, number in found.items() if isinstance(number, bool) or number != 0]
    if failed:
        return _badge("bad", "Synthesis checks failed", ", ".join(failed).replace("_", " "))
    return _badge("good", "Synthesis checks passed", f"none of: {', '.join(found)}".replace("_", " "))


def _key_figures(data: RunData) -> list[tuple[str, Node]]:
    params, sim, synth = data.params, data.sim or {}, data.synth or {}
    figures: list[tuple[str, Node]] = [("Processing elements", count(pes(params)))]
    if "cycles_per_step" in sim:
        figures.append(("Cycles a step of K", f"{sim['cycles_per_step']:.2f}"))
    elif "utilization" in sim:
        figures.append(("PE utilisation", percent(sim["utilization"])))
    units = Units.of(synth)
    scale, area_unit = (1e6, "mm²") if units.silicon else (1, units.area)
    for key, name, divisor, unit in (
        ("fmax_mhz", "Best clock", 1, units.clock),
        ("throughput_gops", "Throughput", 1, units.throughput),
        ("core_area_um2", "Area, core", scale, area_unit),
        ("engine_area_um2", "Area, engine", scale, area_unit),
        ("power_mw", "Power", 1, "mW"),
    ):
        value = synth.get(key)
        if is_number(value):
            figures.append((name, [quantity(value / divisor), " ", tag("small", unit)]))
    if data.synth is None:
        flow = data.flow
        figures += [
            ("Stream A", [count(flow.a.tdata_bits), " ", tag("small", "bits")]),
            ("Stream B", [count(flow.b.tdata_bits), " ", tag("small", "bits")]),
            ("Stream C", [count(flow.c.tdata_bits), " ", tag("small", "bits")]),
        ]
        if not params.data_dependent:
            figures.append(("Least tile interval", [count(flow.tile_interval(1)), " ", tag("small", "cycles")]))
    return figures


def _engine(data: RunData) -> Markup:
    params = data.params
    interval = (
        f"Tiles follow each other {interval_words(params)}; the results of one leave while the next is computed. "
    )
    if drain_cycles(params) is not None:
        interval += "The lower bound is the number of cycles in which a tile's results occupy the result bus. "
    beats = (
        f"Every stream takes any gap and any back-pressure. {_operand_beats(params)} "
        f"Results leave as {_count_of(params.rows, 'beat')}, one row of C each."
    )
    latency = data.manifest.get("latency")
    tail = f"From a tile's last operands to its first results: {count(latency)} cycles." if latency else ""
    return tag(
        "section",
        tag("h2", "The engine"),
        tag("p", interval, beats, " ", tail, class_="lead"),
        tag("figure", engine_diagram(params)),
    )


def _operand_beats(params: EngineParams) -> str:
    if params.weight_stationary:
        return f"K is cut into blocks of {params.depth}: a beat of A is a row of a block, a beat of B one k."
    if params.k_step > 1:
        return f"One beat of A and B holds {params.k_step} steps of K."
    return "One beat of A and B is one k: a column of A, a row of B."


def _count_of(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def _pe(data: RunData) -> Markup:
    params = data.params
    caption = "Small numbers are widths in bits. "
    if params.scheme not in FREE:
        caption += "All registers share one enable; frozen, nothing changes. "
    if params.scheme != "mac":
        digits = encoding(params.encoder, params.a)
        caption += f"An operand of format {params.a} has {digits.digits} digits on {digits.bits} wires"
        caption += "." if digits.plain else ": one, two, negative."
    return tag(
        "section",
        tag("h2", "One processing element"),
        tag("p", PE_TEXTS.get(params.scheme, ""), class_="lead"),
        tag("figure", pe_diagram(params), tag("figcaption", caption)),
        nest_section(data),
    )


def _interface(data: RunData) -> Markup | None:
    ports = data.manifest.get("ports")
    if not isinstance(ports, list) or not ports:
        return None
    rows = [
        tag(
            "tr",
            tag("th", tag("code", text(port.get("name"))), scope="row"),
            tag("td", text(port.get("direction"))),
            tag("td", text(port.get("width")), class_="n"),
            tag("td", text(port.get("description"))),
        )
        for port in ports
        if isinstance(port, dict)
    ]
    head = tag("tr", tag("th", "Port"), tag("th", "Direction"), tag("th", "Bits", class_="n"), tag("th", "Meaning"))
    return tag(
        "section",
        tag("h2", "Interface"),
        tag("p", f"Ports of {text(data.manifest.get('top'))}. All are synchronous to the clock.", class_="lead"),
        tag("figure", tag("div", tag("table", tag("thead", head), tag("tbody", rows)), class_="scroll")),
    )


def _footer(data: RunData) -> Markup:
    manifest = data.manifest
    tools: JsonObject = {}
    for versions in (manifest.get("tools"), (data.sim or {}).get("versions"), (data.synth or {}).get("tools")):
        tools |= versions if isinstance(versions, dict) else {}
    lines = [
        f"Bitloom {text(manifest.get('bitloom_version'))}",
        text(tools),
        f"configuration {text(manifest.get('config_hash'))}",
    ]
    seconds = (data.sim or {}).get("sim_seconds")
    if seconds is not None:
        speed = rate((data.sim or {}).get("macs_per_second"), "MAC/s")
        lines.append(f"simulated in {duration(seconds)} at {speed}")
    return tag("footer", " · ".join(line for line in lines if line.strip()))

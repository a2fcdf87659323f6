"""The part of the report about synthesis: where the area is, and the schemes side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gen.report.charts import Part, Stack, bar_chart, stacked_areas
from gen.report.data import JsonObject, RunData, text
from gen.report.figures import count, is_number, quantity, ratio, share
from gen.report.markup import Markup, Node, tag

__all__ = ["Units", "synthesis_sections"]

#: Colour and plain name of a part of the engine, by its role; parts of one name are shown as one.
ROLES = {
    "pe": ("pe", "PEs"),
    "recode": ("recode", "recoders"),
    "picker": ("recode", "pickers"),
    "accumulator": ("adders", "accumulators"),
    "tree": ("adders", "trees"),
    "cell": ("pe", "cells"),
    "row": ("drain", "result bus"),
    "bus": ("drain", "result bus"),
    "array": ("drain", "result bus"),
    "adders": ("adders", "final adders"),
    "drain": ("adders", "final adders"),
    "skew": ("skew", "skew"),
    "deskew": ("skew", "deskew"),
    "sparse": ("control", "sparse control"),
    "window": ("skew", "window"),
    "memory": ("stream", "memories"),
    "slice": ("stream", "register slices"),
    "control": ("control", "control"),
    "jobs": ("control", "control"),
    "engine": ("control", "top level"),
}

Better = Callable[..., Any] | None


@dataclass(frozen=True)
class Units:
    """The units of a library's figures: those of silicon, or NAND2 equivalents and FO4 of one without a process."""

    area: str = "µm²"
    time: str = "ns"
    clock: str = "MHz"
    throughput: str = "GOPS"
    efficiency: str = "GOPS/mm²"

    @classmethod
    def of(cls, synth: JsonObject) -> Units:
        """The units of a design."""
        if synth.get("area_unit") == "NAND2":
            return cls("NAND2", "FO4", "per 1000 FO4", "operations/FO4", "operations/FO4 per 10⁶ NAND2")
        return cls()

    @property
    def silicon(self) -> bool:
        """Areas are areas, and can be given in square millimetres."""
        return self.area == "µm²"

    def metrics(self) -> list[tuple[str, str, str, Better]]:
        """Key, name, unit and which extreme is the better one."""
        return [
            ("core_area_um2", "Area of the core", self.area, min),
            ("engine_area_um2", "Area of the engine", self.area, min),
            ("cells", "Cells of the engine", "", None),
            ("core_fmax_mhz", "Best clock of the core", self.clock, max),
            ("fmax_mhz", "Best clock of the engine", self.clock, max),
            ("clock_ns", "Clock period of the engine's figures", self.time, None),
            ("core_throughput_gops", "Throughput of the core", self.throughput, max),
            ("throughput_gops", "Throughput of the engine", self.throughput, max),
            ("gops_per_mm2_core", "Area efficiency of the core", self.efficiency, max),
            ("gops_per_mm2_engine", "Area efficiency of the engine", self.efficiency, max),
            ("power_mw", "Power of the engine", "mW", None),
            ("gops_per_w", "Energy efficiency of the engine", "GOPS/W", max),
            ("pj_per_mac", "Energy of a multiply-accumulate", "pJ", min),
        ]


def synthesis_sections(data: RunData) -> list[Markup]:
    """Area and comparison, or what to run to get them."""
    if data.synth is None:
        message = ["This engine has not been synthesised. Run ", tag("code", "bitloom synth"), "."]
        return [tag("section", tag("h2", "Synthesis"), tag("div", message, class_="pending"))]
    return [_area(data.synth, data.designs), _schemes(data)]


def _conditions(synth: JsonObject) -> Markup:
    """Under which conditions the figures hold: never a figure without them."""
    named = (
        ("library", "library"),
        ("corner", "corner"),
        ("tools", "tools"),
        ("timing_by", "timing by"),
        ("activity", "switching activity"),
    )
    parts: list[Node] = []
    for key, name in named:
        if synth.get(key) not in (None, "", {}, []):
            parts += [" · " if parts else "", f"{name} ", tag("b", text(synth[key]))]
    core = text(synth.get("core_inside")) or "PEs and recoders"
    engine = text(synth.get("engine_inside")) or "everything"
    inside = f"Core: {core}. Engine: {engine}. Cell areas, without wires."
    if is_number(synth.get("macro_bits")) and synth["macro_bits"]:
        estimate = quantity(synth.get("macro_area_estimate_um2"))
        inside += f" {count(synth['macro_bits'])} bits of memory are macros outside of both (estimate {estimate})."
    notes = [[tag("br"), text(note)] for note in _list(synth.get("library_notes"))]
    return tag("p", parts, tag("br"), inside, notes, class_="source")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(part: JsonObject) -> tuple[str, str]:
    """Colour and name of a part."""
    role = str(part.get("role", ""))
    return ROLES.get(role, ("other", role or text(part.get("module"))))


def _groups(design: JsonObject) -> dict[tuple[str, str], list[JsonObject]]:
    """The parts that have an area, by colour and name; the core's first."""
    parts = [part for part in _list(design.get("parts")) if isinstance(part, dict) and is_number(part.get("area_um2"))]
    parts.sort(key=lambda part: part.get("core") is not True)
    groups: dict[tuple[str, str], list[JsonObject]] = {}
    for part in parts:
        groups.setdefault(_named(part), []).append(part)
    return groups


def _stack(design: JsonObject) -> Stack:
    return Stack(
        str(design.get("scheme")),
        [
            Part(name, colour, float(sum(part["area_um2"] for part in parts)), parts[0].get("core") is True)
            for (colour, name), parts in _groups(design).items()
        ],
    )


def _area(synth: JsonObject, designs: list[JsonObject]) -> Markup:
    units = Units.of(synth)
    stacks = [stack for stack in map(_stack, designs) if stack.parts]
    if not stacks:
        return tag("section", tag("h2", "Area"), tag("figure", _part_table(synth, units), _conditions(synth)))
    lead = "Cell area by part, on one scale. The bracket marks the core."
    chart = tag("div", stacked_areas(stacks, units.area), class_="scroll")
    figure = tag("figure", chart, _part_table(synth, units), _conditions(synth))
    return tag("section", tag("h2", "Area"), tag("p", lead, class_="lead"), figure)


def _part_table(synth: JsonObject, units: Units) -> Markup:
    """The parts of this engine, and their sums."""
    total = synth.get("engine_area_um2")
    rows = []
    for (colour, name), parts in _groups(synth).items():
        area = parts[0]["area_um2"] if len(parts) == 1 else sum(part["area_um2"] for part in parts)
        instances = [part.get("instances") for part in parts if is_number(part.get("instances"))]
        modules = [[", " if i else "", tag("code", text(part.get("module")))] for i, part in enumerate(parts)]
        rows.append(
            tag(
                "tr",
                tag("th", tag("span", class_=f"key {colour}"), name, scope="row"),
                tag("td", modules, class_="modules"),
                tag("td", count(sum(instances)), class_="n"),
                tag("td", quantity(area), class_="n"),
                tag("td", share(area, total), class_="n"),
            )
        )
    for name, key in (("Core", "core_area_um2"), ("Engine", "engine_area_um2")):
        cells = [tag("td"), tag("td")]
        cells += [tag("td", value, class_="n") for value in (quantity(synth.get(key)), share(synth.get(key), total))]
        rows.append(tag("tr", tag("th", name, scope="row"), cells, class_="total"))
    names = ("Part", "Modules", "Instances", f"Area, {units.area}", "Share")
    head = tag("tr", [tag("th", name, class_="n" if i > 1 else None) for i, name in enumerate(names)])
    table = tag("table", tag("thead", head), tag("tbody", rows))
    return tag("div", table, class_="scroll", style="margin-top:22px")


def _schemes(data: RunData) -> Markup:
    synth, designs = data.synth or {}, data.designs
    units, compared = Units.of(synth), len(designs) > 1
    charts = _charts(designs, units) if compared else []
    details = [_styles(designs), *(_critical_path(design) for design in designs)]
    return tag(
        "section",
        tag("h2", "The schemes side by side" if compared else "Speed, power, efficiency"),
        tag("p", _lead(designs, units), class_="lead"),
        tag("div", charts, class_="two") if charts else None,
        tag("figure", tag("div", _metric_table(designs, units), class_="scroll"), _conditions(synth), details),
    )


def _lead(designs: list[JsonObject], units: Units) -> str:
    periods = [(design.get("clock_ns"), design.get("fmax_mhz")) for design in designs]
    own = all(is_number(period) and is_number(fmax) and abs(period * fmax / 1e3 - 1) < 1e-3 for period, fmax in periods)
    flow = "Every design went through the same flow on the same library. " if len(designs) > 1 else ""
    if own:
        return flow + "The engine's figures hold at the engine's best clock, the core's at the core's."
    return flow + f"Figures hold at a clock period of {quantity(periods[0][0], units.time)}."


def _charts(designs: list[JsonObject], units: Units) -> list[Markup]:
    charts = []
    for key, name in (("gops_per_mm2_core", "core"), ("gops_per_mm2_engine", "engine")):
        rows = [
            (str(design.get("scheme")), float(design[key]), quantity(design[key]), "other" if number else "pe")
            for number, design in enumerate(designs)
            if is_number(design.get(key))
        ]
        if rows:
            heading = tag("h3", f"Area efficiency of the {name}, {units.efficiency}", style="margin-top:0")
            charts.append(tag("figure", heading, bar_chart(rows, f"Area efficiency of the {name} by scheme")))
    return charts


def _metric_table(designs: list[JsonObject], units: Units) -> Markup:
    """A row a figure, a column a scheme, and the ratio of the first to the baseline."""
    schemes = [str(design.get("scheme")) for design in designs]
    baselines = [number for number, scheme in enumerate(schemes) if number and scheme == "mac"]
    baseline = baselines[0] if baselines else len(designs) - 1
    head = [tag("th", ""), *(tag("th", scheme, class_="n") for scheme in schemes)]
    if baseline:
        head.append(tag("th", f"{schemes[0]} ÷ {schemes[baseline]}", class_="n"))
    rows = []
    for key, name, unit, better in units.metrics():
        values = [design.get(key) for design in designs]
        known = [value for value in values if is_number(value)]
        if not known:
            continue
        best = better(known) if better is not None and len(set(known)) > 1 else None
        cells = [
            tag("td", (count if key == "cells" else quantity)(value), class_="n best" if value == best else "n")
            for value in values
        ]
        if baseline:
            cells.append(tag("td", ratio(values[0], values[baseline]), class_="n"))
        rows.append(tag("tr", tag("th", name, " ", tag("small", unit), scope="row"), cells))
    return tag("table", tag("thead", tag("tr", head)), tag("tbody", rows))


def _styles(designs: list[JsonObject]) -> Markup | None:
    """What won the search, part by part."""
    rows = [
        tag(
            "tr",
            tag("th", str(design.get("scheme")), scope="row"),
            tag("td", tag("code", part)),
            tag("td", text(style)),
        )
        for design in designs
        for part, style in (design["styles"].items() if isinstance(design.get("styles"), dict) else ())
    ]
    if not rows:
        return None
    tried = [
        f"{design.get('scheme')}: {count(design.get('tried'))}" for design in designs if is_number(design.get("tried"))
    ]
    summary = "Styles that won" + (f" (netlists compared: {', '.join(tried)})" if tried else "")
    head = tag("thead", tag("tr", tag("th", "Scheme"), tag("th", "Module"), tag("th", "Style")))
    return tag("details", tag("summary", summary), tag("div", tag("table", head, tag("tbody", rows)), class_="scroll"))


def _critical_path(design: JsonObject) -> Markup | None:
    path = design.get("critical_path")
    if not (isinstance(path, str) and path.strip()):
        return None
    return tag("details", tag("summary", f"Critical path of the engine, {design.get('scheme')}"), tag("pre", path))

"""The part of the report about the simulation."""

from __future__ import annotations

from typing import Any

from gen.report.data import JsonObject, RunData, text
from gen.report.figures import MISSING, count, duration, is_number, percent, rate
from gen.report.markup import Markup, Node, tag

__all__ = ["simulation_section"]

PIXEL = 9


def simulation_section(data: RunData) -> Markup:
    """What was computed on the generated Verilog, and what came of it."""
    sim = data.sim
    if sim is None:
        body: list[Node] = [
            tag(
                "div",
                "This engine has not been simulated. Run ",
                tag("code", "bitloom simulate"),
                ".",
                class_="pending",
            )
        ]
    else:
        lead = (
            "The generated Verilog, run in Verilator; every result is compared with the golden model, which is exact."
        )
        body = [tag("p", lead, class_="lead"), tag("div", _result(sim), _workload(sim), class_="two"), _conditions(sim)]
    return tag("section", tag("h2", "Simulation"), *body)


def _conditions(sim: JsonObject) -> Markup | None:
    versions = text(sim.get("versions"))
    return tag("p", "versions ", tag("b", versions), class_="source") if versions else None


def _rows(rows: list[tuple[str, str, str]]) -> Markup:
    """A table of names, values and notes; what has no value is left out."""
    body = [
        tag(
            "tr",
            tag("th", name, [tag("br"), tag("small", note)] if note else None, scope="row"),
            tag("td", value, class_="n"),
        )
        for name, value, note in rows
        if value not in ("", MISSING)
    ]
    return tag("table", tag("tbody", body))


def _result(sim: JsonObject) -> Markup:
    verdict = "passed" if sim.get("passed") is True else "failed"
    rows = [
        ("Verdict", verdict, ""),
        ("Elements compared", count(sim.get("elements_checked")), ""),
        ("Elements that differ", count(sim.get("mismatches")), ""),
        ("Multiply-accumulates", count(sim.get("macs")), "with the zeros that fill up tiles"),
        ("Cycles a step of K", text(sim.get("cycles_per_step", "")), "start and end of the job included"),
        ("PE utilisation", percent(sim.get("utilization")), "share of cycles in which operands entered the array"),
        ("Simulation time", duration(sim.get("sim_seconds")), ""),
        ("Simulation speed", rate(sim.get("macs_per_second"), "MAC/s"), ""),
        ("Seed", text(sim.get("seed")), ""),
    ]
    problems = [tag("p", tag("b", text(problem))) for problem in _list(sim.get("problems"))]
    return tag("figure", _rows(rows), problems)


def _workload(sim: JsonObject) -> Markup:
    counters = sim.get("counters")
    counters = counters if isinstance(counters, dict) else {}
    rows = [
        ("Workload", text(sim.get("workload")), ""),
        ("Images", count(sim.get("images")), ""),
        ("Accuracy on the engine", percent(sim.get("accuracy")), ""),
        ("The same in NumPy", percent(sim.get("accuracy_numpy")), ""),
        ("Before quantisation", percent(sim.get("accuracy_float")), "in floating point"),
        ("Cycles", count(sim.get("cycles")), "with a job under way"),
        ("Active", count(counters.get("active")), "operands entered the array"),
        ("Starved", count(counters.get("starved")), "operands were missing"),
        ("Blocked", count(counters.get("blocked")), "results found no room"),
    ]
    drawn = [_digit(example) for example in _list(sim.get("examples"))[:10] if isinstance(example, dict)]
    digits = tag("div", drawn, class_="digits") if any(drawn) else None
    return tag("figure", _rows(rows), digits)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _digit(example: JsonObject) -> Markup | None:
    """An image as squares whose opacity is the pixel's value, and what the network made of it."""
    image = example.get("image")
    if not (isinstance(image, list) and image and all(isinstance(row, list) for row in image)):
        return None
    if not all(is_number(pixel) for row in image for pixel in row):
        return None
    brightest = max((pixel for row in image for pixel in row), default=0) or 1
    pixels = [
        tag(
            "rect",
            x=x * PIXEL,
            y=y * PIXEL,
            width=PIXEL,
            height=PIXEL,
            fill="currentColor",
            fill_opacity=pixel / brightest,
        )
        for y, row in enumerate(image)
        for x, pixel in enumerate(row)
        if pixel
    ]
    predicted, label = example.get("predicted"), example.get("label")
    right = predicted == label
    caption = f"read as {predicted}" if right else f"read as {predicted}, is {label}"
    size = {"width": len(image[0]) * PIXEL, "height": len(image) * PIXEL}
    drawing = tag("svg", tag("title", f"A handwritten {label}"), pixels, role="img", **size)
    return tag("figure", drawing, tag("figcaption", caption), class_=None if right else "wrong")

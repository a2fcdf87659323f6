"""The part of the report about the simulation."""

from __future__ import annotations

from typing import Any

from gen.report.data import JsonObject, RunData, text
from gen.report.figures import count, duration, is_number, percent, rate
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
        body = [tag("p", lead, class_="lead"), tag("div", _table(sim), _workload(sim), class_="two")]
    return tag("section", tag("h2", "Simulation"), *body)


def _table(sim: JsonObject) -> Markup:
    rows: list[tuple[str, str, str]] = [
        ("Verdict", "passed" if sim.get("passed") is True else "failed", ""),
        ("Elements compared", count(sim.get("elements_checked")), ""),
        ("Elements that differ", count(sim.get("mismatches")), ""),
        ("Multiply-accumulates", count(sim.get("macs")), ""),
        ("Cycles", count(sim.get("cycles")), ""),
        ("PE utilisation", percent(sim.get("utilization")), "share of all PE cycles that did a useful MAC"),
        ("Simulation time", duration(sim.get("sim_seconds")), ""),
        ("Simulation speed", rate(sim.get("macs_per_second"), "MAC/s"), ""),
        ("Seed", text(sim.get("seed")), ""),
    ]
    body = [
        tag(
            "tr",
            tag("th", name, [tag("br"), tag("small", note)] if note else None, scope="row"),
            tag("td", value, class_="n"),
        )
        for name, value, note in rows
    ]
    return tag("figure", tag("table", tag("tbody", body)))


def _workload(sim: JsonObject) -> Markup | None:
    workload = sim.get("workload")
    accuracy = sim.get("accuracy")
    examples = sim.get("examples")
    if workload is None and accuracy is None and not examples:
        return None
    parts: list[Node] = [tag("h3", "Workload", style="margin-top:0")]
    if isinstance(workload, dict):
        rows = [
            tag("tr", tag("th", str(key).replace("_", " "), scope="row"), tag("td", _value(value), class_="n"))
            for key, value in workload.items()
            if isinstance(value, str | int | float)
        ]
        parts.append(tag("table", tag("tbody", rows)))
    elif workload is not None:
        parts.append(tag("p", text(workload)))
    if is_number(accuracy):
        parts.append(tag("p", f"Accuracy on the test images: {percent(accuracy)}.", style="margin-top:12px"))
    if isinstance(examples, list):
        drawn = [_digit(example) for example in examples[:10] if isinstance(example, dict)]
        parts.append(tag("div", [item for item in drawn if item is not None], class_="digits"))
    return tag("figure", parts)


def _value(value: Any) -> str:
    return count(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


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

"""Work for traffic: which layers memory holds back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gen.report.figures import quantity
from gen.report.markup import Markup, tag
from gen.report.scatter import Axis, ticks

__all__ = ["moved", "roofline"]


def moved(figures: Mapping[str, Any]) -> int:
    """Bytes between memory and buffers, of a layer or of all."""
    return sum(figures[key] for key in ("read_activations", "read_weights", "written"))


def roofline(found: dict[str, Any]) -> Markup:
    """Multiply-accumulates a cycle over those for a byte moved; the roof is what memory and array allow."""
    layers, peak, bandwidth = found["layers"], found["peak"], found["buffers"]["bandwidth"]
    points = [
        (each["layer"], each["macs"] / moved(each), each["macs"] / max(each["cycles"], each["memory_cycles"]))
        for each in layers
    ]
    ridge = peak / bandwidth
    x, y = Axis.of([*(point[1] for point in points), ridge]), Axis.of([*(point[2] for point in points), peak])
    start = max(x.low, y.low / bandwidth)
    corners = [(start, start * bandwidth), (ridge, peak), (x.high, peak)]
    roof = " ".join(f"{x.at(across):.2f},{100 - y.at(up):.2f}" for across, up in corners)
    line = tag("polyline", points=roof, class_="equal unity")
    drawing = tag("svg", line, viewBox="0 0 100 100", preserveAspectRatio="none", aria_hidden="true")
    dots = [
        tag("i", class_="ours engine", title=name, style=f"left:{x.at(across):.2f}%;bottom:{y.at(up):.2f}%")
        for name, across, up in points
    ]
    across = [tag("span", f"{value:g}", style=f"left:{x.at(value):.2f}%") for value in ticks(x.low, x.high)]
    up = [tag("span", f"{value:g}", style=f"bottom:{y.at(value):.2f}%") for value in ticks(y.low, y.high, 6)]
    spoken = (
        f"Roofline: {quantity(bandwidth)} bytes a cycle up to {quantity(ridge)} MAC a byte, {quantity(peak)} beyond"
    )
    return tag(
        "div",
        tag("p", "MAC a cycle", class_="y-title"),
        tag("div", up, class_="up"),
        tag("div", drawing, dots, class_="plot"),
        tag("div", across, class_="across"),
        tag("p", "MAC for a byte moved", class_="x-title"),
        class_="scatter",
        role="img",
        aria_label=spoken,
    )

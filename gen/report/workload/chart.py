"""Lines over a linear axis: texts are HTML, so that they keep their size at any width; only lines are SVG."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from gen.report.markup import Markup, tag
from gen.report.workload.parts import Lines, Part

__all__ = ["caption", "chart", "marks"]

#: How lines are told apart: classes of the style sheet, in their order.
STYLES = ("pe", "recode", "skew", "adders", "drain", "memory", "control")
#: Marks of an axis.
MARKS = 5


@dataclass(frozen=True)
class Axis:
    """A linear axis."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Position of a value: 0 at the low end, 100 at the high one."""
        return 100 * (value - self.low) / (self.high - self.low)


def marks(low: float, high: float) -> list[float]:
    """Round numbers that lie around a range, its ends included, at equal distances."""
    span = high - low or abs(high) or 1.0
    size = 10.0 ** floor(log10(span / MARKS))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if span / (size * factor) <= MARKS)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def caption(part: Part) -> Markup | None:
    """What stands below a part, if there is something."""
    return tag("figcaption", part.note) if part.note else None


def chart(lines: Lines) -> Markup:
    """The figure with its key."""
    points = [point for series in lines.series.values() for point in series]
    (left, right), (low, high) = (
        (min(point[place] for point in points), max(point[place] for point in points)) for place in (0, 1)
    )
    rows = marks(min(low, 0.0) if low < high / 2 else low, high)
    x, y = Axis(left, right if right > left else left + 1), Axis(rows[0], rows[-1])
    drawn = [tag("line", x1=0, x2=100, y1=100 - y.at(row), y2=100 - y.at(row), class_="equal") for row in rows]
    keys = []
    for number, (name, series) in enumerate(lines.series.items()):
        style = STYLES[number % len(STYLES)]
        again = " again" if number >= len(STYLES) else ""
        ends = " ".join(f"{x.at(across):.2f},{100 - y.at(up):.2f}" for across, up in series)
        drawn.append(tag("polyline", points=ends, class_=f"joined {style}{again}"))
        keys.append(tag("li", tag("span", class_=f"key {style}"), name))
    inside = [value for value in marks(left, right) if left <= value <= x.high]
    across = [tag("span", f"{value:,.6g}", style=f"left:{x.at(value):.2f}%") for value in inside]
    up = [tag("span", f"{value:,.6g}", style=f"bottom:{y.at(value):.2f}%") for value in rows]
    drawing = tag("svg", drawn, viewBox="0 0 100 100", preserveAspectRatio="none", aria_hidden="true")
    spoken = "; ".join(
        f"{name}: {series[0][1]:.4g} at {series[0][0]:g}, {series[-1][1]:.4g} at {series[-1][0]:g}"
        for name, series in lines.series.items()
    )
    plot = tag(
        "div",
        tag("p", lines.y_label, class_="y-title"),
        tag("div", up, class_="up"),
        tag("div", drawing, class_="plot"),
        tag("div", across, class_="across"),
        tag("p", lines.x_label, class_="x-title"),
        class_="scatter",
        role="img",
        aria_label=f"{lines.title}. {spoken}",
    )
    key = tag("ul", keys, class_="legend keys")
    return tag("figure", tag("h3", lines.title), key, plot, caption(lines), class_="chart")

"""A position over time, and positions one after the other: drawings that take the width there is.

Only shapes are SVG, stretched to the box; texts are HTML and keep their size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

from gen.report.figures import count, percent
from gen.report.markup import Markup, Node, tag
from gen.report.pim.parts import CAUSES, KINDS, OPERATIONS

__all__ = ["over_positions", "over_time"]

#: Steps of an axis within a decade.
STEPS = (1, 2, 2.5, 5, 10)


def over_time(columns: Sequence[Mapping[str, int]], length: int, spans: Sequence[tuple[str, int, int]]) -> Markup:
    """Clocks from left to right: a column for every N of them, cut by cause, and beneath them the operations.

    Parameters
    ----------
    columns : sequence of mappings
        Clocks by cause.
    length : int
        Clocks of a column; the last one may have fewer.
    spans : sequence of (str, int, int)
        Operations: their keys of ``OPERATIONS``, first clock, and the one past the last.
    """
    end = spans[-1][2]
    bars, left = [], 0
    for column in columns:
        wide, top = sum(column.values()), 0.0
        for key, kind in CAUSES.items():
            if high := 100 * column.get(key, 0) / wide:
                bars.append(_rect(left, top, wide, high, kind.colour))
                top += high
        left += wide
    strip = [
        _rect(first, 0, past - first, 100, KINDS[OPERATIONS[name][1]].colour)
        for name, first, past in _joined([(OPERATIONS[name][1], name, first, past) for name, first, past in spans])
    ]
    sums = {key: sum(column.get(key, 0) for column in columns) for key in CAUSES}
    spoken = "; ".join(f"{CAUSES[key].name} {percent(clocks / end)}" for key, clocks in sums.items() if clocks)
    marks = [tag("span", count(clock), style=f"left:{100 * clock / end:.2f}%") for clock in _ticks(end)]
    return tag(
        "div",
        _drawing(bars, end, "tall"),
        _drawing(strip, end, "strip"),
        tag("div", marks, class_="clocks"),
        class_="timeline",
        role="img",
        aria_label=f"{count(end)} clocks in columns of {count(length)}, by cause. {spoken}",
    )


def _joined(spans: Sequence[tuple[str, str, int, int]]) -> list[tuple[str, int, int]]:
    """Neighbours of one kind as one."""
    found: list[tuple[str, str, int, int]] = []
    for kind, name, first, past in spans:
        if found and found[-1][0] == kind:
            found[-1] = kind, found[-1][1], found[-1][2], past
        else:
            found.append((kind, name, first, past))
    return [(name, first, past) for _, name, first, past in found]


def over_positions(first: int, clocks: Sequence[int]) -> Markup:
    """Clocks of each position as a line, from zero up."""
    step = _step(max(clocks))
    top = step * ceil(max(clocks) / step)
    last = max(1, len(clocks) - 1)
    points = " ".join(f"{100 * i / last:.3f},{100 - 100 * value / top:.3f}" for i, value in enumerate(clocks))
    lines = [tag("path", d=f"M0 {100 - 100 * value / top:.2f}H100", class_="equal") for value in _levels(step, top)]
    lines.append(tag("polyline", points=points, class_="joined"))
    drawing = tag("svg", lines, viewBox="0 0 100 100", preserveAspectRatio="none", aria_hidden="true")
    up = [tag("span", _short(value), style=f"bottom:{100 * value / top:.2f}%") for value in (0, *_levels(step, top))]
    ends = [tag("span", count(first), class_="first"), tag("span", count(first + last), class_="last")]
    label = f"Clocks a token from {count(clocks[0])} at position {first} to {count(clocks[-1])} at {first + last}"
    return tag(
        "div",
        tag("p", "Clocks a token", class_="y-title"),
        tag("div", up, class_="up"),
        tag("div", drawing, class_="plot ours"),
        tag("div", ends, class_="across"),
        tag("p", "Position", class_="x-title"),
        class_="scatter",
        role="img",
        aria_label=label,
    )


def _rect(left: float, top: float, wide: float, high: float, colour: str) -> Markup:
    return tag("rect", x=left, y=top, width=wide, height=high, class_=f"fill {colour}")


def _drawing(shapes: Sequence[Node], wide: int, kind: str) -> Markup:
    return tag("svg", shapes, viewBox=f"0 0 {wide} 100", preserveAspectRatio="none", class_=kind, aria_hidden="true")


def _step(most: float) -> float:
    """The distance of levels: a round number, so that there are three to six of them."""
    decade = 10.0 ** floor(log10(most / 3)) if most > 0 else 1.0
    return next((step * decade for step in STEPS if most / (step * decade) <= 6), 10 * decade)


def _levels(step: float, top: float) -> list[float]:
    return [step * i for i in range(1, round(top / step) + 1)]


def _ticks(end: int) -> list[int]:
    """Round clocks, the first one 0."""
    step = _step(end)
    return [round(step * i) for i in range(int(end / step) + 1)]


def _short(value: float) -> str:
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:g}{prefix}"
    return f"{value:g}"

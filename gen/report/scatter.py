"""Area against throughput, with lines of equal efficiency: the chart on which a good engine stands high and left.

Points and texts are HTML at percentages of the plot, so that they keep their size at any width; only lines are SVG.
Both axes are logarithmic: lines of equal efficiency are then parallel, and a large engine does not crowd small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from gen.report.figures import quantity
from gen.report.markup import Markup, tag

__all__ = ["Mark", "scatter", "ticks"]

#: The plot's size on a narrow page, px: where labels are kept apart, they are apart on every wider page too.
WIDTH, HEIGHT = 250.0, 280.0
#: Size of a character, and of a line of text, px.
CHARACTER, LINE, DOT = 7.4, 17.0, 13.0
#: Where labels may stand beside their point: class, and the position of the text's middle in widths and heights of it.
SIDES = (("right", 0.5, 0.0, 1), ("left", -0.5, 0.0, -1), ("above", 0.0, -1.0, 0), ("below", 0.0, 1.0, 0))
#: Steps of an axis within a decade, the coarsest first.
STEPS = (
    (1,),
    (1, 3),
    (1, 2, 5),
    (1, 1.5, 2, 3, 4, 6, 8),
    (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    tuple(n / 10 for n in range(10, 100)),
)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """A point of the chart.

    Parameters
    ----------
    design : str
        Whose it is; the points of a design are joined by a line.
    scope : str
        ``core``, ``engine`` or ``total``: its shape.
    role : str
        ``ours``, ``base`` or ``rest``: its colour.
    area, throughput : float
        Greater than zero.
    labelled : bool
        The design's name stands beside it.
    """

    design: str
    scope: str
    role: str
    area: float
    throughput: float
    labelled: bool = False


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from ``low`` to ``high``."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Axis:
        """An axis with some room beyond the values, and never less than a factor of two."""
        low, high = min(values), max(values)
        room = max((high / low) ** 0.16, 1.2, (2 * low / high) ** 0.5)
        return cls(low / room, high * room)

    def at(self, value: float) -> float:
        """Position of a value: 0 at the low end, 100 at the high one."""
        return 100 * (log10(value / self.low)) / log10(self.high / self.low)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers on a logarithmic axis: three to ``most`` where the range has enough."""
    chosen: list[float] = []
    for steps in STEPS:
        exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
        found = [step * 10.0**exponent for exponent in exponents for step in steps]
        inside = [value for value in found if low <= value <= high]
        chosen = inside[:: ceil(len(inside) / most)] if inside else chosen
        if len(chosen) >= 3:
            break
    return chosen


def scatter(marks: Sequence[Mark], area_unit: str, throughput_unit: str, unity: float, baseline: str) -> Markup:
    """The chart.

    Parameters
    ----------
    marks : sequence of Mark
    area_unit, throughput_unit : str
    unity : float
        Throughput over area of the baseline's engine: the line of efficiency 1.
    baseline : str
        Its name.
    """
    x, y = Axis.of([mark.area for mark in marks]), Axis.of([mark.throughput for mark in marks])
    lines, names = _efficiencies(x, y, unity, baseline)
    for design in dict.fromkeys(mark.design for mark in marks):
        own = [mark for mark in marks if mark.design == design]
        ends = " ".join(f"{x.at(mark.area):.2f},{100 - y.at(mark.throughput):.2f}" for mark in own)
        lines.append(tag("polyline", points=ends, class_=f"joined {own[0].role}"))
    drawing = tag("svg", lines, viewBox="0 0 100 100", preserveAspectRatio="none", aria_hidden="true")
    points = [
        tag("i", class_=f"{mark.role} {mark.scope}", style=_place(x.at(mark.area), y.at(mark.throughput)))
        for mark in marks
    ]
    across = [tag("span", _short(value), style=f"left:{x.at(value):.2f}%") for value in ticks(x.low, x.high)]
    up = [tag("span", _short(value), style=f"bottom:{y.at(value):.2f}%") for value in ticks(y.low, y.high, 6)]
    spoken = "; ".join(
        f"{mark.design} {mark.scope}: {quantity(mark.area, area_unit)}, {quantity(mark.throughput, throughput_unit)}"
        for mark in marks
    )
    plot = tag("div", drawing, names, points, _labels(marks, x, y), class_="plot")
    return tag(
        "div",
        tag("p", f"Throughput, {throughput_unit}", class_="y-title"),
        tag("div", up, class_="up"),
        plot,
        tag("div", across, class_="across"),
        tag("p", f"Area, {area_unit}", class_="x-title"),
        class_="scatter",
        role="img",
        aria_label=f"Throughput against area. {spoken}",
    )


def _place(left: float, bottom: float) -> str:
    return f"left:{left:.2f}%;bottom:{bottom:.2f}%"


def _short(value: float) -> str:
    """A round number with a prefix."""
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g}{prefix}"
    return f"{value:.3g}"


def _efficiencies(x: Axis, y: Axis, unity: float, baseline: str) -> tuple[list[Markup], list[Markup]]:
    """Lines of equal efficiency, as multiples of the baseline's, and their names at the edge of the plot."""
    least, greatest = y.low / x.high / unity, y.high / x.low / unity
    lines, names = [], []
    for multiple in _multiples(least, greatest):
        slope = multiple * unity
        left, right = max(x.low, y.low / slope), min(x.high, y.high / slope)
        if right <= left * 1.02:
            continue
        ends = [(x.at(area), y.at(area * slope)) for area in (left, right)]
        points = " ".join(f"{across:.2f},{100 - up:.2f}" for across, up in ends)
        lines.append(tag("polyline", points=points, class_="equal unity" if multiple == 1 else "equal"))
        text = (
            f"{_short(multiple)}×"
            if multiple > 1
            else f"1/{_short(1 / multiple)}×"
            if multiple < 1
            else f"1× {baseline}"
        )
        across, up = ends[1]
        edge = "top" if up > 99.9 else "side"
        names.append(tag("span", text, class_=f"name {edge}", style=_place(across, up)))
    return lines, names


def _multiples(least: float, greatest: float) -> list[float]:
    """1, and powers of 2, 4 or 10 around it: no more than seven."""
    for base in (2.0, 4.0, 10.0, 100.0, 1e3, 1e4, 1e6, 1e9):
        powers = range(ceil(log10(least) / log10(base)), floor(log10(greatest) / log10(base)) + 1)
        if len(powers) <= 7:
            break
    return [base**power for power in powers]


def _labels(marks: Sequence[Mark], x: Axis, y: Axis) -> list[Markup]:
    """Names beside the points, on the side where they hide least."""
    dots = [_pixels(x.at(mark.area), y.at(mark.throughput)) for mark in marks]
    taken = [_square(left, top, DOT) for left, top in dots]
    taken += [_square(left, top, 3.0) for left, top in _between(marks, dots)]
    labels = []
    for (left, top), mark in zip(dots, marks, strict=True):
        if not mark.labelled:
            continue
        width = CHARACTER * len(mark.design) + 4
        choices = []
        for side, across, down, push in SIDES:
            middle_x, middle_y = left + across * width + push * DOT, top + down * (LINE / 2 + DOT / 2 + 1)
            box = (middle_x - width / 2, middle_y - LINE / 2, middle_x + width / 2, middle_y + LINE / 2)
            outside = max(0.0, -box[0], box[2] - WIDTH) * LINE + max(0.0, -box[1], box[3] - HEIGHT) * width
            choices.append((10 * outside + sum(_overlap(box, other) for other in taken), side, box))
        _, side, box = min(choices, key=lambda choice: choice[0])
        taken.append(box)
        style = _place(x.at(mark.area), y.at(mark.throughput))
        labels.append(tag("span", mark.design, class_=f"label {side} {mark.role}", style=style))
    return labels


def _between(marks: Sequence[Mark], dots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points on the lines that join the marks of a design."""
    points = []
    for (one, start), (two, end) in pairwise(zip(marks, dots, strict=True)):
        if one.design == two.design:
            (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
            points += [(x + dx * step / 20, y + dy * step / 20) for step in range(1, 20)]
    return points


def _pixels(across: float, up: float) -> tuple[float, float]:
    return across * WIDTH / 100, (100 - up) * HEIGHT / 100


def _square(left: float, top: float, size: float) -> Box:
    return left - size / 2, top - size / 2, left + size / 2, top + size / 2


def _overlap(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(across, 0.0) * max(down, 0.0)

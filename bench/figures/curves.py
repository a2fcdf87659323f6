"""Lines as an SVG file, for a page of the documentation, each with its name at its end."""

from __future__ import annotations

from collections.abc import Callable
from math import log10

from gen.report.markup import Markup, tag
from gen.report.workload import Lines
from gen.report.workload.chart import Axis, marks

__all__ = ["drawing"]

#: The picture, and what is around the axes: left, right, top, bottom.
WIDTH, HEIGHT = 640, 340
EDGES = 56, 92, 40, 44
#: Height of a name, so that names whose lines end alike stand below each other.
NAME = 15
#: Colours that are told apart on white and on black, each with a line of its own.
STYLES = (("#808080", ""), ("#d97706", "6 3"), ("#2563eb", "2 3"), ("#059669", "8 3 2 3"), ("#dc2626", "4 2"))
STYLE = (
    "svg{background:#fff;color:#222;font:13px sans-serif}text{fill:currentColor}.row{stroke:#ddd}"
    "polyline{fill:none;stroke-width:2}"
    + "".join(
        f".l{number}{{stroke:{colour};stroke-dasharray:{dashes or 'none'}}}text.l{number}{{fill:{colour};stroke:none}}"
        for number, (colour, dashes) in enumerate(STYLES)
    )
    + "@media(prefers-color-scheme:dark){svg{background:#16181c;color:#ddd}.row{stroke:#3a3d44}}"
)


def drawing(lines: Lines, *, logarithmic: bool = False) -> str:
    """A file's text.

    Parameters
    ----------
    lines : Lines
        At most five.
    logarithmic : bool
        The axis of x is: it has marks where there are points, and they are above 0. Otherwise it begins at 0.
    """
    left, right, top, bottom = EDGES
    points = [point for series in lines.series.values() for point in series]
    greatest = max(x for x, _ in points)
    scale: Callable[[float], float] = log10 if logarithmic else float
    stops = sorted({x for x, _ in points}) if logarithmic else [x for x in marks(0, greatest) if x <= greatest]
    across = Axis(scale(stops[0]), scale(greatest))
    rows = marks(0, max(y for _, y in points))
    up = Axis(rows[0], rows[-1])

    def x_of(value: float) -> float:
        return round(left + (WIDTH - left - right) * across.at(scale(value)) / 100, 1)

    def y_of(value: float) -> float:
        return round(HEIGHT - bottom - (HEIGHT - top - bottom) * up.at(value) / 100, 1)

    parts: list[Markup] = [tag("style", Markup(STYLE)), tag("text", lines.title, x=left, y=18, font_weight="bold")]
    for row in rows:
        parts.append(tag("line", x1=left, x2=WIDTH - right, y1=y_of(row), y2=y_of(row), class_="row"))
        parts.append(tag("text", f"{row:g}", x=left - 6, y=y_of(row) + 4, text_anchor="end"))
    for value in stops:
        parts.append(tag("text", f"{value:,g}", x=x_of(value), y=HEIGHT - bottom + 16, text_anchor="middle"))
    middle = (left + WIDTH - right) / 2
    parts.append(tag("text", lines.x_label, x=middle, y=HEIGHT - 8, text_anchor="middle"))
    turned = f"rotate(-90 14 {HEIGHT / 2:g})"
    parts.append(tag("text", lines.y_label, x=14, y=HEIGHT / 2, text_anchor="middle", transform=turned))
    numbered = [(f"l{number}", *each) for number, each in enumerate(lines.series.items())]
    for style, _, series in numbered:  # the first has no gaps in which others could be seen
        ends = " ".join(f"{x_of(x)},{y_of(y)}" for x, y in series)
        parts.append(tag("polyline", points=ends, class_=style))
    free = float(HEIGHT)
    for style, name, series in sorted(numbered, key=lambda each: each[2][-1][1]):
        free = min(y_of(series[-1][1]) + 4, free - NAME)
        parts.append(tag("text", name, x=WIDTH - right + 8, y=free, class_=style))
    return f"{tag('svg', parts, xmlns='http://www.w3.org/2000/svg', viewBox=f'0 0 {WIDTH} {HEIGHT}')}\n"

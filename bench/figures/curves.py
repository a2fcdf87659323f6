"""Lines over a linear axis as an SVG file, for a page of the documentation."""

from __future__ import annotations

from gen.report.markup import Markup, tag
from gen.report.workload import Lines
from gen.report.workload.chart import Axis, marks

__all__ = ["drawing"]

#: The picture, and what is around the axes: left, right, top, bottom.
WIDTH, HEIGHT = 640, 320
EDGES = 56, 12, 40, 44
STYLE = (
    "svg{background:#fff;color:#222;font:12px sans-serif}text{fill:currentColor}.row{stroke:#ddd}"
    "polyline{fill:none;stroke-width:2}.l0{stroke:#1f6fb4}.l1{stroke:#d1531f;stroke-dasharray:6 3}"
    ".l2{stroke:#3a8f3a;stroke-dasharray:2 3}.l3{stroke:#8a4fb0}"
    "@media(prefers-color-scheme:dark){svg{background:#16181c;color:#ddd}.row{stroke:#3a3d44}}"
)


def drawing(lines: Lines) -> str:
    """A file's text."""
    left, right, top, bottom = EDGES
    points = [point for series in lines.series.values() for point in series]
    across = Axis(0, max(x for x, _ in points))
    rows = marks(0, max(y for _, y in points))
    up = Axis(rows[0], rows[-1])

    def x_of(value: float) -> float:
        return round(left + (WIDTH - left - right) * across.at(value) / 100, 1)

    def y_of(value: float) -> float:
        return round(HEIGHT - bottom - (HEIGHT - top - bottom) * up.at(value) / 100, 1)

    parts: list[Markup] = [tag("style", Markup(STYLE)), tag("text", lines.title, x=left, y=18, font_weight="bold")]
    for row in rows:
        parts.append(tag("line", x1=left, x2=WIDTH - right, y1=y_of(row), y2=y_of(row), class_="row"))
        parts.append(tag("text", f"{row:g}", x=left - 6, y=y_of(row) + 4, text_anchor="end"))
    for value in marks(0, across.high):
        if value <= across.high:
            parts.append(tag("text", f"{value:g}", x=x_of(value), y=HEIGHT - bottom + 16, text_anchor="middle"))
    middle = (left + WIDTH - right) / 2
    parts.append(tag("text", lines.x_label, x=middle, y=HEIGHT - 8, text_anchor="middle"))
    turned = f"rotate(-90 14 {HEIGHT / 2:g})"
    parts.append(tag("text", lines.y_label, x=14, y=HEIGHT / 2, text_anchor="middle", transform=turned))
    for number, (name, series) in enumerate(lines.series.items()):
        ends = " ".join(f"{x_of(x)},{y_of(y)}" for x, y in series)
        parts.append(tag("polyline", points=ends, class_=f"l{number % 4}"))
        at = WIDTH - right - 90 * (len(lines.series) - number)
        parts.append(tag("polyline", points=f"{at},14 {at + 28},14", class_=f"l{number % 4}"))
        parts.append(tag("text", name, x=at + 34, y=18))
    return f"{tag('svg', parts, xmlns='http://www.w3.org/2000/svg', viewBox=f'0 0 {WIDTH} {HEIGHT}')}\n"

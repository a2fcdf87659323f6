"""Drawing primitives: boxes, wires with arrow heads, text. Colours come from the page's style sheet, by class."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gen.report.markup import Markup, tag

__all__ = ["Drawing"]

Point = tuple[float, float]


class Drawing:
    """A list of SVG elements and the size of the sheet.

    Parameters
    ----------
    width, height : float
        Size of the sheet, in the units of all coordinates (CSS pixels at full size).
    title : str
        What the drawing shows, for screen readers.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self._elements: list[Markup] = []

    def box(self, x: float, y: float, width: float, height: float, class_: str = "box", radius: float = 3) -> None:
        """A rectangle with its upper left corner at (x, y)."""
        self._elements.append(tag("rect", x=x, y=y, width=width, height=height, rx=radius, class_=class_))

    def circle(self, x: float, y: float, radius: float, class_: str = "box") -> None:
        """A circle around (x, y)."""
        self._elements.append(tag("circle", cx=x, cy=y, r=radius, class_=class_))

    def polygon(self, points: Sequence[Point], class_: str) -> None:
        """A filled polygon."""
        self._elements.append(tag("polygon", points=_pairs(points), class_=class_))

    def wire(self, *points: Point, class_: str = "wire", arrow: bool = True, halo: bool = False) -> None:
        """A polyline through ``points``, with an arrow head at its end.

        ``halo`` draws a gap in what lies beneath, so that a crossing is not taken for a junction.
        """
        if halo:
            gap = [_towards(points[0], points[1], 7), *points[1:-1], _towards(points[-1], points[-2], 7)]
            self._elements.append(tag("polyline", points=_pairs(gap), class_="halo"))
        if not arrow:
            self._elements.append(tag("polyline", points=_pairs(points), class_=class_))
            return
        tip, (x, y) = points[-1], _towards(points[-1], points[-2], 8)
        dx, dy = (tip[0] - x) * 0.45, (tip[1] - y) * 0.45
        line = [*points[:-1], _towards(tip, points[-2], 5)]
        self._elements.append(tag("polyline", points=_pairs(line), class_=class_))
        self._elements.append(
            tag("polygon", points=_pairs([tip, (x - dy, y + dx), (x + dy, y - dx)]), class_=f"head {class_}")
        )

    def dot(self, x: float, y: float, class_: str = "dot") -> None:
        """A junction of wires."""
        self.circle(x, y, 2.6, class_)

    def ellipsis(self, x: float, y: float, vertical: bool = False, diagonal: bool = False) -> None:
        """Three dots around (x, y): more of the same."""
        for step in (-8, 0, 8):
            dx, dy = (step, step) if diagonal else (0, step) if vertical else (step, 0)
            self.circle(x + dx, y + dy, 1.9, "more")

    def text(
        self, x: float, y: float, text: str, class_: str = "label", anchor: str = "start", turn: float = 0
    ) -> None:
        """Text with its base line at (x, y); ``turn`` rotates it about that point, in degrees."""
        transform = f"rotate({turn:g} {x:g} {y:g})" if turn else None
        self._elements.append(tag("text", text, x=x, y=y, class_=class_, text_anchor=anchor, transform=transform))

    def width_mark(self, x: float, y: float, text: str, dx: float = 5, dy: float = -6, anchor: str = "start") -> None:
        """The slash across a wire that names its width in bits."""
        self._elements.append(tag("line", x1=x - 3.5, y1=y + 5, x2=x + 3.5, y2=y - 5, class_="slash"))
        self.text(x + dx, y + dy, text, "bits", anchor)

    def render(self) -> Markup:
        """The ``<svg>`` element; it shrinks with the page but never grows beyond its own size."""
        return tag(
            "svg",
            tag("title", self.title),
            self._elements,
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            width=self.width,
            height=self.height,
            role="img",
        )


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point ``distance`` away from ``start``, on the way to ``end``."""
    length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    return start[0] + (end[0] - start[0]) * distance / length, start[1] + (end[1] - start[1]) * distance / length


def _pairs(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)

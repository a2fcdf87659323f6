"""A layout as a drawing: cells by kind, and wires by layer, in the colours of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gen.report.layout_records import Geometry
from gen.report.markup import Markup, tag

__all__ = ["draw", "key"]

#: What kinds of cells are called; each has its class in the style sheet.
KINDS = {"logic": "gates", "buffer": "buffers and inverters", "flip-flop": "flip-flops and latches"}


def draw(found: Geometry, title: str) -> Markup:
    """The drawing, as wide as the place it stands in; a wire is as wide as it is made."""
    core = _cells([(found.core[0], found.core[1], found.core[2] - found.core[0], found.core[3] - found.core[1])], found)
    parts = [tag("path", d=core, class_="core")]
    parts += [
        tag("path", d=_cells(found.shapes(found.cells[kind]), found), class_=kind)
        for kind in KINDS
        if found.cells.get(kind)
    ]
    for number, pieces in enumerate(found.wires.values(), 1):
        parts.append(tag("path", d=_wires(found.shapes(pieces), found), class_=f"metal m{number}"))
    label = tag("title", title)
    return tag("svg", label, parts, viewBox=f"0 0 {found.width} {found.height}", role="img", class_="layout")


def key(found: Geometry) -> Markup:
    """What the colours mean."""
    words = [(kind, name) for kind, name in KINDS.items() if found.cells.get(kind)]
    words += [(f"metal m{number}", name) for number, name in enumerate(found.wires, 1)]
    entries = [tag("li", tag("i", class_=class_), name) for class_, name in words]
    return tag("ul", entries, class_="legend layout-key")


def _cells(rects: Iterable[Sequence[int]], found: Geometry) -> str:
    """Rectangles as one path; the sheet's y runs down."""
    return "".join(f"M{x} {found.height - y}h{width}v{-height}h{-width}z" for x, y, width, height in rects)


def _wires(pieces: Iterable[Sequence[int]], found: Geometry) -> str:
    return "".join(
        f"M{x0} {found.height - y0}" + (f"h{x1 - x0}" if y0 == y1 else f"v{y0 - y1}") for x0, y0, x1, y1 in pieces
    )

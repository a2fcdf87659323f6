"""Charts of areas: where the cells are, and how the schemes compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.report.figures import percent, quantity
from gen.report.markup import Markup
from gen.report.svg import Drawing

__all__ = ["Part", "Stack", "bar_chart", "stacked_areas"]

WIDTH = 1000
LABEL = 70
BAR = 34


@dataclass(frozen=True)
class Part:
    """One part of an area.

    Parameters
    ----------
    name : str
        What it is called.
    role : str
        Which colour it has: a class of the style sheet.
    area : float
        Square micrometres, of all its instances together.
    core : bool
        It belongs to the PE array.
    """

    name: str
    role: str
    area: float
    core: bool


@dataclass(frozen=True)
class Stack:
    """A bar made of parts."""

    label: str
    parts: Sequence[Part]

    @property
    def total(self) -> float:
        """Area of all parts."""
        return sum(part.area for part in self.parts)

    @property
    def core(self) -> float:
        """Area of the parts of the core."""
        return sum(part.area for part in self.parts if part.core)


def stacked_areas(stacks: Sequence[Stack], unit: str) -> Markup:
    """Bars on one scale, a stack of parts each; a bracket marks the core, and the parts named fit their text."""
    row = 84
    d = Drawing(WIDTH, row * len(stacks) + 4, "Area by part: " + ", ".join(stack.label for stack in stacks))
    scale = (WIDTH - LABEL - 130) / (max((stack.total for stack in stacks), default=0) or 1)
    for number, stack in enumerate(stacks):
        y = number * row + 30
        d.text(0, y + 21, stack.label, "strong")
        x = float(LABEL)
        for part in sorted(stack.parts, key=lambda part: not part.core):
            width = part.area * scale
            d.box(x, y, width, BAR, f"box bar {part.role}", 0)
            text = f"{part.name} {percent(part.area / stack.total)}" if stack.total else part.name
            if width > 6.2 * len(text) + 10:
                d.text(x + width / 2, y + 21, text, "label", "middle")
            elif width > 6.2 * len(part.name) + 8:
                d.text(x + width / 2, y + 21, part.name, "label", "middle")
            x += width
        d.text(x + 12, y + 21, quantity(stack.total, unit), "value")
        if 0 < stack.core < stack.total:
            _bracket(d, LABEL, LABEL + stack.core * scale, y - 6, f"core {quantity(stack.core, unit)}")
    return d.render()


def _bracket(d: Drawing, left: float, right: float, y: float, text: str) -> None:
    d.wire((left + 0.5, y + 4), (left + 0.5, y), (right - 0.5, y), (right - 0.5, y + 4), class_="bracket", arrow=False)
    d.text(left, y - 6, text, "small")


def bar_chart(rows: Sequence[tuple[str, float, str, str]], title: str) -> Markup:
    """Horizontal bars from zero on one scale.

    Parameters
    ----------
    rows : sequence of (label, value, text, role)
        ``text`` stands at the end of the bar; ``role`` gives its colour.
    title : str
        What the chart shows, for screen readers.
    """
    d = Drawing(480, 26 * len(rows) + 2, title)
    scale = (480 - LABEL - 90) / (max((value for _, value, _, _ in rows), default=0) or 1)
    for number, (label, value, text, role) in enumerate(rows):
        y = 26 * number + 2
        d.text(0, y + 15, label, "label")
        d.box(LABEL, y + 3, max(value * scale, 1), 16, f"box bar {role}", 1.5)
        d.text(LABEL + max(value * scale, 1) + 8, y + 15, text, "value")
    return d.render()

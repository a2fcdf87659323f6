"""Bar charts as HTML: they take the width there is, and their text never shrinks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from gen.report.figures import quantity
from gen.report.markup import Markup, Node, join, tag

__all__ = ["Bar", "Group", "Part", "Stack", "bars", "stacks"]

#: The ratio of the greatest value to the least beyond which the scale is logarithmic.
LINEAR = 8.0


@dataclass(frozen=True)
class Bar:
    """A bar of a chart.

    Parameters
    ----------
    label : str
    value : float
        Greater than zero.
    note : str
        Stands behind the value: its ratio to that of the baseline.
    style : str
        ``core``, ``engine`` or ``total``: how it is filled.
    """

    label: str
    value: float
    note: str = ""
    style: str = "engine"


@dataclass(frozen=True)
class Group:
    """The bars of one design; ``role`` gives its colour: ``ours``, ``base`` or ``rest``."""

    label: str
    role: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Scale:
    """Where a value stands, as a percentage of the chart's width."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[float]) -> Scale:
        """The scale on which all values can be told apart."""
        least, greatest = min(values), max(values)
        if greatest <= LINEAR * least:
            return cls(0.0, greatest, False)
        return cls(10.0 ** floor(log10(least) - 0.05), 10.0 ** ceil(log10(greatest) - 0.05), True)

    def at(self, value: float) -> float:
        """Position of a value."""
        if self.logarithmic:
            part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            part = value / self.high
        return 100 * min(max(part, 0.0), 1.0)

    @property
    def decades(self) -> list[float]:
        """Powers of ten, where the scale is logarithmic."""
        if not self.logarithmic:
            return []
        return [10.0**power for power in range(round(log10(self.low)), round(log10(self.high)) + 1)]


def bars(title: str, unit: str, groups: Sequence[Group], better: str) -> Markup:
    """A chart of bars, grouped by design, on one scale from zero.

    Values that differ by more than ``LINEAR`` times are points on a logarithmic scale, which has no zero for a bar to
    start from.

    Parameters
    ----------
    title, unit : str
    groups : sequence of Group
    better : str
        Which end of the scale is the better one, in words.
    """
    scale = Scale.of([bar.value for group in groups for bar in group.bars])
    spoken = "; ".join(
        f"{group.label}: " + ", ".join(f"{bar.label} {quantity(bar.value, unit)}" for bar in group.bars)
        for group in groups
    )
    rows: list[Node] = []
    for group in groups:
        rows.append(tag("div", group.label, class_="design"))
        rows += [_row(bar, group.role, scale) for bar in group.bars]
    if scale.logarithmic:
        ticks = [tag("span", _round(value), style=_left(scale.at(value))) for value in scale.decades]
        rows.append(tag("div", tag("span"), tag("div", ticks, class_="axis"), tag("span"), class_="bar"))
    hint = f"{better}, logarithmic scale" if scale.logarithmic else better
    return tag(
        "figure",
        tag("h3", title, " ", tag("small", unit)),
        tag("p", hint, class_="hint"),
        tag("div", rows, class_="bars", role="img", aria_label=f"{title}, {unit}. {spoken}"),
        class_="chart",
    )


def _row(bar: Bar, role: str, scale: Scale) -> Markup:
    at = scale.at(bar.value)
    lines = [tag("s", style=_left(scale.at(value))) for value in scale.decades]
    shape = tag("b", style=_left(at)) if scale.logarithmic else tag("i", style=f"width:{at:.2f}%")
    value = join(quantity(bar.value), [" ", tag("em", bar.note)] if bar.note else None)
    return tag(
        "div",
        tag("span", bar.label, class_="scope"),
        tag("div", lines, shape, class_="track"),
        tag("span", value, class_="value"),
        class_=f"bar {role} {bar.style}",
    )


def _left(percent: float) -> str:
    return f"left:{percent:.2f}%"


def _round(value: float) -> str:
    """A power of ten."""
    for scale, prefix in ((1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:g}{prefix}"
    return f"{value:g}"


@dataclass(frozen=True)
class Part:
    """One part of an area.

    Parameters
    ----------
    name : str
        What it is called.
    role : str
        How it is filled: classes of the style sheet.
    area : float
        That of all its instances together.
    """

    name: str
    role: str
    area: float


@dataclass(frozen=True)
class Stack:
    """A bar made of parts, the core's first.

    Parameters
    ----------
    label : str
    parts : sequence of Part
        What is mapped to cells.
    estimates : sequence of Part
        What is not; never added to the cells in a number.
    core : float
        Area of the core.
    """

    label: str
    parts: Sequence[Part]
    estimates: Sequence[Part]
    core: float

    @property
    def cells(self) -> float:
        """Area of what is mapped to cells."""
        return sum(part.area for part in self.parts)

    @property
    def drawn(self) -> float:
        """Length of the bar."""
        return self.cells + sum(part.area for part in self.estimates)

    def words(self, unit: str) -> Markup:
        """The label, and the areas."""
        said = f" {quantity(self.cells, unit)}, core {quantity(self.core)}"
        estimates = "".join(f"; {part.name} {quantity(part.area)}" for part in self.estimates)
        return join(tag("b", self.label), said, estimates)


def stacks(drawn: Sequence[Stack], unit: str) -> Markup:
    """Stacks of parts on one scale; a line beneath each marks the core."""
    greatest = max((max(stack.drawn, stack.core) for stack in drawn), default=0) or 1
    rows = []
    for stack in drawn:
        pieces = [
            tag(
                "i",
                class_=part.role,
                style=f"width:{100 * part.area / greatest:.2f}%",
                title=f"{part.name}: {quantity(part.area, unit)}",
            )
            for part in (*stack.parts, *stack.estimates)
        ]
        core = tag("div", tag("i", style=f"width:{100 * stack.core / greatest:.2f}%"), class_="core-line")
        rows.append(tag("div", tag("p", stack.words(unit)), tag("div", pieces, class_="stack"), core, class_="stacked"))
    spoken = "; ".join(
        f"{stack.label}: "
        + ", ".join(f"{part.name} {quantity(part.area, unit)}" for part in (*stack.parts, *stack.estimates))
        for stack in drawn
    )
    return tag("div", rows, class_="stacks", role="img", aria_label=f"Area by part. {spoken}")

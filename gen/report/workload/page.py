"""The page about a workload."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gen.report import blocks
from gen.report.blocks import cell, figure_width
from gen.report.document import body_of, brand, document
from gen.report.figures import MISSING, count, quantity
from gen.report.markup import Markup, tag
from gen.report.workload.chart import caption, chart
from gen.report.workload.parts import Bars, Cell, Lines, Part, Pictures, Section, Table
from gen.report.workload.png import data_url
from gen.version import VERSION

__all__ = ["workload_page"]

#: Width of a column of words, px.
WORDS = 180.0


def workload_page(title: str, subtitle: str, lines: Sequence[str], sections: Sequence[Section]) -> Markup:
    """The whole document.

    Parameters
    ----------
    title, subtitle : str
    lines : sequence of str
        What the command printed: the first screen.
    sections : sequence of Section
    """
    header = tag("header", brand("workload report"), tag("h1", title), tag("p", subtitle, class_="subtitle"))
    found = tag(
        "section",
        tag("h2", "What was found", id="summary-title"),
        tag("ul", [tag("li", line) for line in lines]),
        id="summary",
        aria_labelledby="summary-title",
    )
    body = [_section(number, section) for number, section in enumerate(sections)]
    return document(
        title, [header, found, *body_of(body), tag("footer", f"Bitloom {VERSION}")], styles=("pim.css", "workload.css")
    )


def _section(number: int, section: Section) -> blocks.Section:
    words = tag("p", section.words, class_="lead") if section.words else None
    return blocks.Section(f"part-{number}", section.title, [words, *(_part(part) for part in section.parts)])


def _part(part: Part) -> Markup:
    match part:
        case Table():
            return _table(part)
        case Lines():
            return chart(part)
        case Bars():
            return _bars(part)
        case Pictures():
            return _pictures(part)


def _number(value: Cell) -> bool:
    """It is set to the right, with what is missing."""
    return not isinstance(value, str) or re.match(r"[-−+]?\d", value) is not None


def _words(value: Cell) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return MISSING
    return count(value) if isinstance(value, int) else quantity(value)


def _table(part: Table) -> Markup:
    texts = [[_words(value) for value in row] for row in part.rows]
    numbers = [all(_number(row[place]) for row in part.rows) for place in range(len(part.columns))]
    head = [tag("th", name, class_="n" if number else None) for name, number in zip(part.columns, numbers, strict=True)]
    rows = [tag("tr", [cell(text, number=number) for text, number in zip(row, numbers, strict=True)]) for row in texts]
    widths = [figure_width(row[place] for row in texts) if number else WORDS for place, number in enumerate(numbers)]
    return tag("figure", blocks.table(head, rows, ", ".join(part.columns), sum(widths)), caption(part))


def _bars(part: Bars) -> Markup:
    most = part.most or max((value for _, value in part.bars), default=0) or 1
    rows = [
        tag(
            "div",
            tag("span", name, class_="scope"),
            tag("div", tag("i", style=f"width:{100 * min(value / most, 1):.2f}%"), class_="track"),
            tag("span", quantity(value), class_="value"),
            class_="bar ours",
        )
        for name, value in part.bars
    ]
    spoken = "; ".join(f"{name} {quantity(value, part.unit)}" for name, value in part.bars)
    drawn = tag("div", rows, class_="bars", role="img", aria_label=f"{part.title}, {part.unit}. {spoken}")
    return tag("figure", tag("h3", part.title, " ", tag("small", part.unit)), drawn, caption(part), class_="chart")


def _pictures(part: Pictures) -> Markup:
    shown = [
        tag(
            "div",
            tag("img", src=data_url(pixels), alt=caption, width=width * part.zoom, height=height * part.zoom),
            tag("p", caption),
        )
        for caption, pixels in part.items
        for height, width in (pixels.shape[:2],)
    ]
    return tag("figure", tag("div", shown, class_="pictures"), caption(part))

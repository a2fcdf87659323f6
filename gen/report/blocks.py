"""Blocks that the sections are made of: sections themselves, tables, and boxes that scroll."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gen.report.markup import Markup, Node, tag

__all__ = ["Section", "cell", "diagram", "facts", "figure_width", "pending", "preformatted", "scroll", "table"]

#: Width of a character of preformatted text, px; a little more than the widest usual font has.
CHARACTER = 8.0
#: How many times its least width a table may grow to: figures of a row are read together.
SPREAD = 1.9


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Parameters
    ----------
    name : str
        Its anchor.
    title : str
    body : sequence of Node
    """

    name: str
    title: str
    body: Sequence[Node]

    @property
    def link(self) -> Markup:
        """An entry of the list of contents."""
        return tag("a", self.title, href=f"#{self.name}")

    def render(self) -> Markup:
        """The section with its heading."""
        heading = tag("h2", self.title, id=f"{self.name}-title")
        return tag("section", heading, *self.body, id=self.name, aria_labelledby=f"{self.name}-title")


def scroll(content: Node, label: str, width: float) -> Markup:
    """A box in which ``content``, ``width`` pixels wide, scrolls sideways where the page is narrower, and says so.

    The cue's height is zero in a wider box (see ``.cue`` in the style sheet); shadows at the edges show on which side
    there is more. The keyboard reaches the box, and screen readers are told what is in it.
    """
    cue = tag("p", "Scroll sideways to see all of it →", class_="cue", aria_hidden="true")
    box = tag("div", content, class_="scroll", role="region", tabindex=0, aria_label=label)
    return tag("div", cue, box, class_="scrolling", style=f"--width:{width:.0f}px")


def preformatted(text: str, label: str) -> Markup:
    """Text as it is."""
    width = CHARACTER * max(map(len, text.splitlines()), default=0)
    return scroll(tag("pre", text), label, width)


def diagram(drawing: Markup, label: str) -> Markup:
    """A drawing at its full size: its text would be too small on a narrow page."""
    width = re.search(r' width="([\d.]+)"', drawing)
    return scroll(drawing, label, float(width[1]) if width else 0.0)


def cell(content: Node, class_: str | None = None, *, number: bool = True) -> Markup:
    """A cell of a table; numbers are set to the right."""
    classes = " ".join(name for name in ("n" if number else "", class_) if name)
    return tag("td", content, class_=classes or None)


def table(head: Sequence[Node], rows: Iterable[Node], label: str, width: float, class_: str | None = None) -> Markup:
    """A table of at least ``width`` pixels in a box that scrolls.

    Parameters
    ----------
    head : sequence of Node
        The cells of the heading.
    rows : iterable of Node
    label : str
        What the table holds, for screen readers.
    """
    heading = tag("thead", tag("tr", head))
    content = tag(
        "table",
        heading,
        tag("tbody", rows),
        style=f"min-width:{width:.0f}px;max-width:{SPREAD * width:.0f}px",
        class_=class_,
    )
    return scroll(content, label, width)


def figure_width(texts: Iterable[str]) -> float:
    """Width of a column of figures, px: no narrower than the longest one in the widest usual font."""
    return max(84.0, 8.8 * max(map(len, texts), default=0) + 14)


def facts(rows: Iterable[tuple[str, Node]]) -> Markup:
    """Names and what there is to say about them, in sentences."""
    return tag("dl", [tag("div", tag("dt", name), tag("dd", words)) for name, words in rows], class_="facts")


def pending(message: str, command: str) -> Markup:
    """What stands where a step has not been run."""
    return tag("p", f"{message} Run ", tag("code", command), ".", class_="pending")

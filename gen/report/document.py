"""An HTML document that needs nothing but itself: what all reports share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gen.report.blocks import Section
from gen.report.markup import Markup, Node, join, tag

__all__ = ["DOCTYPE", "body_of", "brand", "document", "style"]

#: The style sheets, in the order of the document's.
STYLES = ("style.css", "charts.css", "drawings.css")
DOCTYPE = "<!doctype html>\n"


def document(title: str, main: Node, *, remark: str = "", styles: Sequence[str] = ()) -> Markup:
    """The whole document.

    Parameters
    ----------
    title : str
    main : Node
        What is on the page.
    remark : str
        Stands in a comment before everything else, to know the document by.
    styles : sequence of str
        Style sheets beside those of all reports.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"Bitloom: {title}"),
        tag("style", Markup(style(*styles))),
    )
    start = DOCTYPE + (f"<!-- {remark} -->\n" if remark else "")
    return join(Markup(start), tag("html", head, tag("body", tag("main", main)), lang="en"), "\n")


def body_of(sections: Sequence[Section]) -> list[Markup]:
    """A list of contents, and the sections."""
    contents = tag("nav", tag("ol", [tag("li", section.link) for section in sections]), aria_label="Contents")
    return [contents, *(section.render() for section in sections)]


def brand(kind: str) -> Markup:
    """What made the report, and what it is about."""
    return tag("div", _mark(), tag("b", "Bitloom"), tag("span", kind), class_="brand")


def style(*more: str) -> str:
    """The style sheet, with others of this folder behind it."""
    return "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in (*STYLES, *more))


def _mark() -> Markup:
    """Warp and weft: three threads each way, over and under."""
    threads = [
        tag("path", d=f"M{x} 2V{a}M{x} {b}V20", stroke="currentColor", stroke_width=2.4, fill="none")
        for x, a, b in ((5, 13.5, 18.5), (11, 3.5, 8.5), (17, 13.5, 18.5))
    ]
    weft = [
        tag("path", d=d, stroke="currentColor", stroke_width=2.4, fill="none")
        for d in (
            "M2 6H3.5M6.6 6H15.4M18.6 6H20",
            "M2 16H9.4M12.6 16H20",
            "M2 11H3.4M6.6 11H9.4M12.6 11H15.4M18.6 11H20",
        )
    ]
    return tag("svg", threads, weft, viewBox="0 0 22 22", aria_hidden="true")

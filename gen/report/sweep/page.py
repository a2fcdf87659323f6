"""The page of a sweep: charts and a table, which a script in the page draws from the data in the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gen.report.document import brand, document
from gen.report.markup import Markup, Node, tag
from gen.version import VERSION

__all__ = ["sweep_page"]

#: Failed points that are named at the top.
SHOWN = 5
SCRIPTS = ("plot.js", "page.js")


def sweep_page(name: str, command: str, data: Mapping[str, Any]) -> Markup:
    """The whole document.

    Parameters
    ----------
    name : str
        What the sweep is called.
    command : str
        The command that was swept.
    data : mapping
        ``settings``, ``figures``, ``texts``: columns with ``key``, ``label``, ``unit``, and ``better``, which is 1, -1
        or 0; ``charts``: pairs of figures; ``group``: the column in which points must agree to be compared; ``rows``:
        by column, with ``point``, ``title``, ``status``, ``problem``, ``config`` and ``command``.
    """
    rows = data["rows"]
    counts = {status: sum(row["status"] == status for row in rows) for status in ("done", "missed", "failed")}
    words = [f"{len(rows):,} points of bitloom {command}", f"{counts['done']:,} done"]
    words += [f"{counts[status]:,} {status}" for status in ("missed", "failed") if counts[status]]
    header = tag(
        "header",
        brand("sweep report"),
        tag("h1", f"Sweep {name}"),
        tag("p", ", ".join(words), class_="subtitle"),
        _alert([row for row in rows if row["status"] != "done"]),
    )
    footer = tag("footer", f"Bitloom {VERSION}")
    main = [header, _controls(), _charts(len(data["charts"])), _table(), _dialog(), footer, *_scripts(data)]
    return document(f"sweep {name}", main, styles=("sweep.css",))


def _alert(bad: Sequence[Mapping[str, Any]]) -> Markup | None:
    """What is wrong with points."""
    if not bad:
        return None
    items = [tag("li", f"Point {row['point']}, {row['title']}: {row['problem']}") for row in bad[:SHOWN]]
    if len(bad) > SHOWN:
        items.append(tag("li", f"{len(bad) - SHOWN:,} more: they are in the table"))
    head = tag("b", "Not all points have the figures that were asked for.")
    return tag("div", head, tag("ul", items), class_="alert")


def _controls() -> Markup:
    """What is shown."""
    search = tag("label", tag("span", "Search"), _void("input", id="search", type="search", autocomplete="off"))
    colour = tag("label", tag("span", "Colour by"), tag("select", id="colour"))
    count = tag("p", tag("output", id="count"), " ", tag("button", "Show all", type="button", id="reset"))
    hint = tag(
        "p",
        "Words and bounds narrow the search: ",
        tag("code", id="example"),
        ". A click on a point shows its configuration and command.",
        class_="hint",
    )
    fields = tag("div", search, tag("div", id="filters"), colour, class_="fields")
    return tag("form", fields, hint, count, id="controls", aria_label="Points shown")


def _charts(number: int) -> Markup:
    figures = [
        tag(
            "figure",
            tag(
                "div",
                tag("label", tag("span", "Up"), tag("select", class_="up-choice")),
                tag("label", tag("span", "Across"), tag("select", class_="across-choice")),
                class_="choices",
            ),
            tag("div", class_="scatter", role="img", aria_label="Chart"),
            tag("figcaption"),
            class_="chart",
        )
        for _ in range(number)
    ]
    heading = tag("h2", "Trade-offs", id="charts-title")
    legend = tag("ul", id="legend", class_="legend")
    return tag("section", heading, legend, tag("div", figures, class_="charts"), aria_labelledby="charts-title")


def _table() -> Markup:
    heading = tag("h2", "Points", id="points-title")
    content = tag("table", tag("thead", tag("tr")), tag("tbody"), id="points")
    more = tag("button", "Show more", type="button", id="more", hidden=True)
    return tag("section", heading, tag("figure", _scroll(content, "Points"), more), aria_labelledby="points-title")


def _dialog() -> Markup:
    body = [
        tag("h2", id="point-title"),
        tag("p", id="point-state"),
        tag("h3", "Command"),
        _scroll(tag("pre", id="point-command"), "Command"),
        tag("h3", "Configuration", id="point-config-title"),
        _scroll(tag("pre", id="point-config"), "Configuration"),
        tag("h3", "Figures"),
        tag("dl", id="point-figures", class_="facts"),
    ]
    close = tag("button", "Close", type="button", id="close")
    return tag("dialog", tag("div", close, class_="closing"), *body, id="point", aria_labelledby="point-title")


def _scroll(content: Node, label: str) -> Markup:
    """A box that scrolls sideways; the script says how wide its content is."""
    cue = tag("p", "Scroll sideways to see all of it →", class_="cue", aria_hidden="true")
    return tag(
        "div",
        cue,
        tag("div", content, class_="scroll", role="region", tabindex=0, aria_label=label),
        class_="scrolling",
    )


def _void(name: str, **attributes: str) -> Markup:
    return Markup(str(tag(name, **attributes)).removesuffix(f"</{name}>"))


def _scripts(data: Mapping[str, Any]) -> list[Markup]:
    """The data, which can't end its element, and the script."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    code = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in SCRIPTS)
    return [
        tag("noscript", tag("p", "Charts and table of this page need JavaScript; the same is in table.csv.")),
        tag("script", Markup(text), id="data", type="application/json"),
        tag("script", Markup(code)),
    ]

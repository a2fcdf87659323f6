"""Reading a page back: is it well formed, and what does it say?"""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "meta", "link", "input"}


class Page(HTMLParser):
    """Collects text, attributes and numeric cells, and insists that every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.numeric: list[str] = []
        self._cell = ""
        self._in_numeric = False
        self.feed(html)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "td" and "n" in (dict(attrs).get("class") or "").split():
            self._in_numeric, self._cell = True, ""

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        if tag == "td" and self._in_numeric:
            self.numeric.append(self._cell)
            self._in_numeric = False

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)
        if self._in_numeric:
            self._cell += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

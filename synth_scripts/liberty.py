"""A small reader of Liberty files: the tree of groups, with attributes read where they are asked for.

Only braces, strings and comments are looked at when a file is opened, so that libraries of tens of megabytes, nearly
all of it tables, open in about a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Group", "LibertyError", "parse"]

_TOKEN = re.compile(
    r"""/\*.*?\*/ | "(?:[^"\\]|\\.)*" | (?P<kind>\w+)\s*\((?P<args>[^(){};]*)\)\s*\{ | (?P<open>\{) | (?P<close>\})""",
    re.DOTALL | re.VERBOSE,
)
_SIMPLE = re.compile(r'(\w+)\s*:\s*("(?:[^"\\]|\\.)*"|[^;\n{}]+)')
_COMPLEX = re.compile(r"(\w+)\s*\(([^(){}]*)\)\s*(?:;|\n|$)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class LibertyError(ValueError):
    """The text is not Liberty; the message says where and why."""


@dataclass
class Group:
    """One group: ``kind (args) { attributes; groups }``.

    Parameters
    ----------
    kind : str
        ``library``, ``cell``, ``pin``, ...
    args : tuple of str
        What stands in the parentheses, unquoted.
    text : str
        The whole file.
    start, body, end : int
        Where the group, its body and the text after it begin.
    groups : list of Group
        The groups inside, in order.
    """

    kind: str
    args: tuple[str, ...]
    text: str = field(repr=False)
    start: int
    body: int
    end: int = -1
    groups: list[Group] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        """The first argument, or an empty string."""
        return self.args[0] if self.args else ""

    def all(self, *kinds: str) -> Iterator[Group]:
        """The groups directly inside that are of one of these kinds."""
        return (group for group in self.groups if group.kind in kinds)

    def first(self, kind: str) -> Group | None:
        """The first group of a kind directly inside, or None."""
        return next(self.all(kind), None)

    @cached_property
    def own_text(self) -> str:
        """The body without the groups inside it."""
        return self.slim(without=None)[self.body - self.start : -1]

    @cached_property
    def attributes(self) -> dict[str, str]:
        """Simple attributes (``name : value ;``) and complex ones (``name (values) ;``), unquoted."""
        text = _COMMENT.sub(" ", self.own_text).replace("\\\n", " ")
        found = {name: _unquote(values) for name, values in _COMPLEX.findall(text)}
        found.update((name, _unquote(value)) for name, value in _SIMPLE.findall(text))
        return found

    def number(self, name: str, default: float = 0.0) -> float:
        """A numeric attribute. Raises LibertyError where it is not a number."""
        value = self.attributes.get(name)
        if value is None:
            return default
        try:
            return float(value)
        except ValueError:
            raise LibertyError(f"{self.kind} {self.name}: {name} is not a number: {value!r}") from None

    def slim(self, without: Iterable[str] | None) -> str:
        """The text of the group without groups of these kinds, at any depth; None drops every group inside."""
        kinds = None if without is None else frozenset(without)
        parts: list[str] = []
        self._collect(kinds, parts)
        return "".join(parts)

    def _collect(self, kinds: frozenset[str] | None, parts: list[str]) -> None:
        at = self.start
        for group in self.groups:
            parts.append(self.text[at : group.start])
            if kinds is not None and group.kind not in kinds:
                group._collect(kinds, parts)
            at = group.end
        parts.append(self.text[at : self.end])


def parse(text: str) -> Group:
    """Read a Liberty file's text and return its ``library`` group. Raises LibertyError."""
    stack: list[Group] = []
    library: Group | None = None
    for match in _TOKEN.finditer(text):
        if match["kind"]:
            if library is not None:
                continue
            args = tuple(_unquote(arg) for arg in match["args"].split(",") if arg.strip())
            group = Group(match["kind"], args, text, match.start(), match.end())
            if not stack and group.kind != "library":
                raise LibertyError(
                    f"line {_line(text, group.start)}: a 'library' group is expected, not {group.kind!r}"
                )
            if stack:
                stack[-1].groups.append(group)
            stack.append(group)
        elif match["open"]:
            raise LibertyError(f"line {_line(text, match.start())}: '{{' without a group's name in front")
        elif match["close"] and library is None:
            if not stack:
                raise LibertyError(f"line {_line(text, match.start())}: '}}' without a '{{'")
            group = stack.pop()
            group.end = match.end()
            if not stack:
                library = group
    if stack:
        raise LibertyError(f"the file ends inside the group '{stack[-1].kind} ({stack[-1].name})'")
    if library is None:
        raise LibertyError("there is no 'library' group")
    return library


def _unquote(value: str) -> str:
    return value.replace("\\\n", " ").replace('"', "").strip()


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1

"""The syntax of Liberty: a file's text becomes a tree of groups with their attributes.

Nothing is understood here but groups, attributes, strings and comments; what they mean is read in
:mod:`synth_scripts.library.header` and :mod:`synth_scripts.library.cell`. One regular expression matches a whole
statement, so that libraries of tens of megabytes, nearly all of it tables, open in seconds.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

__all__ = ["Group", "LibertyError", "decode", "is_true", "parse", "words"]

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_COMMENT = r"/\*.*?\*/|//[^\n]*+"
#: What may stand between two tokens. A backslash outside of a string only joins lines, whatever follows it.
_GAP = rf"(?:[\s\\]++|{_COMMENT})*+"
_STATEMENT = re.compile(
    rf"""(?:[\s\\;]++|{_COMMENT})*+
    (?: ([\w.$\-]++) {_GAP}
        (?: : [\s\\]*+ ({_STRING} | (?:[^;\n"{{}}\\/]++ | \\\s*+ | {_COMMENT} | /)*+)
        |   \( ((?:[^()"/]++ | {_STRING} | {_COMMENT} | / | \([^()"]*+\))*+) \) {_GAP} (\{{)? )
    | (\}})
    | \Z )""",
    re.DOTALL | re.VERBOSE,
)
_BRACE = re.compile(rf'(?:[^{{}}"/]++|{_STRING}|{_COMMENT}|/)*+([{{}}])', re.DOTALL)
_WORD = re.compile(rf"{_STRING}|{_COMMENT}|[^\s,\"\\/]++|/", re.DOTALL)
_COMMENTS = re.compile(rf"({_STRING})|{_COMMENT}", re.DOTALL)
_ESCAPE = re.compile(r'\\\s*\n\s*|\\(["\\])')


class LibertyError(ValueError):
    """The text is not Liberty, or contradicts itself; the message says where and why.

    Parameters
    ----------
    message : str
    line : int
        On which line, 0 where that is not known.
    inside : tuple of str
        The groups it is about, the outermost first: ``cell NAND2``, ``pin A``.
    """

    def __init__(self, message: str, line: int = 0, inside: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.line, self.inside = message, line, inside

    def within(self, group: Group) -> Self:
        """The same with the group in which it was found; the innermost one gives the line."""
        name = f"{group.kind} {group.name}".strip()
        return type(self)(self.message, self.line or group.line, (name, *self.inside))

    def __str__(self) -> str:
        line = [f"line {self.line}"] if self.line else []
        return ": ".join([*line, *([", ".join(self.inside)] if self.inside else []), self.message])


@dataclass(eq=False)
class Lines:
    """Which line a place in a text is on; they are counted once, when one is asked for."""

    text: str = field(repr=False)

    @cached_property
    def ends(self) -> list[int]:
        """Where the lines end."""
        return [match.start() for match in re.finditer("\n", self.text)]

    def of(self, at: int) -> int:
        """The line of a place, from 1."""
        return bisect_left(self.ends, at) + 1


@dataclass(eq=False, slots=True)
class Group:
    """One group: ``kind (args) { attributes; groups }``.

    Parameters
    ----------
    kind : str
        ``library``, ``cell``, ``pin``, ...
    lines : Lines
        Lines of the file.
    at : int
        Where the group begins in it.
    raw_args : str
        What stands in the parentheses.
    raw : dict
        Attributes, simple (``name : value ;``) and complex (``name (values) ;``), as they stand in the file.
    groups : list of Group
        The groups inside, in order.
    doubled : dict
        Attributes that are given again with other values, and these.
    """

    kind: str
    lines: Lines = field(repr=False)
    at: int
    raw_args: str
    raw: dict[str, str] = field(default_factory=dict, repr=False)
    groups: list[Group] = field(default_factory=list, repr=False)
    doubled: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def args(self) -> tuple[str, ...]:
        """What stands in the parentheses, unquoted."""
        return tuple(words(self.raw_args))

    @property
    def name(self) -> str:
        """The first argument, or an empty string."""
        return next(iter(self.args), "")

    @property
    def line(self) -> int:
        """The line on which the group begins."""
        return self.lines.of(self.at)

    def all(self, *kinds: str) -> Iterator[Group]:
        """The groups directly inside that are of one of these kinds."""
        return (group for group in self.groups if group.kind in kinds)

    def first(self, kind: str) -> Group | None:
        """The first group of a kind directly inside, or None."""
        return next(self.all(kind), None)

    def get(self, name: str, default: str = "") -> str:
        """An attribute without its quotes. Raises LibertyError where it is given twice and differs."""
        value = self.raw.get(name)
        if value is None:
            return default
        if name in self.doubled:
            raise LibertyError(f"{name} is given twice: {_unquote(value)!r} and {_unquote(self.doubled[name][0])!r}")
        return _unquote(value)

    def values(self, name: str) -> list[str]:
        """The words of a complex attribute; none where it is missing. Raises LibertyError as :meth:`get` does."""
        self.get(name)
        return words(self.raw.get(name, ""))

    def every(self, name: str) -> list[str]:
        """All values of an attribute that may be given again and again."""
        return [self.raw[name], *self.doubled.get(name, ())] if name in self.raw else []

    def same(self, other: Group) -> bool:
        """Both say the same, in the same words."""
        if (self.kind, self.args, self.raw, self.doubled) != (other.kind, other.args, other.raw, other.doubled):
            return False
        return len(self.groups) == len(other.groups) and all(map(Group.same, self.groups, other.groups))

    def flag(self, name: str) -> bool:
        """A Boolean attribute; False where it is missing."""
        return is_true(self.get(name))

    def number(self, name: str) -> float | None:
        """A numeric attribute, None where it is missing. Raises LibertyError where it is no finite number."""
        text = self.get(name)
        if not text:
            return None
        try:
            value = float(text.replace("_", "x"))  # which Python allows in numbers
        except ValueError:
            raise LibertyError(f"{name} is not a number: {text!r}") from None
        if not math.isfinite(value):
            raise LibertyError(f"{name} is not a finite number: {text!r}")
        return value


def decode(data: bytes) -> str:
    """The text of a file, with plain line ends: UTF-8 or UTF-16 with a byte order mark, UTF-8, else Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def is_true(text: str) -> bool:
    """``true`` as libraries write it."""
    return text.strip().lower() in ("true", "t", "yes", "1")


def words(raw: str) -> list[str]:
    """The words of an argument list, separated by commas or blanks; strings are one word."""
    if raw.isalnum():
        return [raw]
    return [_unquote(word) for word in _WORD.findall(raw) if not word.startswith(("/*", "//"))]


def parse(text: str, skip: Collection[str] = ()) -> Group:
    """Read a Liberty file's text and return its ``library`` group.

    Parameters
    ----------
    text : str
        See :func:`decode`.
    skip : collection of str
        Groups of these kinds are passed over, with all that is inside.

    Raises
    ------
    LibertyError
    """
    stack: list[Group] = []
    library: Group | None = None
    lines = Lines(text)
    at, match = 0, _STATEMENT.match
    while found := match(text, at):
        case = found.lastindex
        at = found.end()
        if case == 2 or case == 3:  # an attribute
            name, value = found[1], found[case]
            if not stack:
                raise LibertyError(_begin(name, library), lines.of(found.start(1)))
            raw = stack[-1].raw
            if raw.setdefault(name, value) != value:
                stack[-1].doubled.setdefault(name, []).append(value)
        elif case == 4:
            kind = found[1]
            if not stack and (kind != "library" or library is not None):
                raise LibertyError(_begin(kind, library), lines.of(found.start(1)))
            if kind in skip:
                at = _after(lines, at, kind, found.start(1))
                continue
            group = Group(kind, lines, found.start(1), found[3])
            if stack:
                stack[-1].groups.append(group)
            stack.append(group)
        elif case == 5:
            if not stack:
                raise LibertyError("'}' without a '{'", lines.of(found.start(5)))
            closed = stack.pop()
            if not stack:
                library = closed
        else:  # the end
            break
    else:
        raise _unreadable(lines, at)
    if stack:
        inside = stack[-1]
        raise LibertyError(f"the file ends inside the group '{inside.kind} ({inside.name})' of line {inside.line}")
    if library is None:
        raise LibertyError("there is no 'library' group")
    return library


def _after(lines: Lines, at: int, kind: str, start: int) -> int:
    """The place after the brace that closes a group."""
    depth = 1
    while depth:
        found = _BRACE.match(lines.text, at)
        if found is None:
            raise LibertyError(f"the file ends inside the group '{kind}' of line {lines.of(start)}")
        depth += 1 if found[1] == "{" else -1
        at = found.end()
    return at


def _begin(word: str, library: Group | None) -> str:
    if library is not None:
        return f"{word!r} follows the end of the library: a '}}' too many before it?"
    return f"a 'library' group is expected, not {word!r}"


def _unreadable(lines: Lines, at: int) -> LibertyError:
    """What is wrong with the first statement that does not match."""
    text = lines.text
    while gap := re.compile(rf"[\s\\;]++|{_COMMENT}", re.DOTALL).match(text, at):
        at = gap.end()
    rest = text[at:]
    word = re.match(r"[\w.$\-]+", rest)
    after = rest[word.end() :].lstrip(" \t\\\n") if word else ""
    if rest.startswith("{"):
        why = "'{' without a group's name in front"
    elif rest.startswith("/*"):
        why = "the comment has no end"
    elif word is None:
        why = f"{rest.split(chr(10), 1)[0][:30]!r} is not Liberty"
    elif after.startswith("("):
        cut = "the file ends inside" if ")" not in after else "there is no end to"
        why = f"{cut} the parentheses after {word[0]!r}, or a string in them"
    elif after.startswith(":"):
        why = f"the value of {word[0]!r} can't be read: is a string not closed?"
    else:
        missing = "" if "library" in text else "there is no 'library' group: "
        why = f"{missing}after {word[0]!r} a ':' and a value, or a '(' is expected"
    return LibertyError(why, lines.of(at))


def _unquote(raw: str) -> str:
    raw = raw.strip()
    if "/" in raw:
        raw = _COMMENTS.sub(lambda found: found[1] or " ", raw).strip()
    if "\\" in raw:
        raw = _ESCAPE.sub(lambda found: found[1] or " ", raw) if raw.startswith('"') else raw.replace("\\", " ")
    if len(raw) > 1 and raw[0] == raw[-1] == '"':
        raw = raw[1:-1]
    return raw.strip()

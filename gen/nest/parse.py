"""The text of a nest, read. All problems at once, each with line and column."""

from __future__ import annotations

import re

from gen.nest.check import check
from gen.nest.encoders import ENCODERS
from gen.nest.tokens import Bad, Reader, Token, where
from hdl.params.errors import ConfigError, Problem
from hdl.params.nest import (
    BROADCAST,
    ELEMENTS,
    INDICES,
    OTHER,
    PRIMITIVES,
    RESULT,
    SKIPPING,
    Line,
    Loop,
    Nest,
    Statement,
)

__all__ = ["parse", "read"]

KEYWORDS = frozenset(
    {"space", "time", "over", "broadcast", "skipping", "zeros", "A", "B", RESULT, *INDICES, *PRIMITIVES, *ENCODERS}
)
MAX_SIZE = 1 << 20


def parse(text: str, source: str = "") -> Nest:
    """Read a nest and check that it computes C = A x B.

    Parameters
    ----------
    text : str
    source : str
        The file it stands in, for messages.

    Raises
    ------
    ConfigError
        With every problem found, at its line and column.
    """
    nest = read(text, source)
    check(nest, source)
    return nest


def read(text: str, source: str = "") -> Nest:
    """Read a nest without asking what it computes. Raises ConfigError."""
    reader = _Blocks()
    for number, raw in enumerate(text.splitlines(), 1):
        reader.line(raw.split("#", 1)[0], number)
    reader.close(0)
    if not reader.lines and not reader.problems:
        reader.problems.append(Problem(where(1, 1), "expected a loop nest, not an empty text"))
    if reader.problems:
        raise ConfigError(reader.problems, source)
    return Nest(tuple(reader.lines))


class _Level:
    """A line of loops whose inside is being read."""

    def __init__(self, indent: int, loops: tuple[Loop, ...], number: int, *, holds: bool = True) -> None:
        self.indent, self.loops, self.number = indent, loops, number
        self.inside: int | None = None
        self.holds = holds


class _Blocks:
    """Keeps track of indentation."""

    def __init__(self) -> None:
        self.levels = [_Level(-1, (), 0)]
        self.lines: list[Line] = []
        self.problems: list[Problem] = []

    def line(self, text: str, number: int) -> None:
        body = text.lstrip(" ")
        if not body.strip():
            return
        indent = len(text) - len(body)
        try:
            self._enter(body, indent, number)
            self._read(text, indent, number)
        except Bad as bad:
            self.problems.append(bad.problem)

    def close(self, indent: int) -> None:
        """Leave the levels that a line at this indentation is not inside."""
        while self.levels[-1].indent >= indent:
            level = self.levels.pop()
            if level.inside is None and level.holds:
                message = "nothing stands inside this loop: indent a statement below it"
                self.problems.append(Problem(where(level.number, level.indent + 1), message))

    def _enter(self, body: str, indent: int, number: int) -> None:
        if body.startswith("\t"):
            raise Bad(Problem(where(number, indent + 1), "indent with spaces, not with tabs"))
        self.close(indent)
        level = self.levels[-1]
        if level.inside is None:
            level.inside = indent
            if indent and level.indent < 0:
                raise Bad(Problem(where(number, indent + 1), "the first line must not be indented"))
        elif indent != level.inside:
            around = "a statement holds nothing" if indent > level.inside else "no line above begins here"
            message = f"indented by {indent}: {around}"
            raise Bad(Problem(where(number, indent + 1), message, f"line up with column {level.inside + 1}"))

    def _read(self, text: str, indent: int, number: int) -> None:
        around = self.levels[-1].loops
        reader = Reader(text, number)
        loops = reader.next.text in ("space", "time")
        # Entered before it is read: what stands inside a line that turns out wrong is not wrong for that.
        level = _Level(indent, around, number, holds=loops)
        self.levels.append(level)
        if loops:
            level.loops = (*around, *_loops(reader))
        else:
            self.lines.append(Line(around, _statement(reader)))
            self.levels.pop()


def _loops(reader: Reader) -> list[Loop]:
    kind = reader.take(bool, "a loop").text
    found: list[tuple[Token, int | None]] = []
    while True:
        index = reader.word(INDICES, "an index: m, n, k or w")
        size = None
        if reader.next.number:
            token = reader.take(bool, "a size")
            size = token.value
            if not 1 <= size <= MAX_SIZE:
                reader.refuse(f"a loop has 1 to {MAX_SIZE} steps, not {token.text[:12]}", token)
        found.append((index, size))
        if not reader.optional(","):
            break
    mode = ""
    if reader.next.text:
        legal = (BROADCAST,) if kind == "space" else ("skipping",)
        word = reader.word(legal, "',' or " + ("'broadcast'" if kind == "space" else "'skipping zeros'"))
        mode = BROADCAST
        if word.text == "skipping":
            reader.word(("zeros",))
            mode = SKIPPING
            if len(found) > 1:
                reader.refuse("a loop that skips zeros stands on a line of its own", word)
    reader.finish()
    return [Loop(kind, index.text, size, mode, (reader.number, index.column)) for index, size in found]


def _statement(reader: Reader) -> Statement:
    first = reader.next
    at = (reader.number, first.column)
    if reader.optional("sync"):
        names = _list(reader, INDICES)
        reader.finish()
        return Statement((), "sync", names, at=at)
    targets = _targets(reader)
    accumulate = reader.word(("=", "+=")).text == "+="
    primitive = reader.word(
        [name for name in PRIMITIVES if name != "sync"], "a primitive: " + ", ".join(PRIMITIVES[:-1])
    )
    name = primitive.text
    operands: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    encoder, bits, recoded = "", 0, "A"
    if name == "encode":
        recoded = _operand(reader)
        reader.word((",",))
        encoder = reader.word(ENCODERS, "an encoder: " + ", ".join(ENCODERS)).text
    elif name == "map":
        operands = (_name(reader),)
        reader.word((",",))
        recoded = OTHER[_operand(reader)]
    elif name == "shift":
        operands, bits = _shift(reader)
    else:
        operands = _value(reader)
        if reader.optional("over"):
            over = _list(reader, INDICES)
    reader.finish()
    return Statement(targets, name, operands, accumulate, over, encoder, bits, recoded, at)


def _targets(reader: Reader) -> tuple[str, ...]:
    if reader.optional("C[m,n]"):
        return (RESULT,)
    token = reader.next
    if "[" in token.text:
        reader.refuse(f"expected a loop, a name or C[m,n], not {token.text!r}")
    second = reader.tokens[1].text if len(reader.tokens) > 1 else ""
    if re.match(r"[A-Za-z]", token.text) and second not in (",", "=", "+="):
        # Not an assignment at all: the nearest word that begins a line.
        reader.word(("space", "time", "sync"), "a loop ('space' or 'time'), 'sync' or an assignment")
    return _value(reader)


def _operand(reader: Reader) -> str:
    """The operand of which an element stands there."""
    meant = [element for element in ELEMENTS.values() if element[0] == reader.next.text[:1]]
    expected = " or ".join(f"'{element}'" for element in ELEMENTS.values())
    return reader.take(lambda text: text in ELEMENTS.values(), expected, meant).text[0]


def _name(reader: Reader) -> str:
    return reader.take(
        lambda text: re.fullmatch(r"[A-Za-z_]\w*", text) and text not in KEYWORDS,
        "a name that is no word of the notation",
    ).text


def _value(reader: Reader) -> tuple[str, ...]:
    """A name, or the two names of a pair."""
    first = _name(reader)
    return (first, _name(reader)) if reader.optional(",") else (first,)


def _shift(reader: Reader) -> tuple[tuple[str, ...], int]:
    names = [_name(reader)]
    while True:
        reader.word((",",))
        if reader.next.number or reader.next.text == "w":
            break
        if len(names) == 2:
            reader.refuse("expected the amount of the shift: 'w' or '2w'")
        names.append(_name(reader))
    bits = 1
    if reader.next.number:
        token = reader.take(bool, "a number")
        bits = token.value
        if not 1 <= bits <= 4:
            reader.refuse(f"a digit has 1 to 4 bits, not {token.text[:12]}", token)
    reader.word(("w",))
    return tuple(names), bits


def _list(reader: Reader, legal: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    while True:
        token = reader.word(legal, "an index: " + ", ".join(legal))
        if token.text in found:
            reader.refuse(f"{token.text!r} is named twice", token)
        found.append(token.text)
        if not reader.optional(","):
            return tuple(found)

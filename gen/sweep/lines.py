"""In which line of a TOML file a key stands: ``tomllib`` doesn't say."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["lines"]

_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_NAME})[ \t]*\]\]?")
_KEY = re.compile(rf"[ \t]*({_NAME})[ \t]*=")
#: What tells where a value ends: texts and comments are skipped whole.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' r"'''.*?'''|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'|" r"#[^\n]*|[\[{]|[\]}]|\n",
    re.DOTALL,
)


def lines(text: str) -> dict[str, int]:
    """Line, from 1 on, of every key and table of a file that ``tomllib`` takes, by path.

    Keys of the second ``[[point]]`` are ``point.1.<key>``.
    """
    found: dict[str, int] = {}
    tables: Counter[str] = Counter()
    table, at = "", 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        if header := _HEADER.match(text, at):
            table = _path(header[2])
            if header[1] == "[[":
                tables[table] += 1
                table = f"{table}.{tables[table] - 1}"
            found.setdefault(table, line)
            at = header.end()
        elif key := _KEY.match(text, at):
            found.setdefault(f"{table}.{_path(key[1])}".lstrip("."), line)
            at = key.end()
        at = _end(text, at)
    return found


def _path(name: str) -> str:
    """A name with dots, without quotes and blanks."""
    return ".".join(part.strip("\"'") for part in re.findall(_PART, name))


def _end(text: str, at: int) -> int:
    """Where the next line begins that is not part of the value at this place."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        sign = token[0]
        if sign == "\n" and depth == 0:
            return token.end()
        depth += (sign in "[{") - (sign in "]}") if len(sign) == 1 else 0
    return len(text)

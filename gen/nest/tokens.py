"""One line of the notation as tokens, and what is expected of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from hdl.params.errors import Problem, near_name

__all__ = ["Bad", "Reader", "Token", "tokens", "where"]

TOKEN = re.compile(r"[A-Za-z]\w*\s*\[[^\]#]*\]?|[A-Za-z_]\w*|[0-9]+|\+=|[=,]|\S")


def where(line: int, column: int) -> str:
    """A place in the text; both count from 1."""
    return f"line {line}, column {column}"


class Bad(Exception):
    """A line that cannot be read; carries its problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True)
class Token:
    """A word, number, matrix element or sign; columns count from 1."""

    text: str
    column: int

    @property
    def number(self) -> bool:
        """It is a number."""
        return self.text.isascii() and self.text.isdecimal()

    @property
    def value(self) -> int:
        """The number; one with very many digits only has to be too great."""
        return int(self.text[:12])


def tokens(text: str) -> list[Token]:
    """The tokens of a line without its comment; blanks inside a matrix element are dropped."""
    return [Token(re.sub(r"\s+", "", match[0]), match.start() + 1) for match in TOKEN.finditer(text)]


class Reader:
    """Takes the tokens of a line one by one.

    Parameters
    ----------
    text : str
        The line without its comment.
    number : int
        Its number.

    Raises
    ------
    Bad
        From every method that expects something else than is there.
    """

    def __init__(self, text: str, number: int) -> None:
        self.number = number
        self.tokens = tokens(text)
        self.end = Token("", len(text.rstrip()) + 1)
        self.place = 0

    @property
    def next(self) -> Token:
        """The token to be taken; an empty one at the end of the line."""
        return self.tokens[self.place] if self.place < len(self.tokens) else self.end

    def refuse(self, message: str, token: Token | None = None, hint: str = "") -> NoReturn:
        """Report a problem at a token: by default the next."""
        column = (token or self.next).column
        raise Bad(Problem(where(self.number, column), message, hint))

    def take(self, fits: Callable[[str], object], what: str, legal: Iterable[str] = ()) -> Token:
        """Take the next token if it fits; else say what is expected there."""
        token = self.next
        if not token.text or not fits(token.text):
            found = repr(token.text) if token.text else "the end of the line"
            self.refuse(f"expected {what}, not {found}", hint=near_name(token.text, legal))
        self.place += 1
        return token

    def word(self, legal: Iterable[str], what: str = "") -> Token:
        """Take one of some words."""
        legal = tuple(legal)
        return self.take(lambda text: text in legal, what or _one_of(legal), legal)

    def optional(self, text: str) -> bool:
        """Take the next token if it is this one."""
        if self.next.text != text:
            return False
        self.place += 1
        return True

    def finish(self) -> None:
        """Nothing may follow."""
        if self.next.text:
            self.refuse(f"expected the end of the line, not {self.next.text!r}")


def _one_of(legal: tuple[str, ...]) -> str:
    quoted = [repr(word) for word in legal]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"

"""One line of an assembly text as tokens, and the expressions in it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from hdl.params.errors import Problem, near_name

__all__ = ["Bad", "Line", "Number", "Token"]

TOKEN = re.compile(r"0[xX]\w*|0[bB]\w*|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.?[A-Za-z_][\w.]*|<<|>>|//|\S")
COMMENT = "#"
#: Binary operators by how tight they bind.
PRECEDENCE = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6}
MAX_BITS = 4096

#: The value of an expression: exact, or one of infinity and NaN.
Number = int | Fraction | float


class Bad(Exception):
    """A line that cannot be read; carries its problem, whose place is ``line:column``."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True)
class Token:
    """A word, number or sign; columns count from 1."""

    text: str
    column: int


class Line:
    """Takes the tokens of a line one by one.

    Parameters
    ----------
    text : str
        The line, comment included.
    number : int

    Raises
    ------
    Bad
        From every method that expects something else than is there.
    """

    def __init__(self, text: str, number: int) -> None:
        code = text.split(COMMENT, 1)[0]
        self.number = number
        self.tokens = [Token(match[0], match.start() + 1) for match in TOKEN.finditer(code)]
        self.end = Token("", len(code.rstrip()) + 1)
        self.place = 0

    @property
    def next(self) -> Token:
        """The token to be taken; an empty one at the end of the line."""
        return self.peek(0)

    def peek(self, ahead: int) -> Token:
        """A token further on."""
        return self.tokens[self.place + ahead] if self.place + ahead < len(self.tokens) else self.end

    def where(self, token: Token) -> str:
        """The place of a token."""
        return f"{self.number}:{token.column}"

    def refuse(self, message: str, token: Token | None = None, hint: str = "") -> NoReturn:
        """Report a problem at a token: by default the next."""
        raise Bad(Problem(self.where(token or self.next), message, hint))

    def take(self) -> Token:
        """Take the next token, whatever it is."""
        token = self.next
        self.place += 1
        return token

    def expect(self, what: str, fits: Callable[[str], object], legal: Iterable[str] = ()) -> Token:
        """Take the next token if it fits; else say what is expected there."""
        token = self.next
        if not token.text or not fits(token.text):
            found = repr(token.text) if token.text else "the end of the line"
            self.refuse(f"expected {what}, not {found}", hint=near_name(token.text, legal))
        return self.take()

    def name(self, what: str) -> Token:
        """Take a name: letters, digits and underscores."""
        return self.expect(what, lambda text: re.fullmatch(r"[A-Za-z_]\w*", text))

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

    def expression(self, constants: Mapping[str, int]) -> Number:
        """Take an expression: numbers, constants, ``+ - * / // % << >> & ^ | ~`` and brackets; exact throughout."""
        return self._binary(constants, 0)

    def _binary(self, constants: Mapping[str, int], least: int) -> Number:
        left = self._unary(constants)
        while (strength := PRECEDENCE.get(self.next.text, 0)) > least:
            sign = self.take()
            left = self._apply(sign, left, self._binary(constants, strength))
        return left

    def _unary(self, constants: Mapping[str, int]) -> Number:
        token = self.next
        if token.text in ("-", "+", "~"):
            self.take()
            value = self._unary(constants)
            if token.text == "~":
                if not isinstance(value, int):
                    self.refuse("'~' takes an integer", token)
                return ~value
            if token.text == "+":
                return value
            # A negative zero is a number of its own in floating point, and no fraction.
            return -0.0 if isinstance(value, Fraction) and value == 0 else -value
        if token.text == "(":
            self.take()
            value = self.expression(constants)
            self.expect("')'", lambda text: text == ")")
            return value
        return self._atom(constants)

    def _atom(self, constants: Mapping[str, int]) -> Number:
        token = self.expect("a number", lambda text: re.match(r"\d|[A-Za-z_]", text))
        text = token.text
        if not text[0].isdigit():
            if text in ("inf", "nan"):
                return math.inf if text == "inf" else math.nan
            if text not in constants:
                self.refuse(f"there is no constant {text!r}", token, near_name(text, constants))
            return constants[text]
        try:
            if text[:2].lower() in ("0x", "0b"):
                return int(text, 0)
            digits = text.replace("_", "")
            return int(digits) if digits.isdecimal() else _decimal(digits)
        except ValueError:
            self.refuse(f"{text!r} is no number", token)

    def _apply(self, sign: Token, left: Number, right: Number) -> Number:
        if isinstance(left, float) or isinstance(right, float):
            self.refuse("nothing can be computed with infinity, NaN and negative zero", sign)
        both = isinstance(left, int) and isinstance(right, int)
        if sign.text in ("+", "-", "*"):
            result = {"+": left + right, "-": left - right, "*": left * right}[sign.text]
        elif sign.text == "/":
            result = Fraction(left) / Fraction(right) if right else self.refuse("division by zero", sign)
            if both and result.denominator == 1:
                result = result.numerator
        elif not both:
            self.refuse(f"{sign.text!r} takes integers", sign)
        else:
            result = self._integers(sign, int(left), int(right))
        if max(result.numerator.bit_length(), result.denominator.bit_length()) > MAX_BITS:
            self.refuse("the result is too large", sign)
        return result

    def _integers(self, sign: Token, left: int, right: int) -> int:
        if sign.text in ("//", "%"):
            if not right:
                self.refuse("division by zero", sign)
            return left // right if sign.text == "//" else left % right
        if sign.text in ("<<", ">>"):
            if not 0 <= right <= MAX_BITS:
                self.refuse(f"a shift is 0 to {MAX_BITS} bits, not {right}", sign)
            return left << right if sign.text == "<<" else left >> right
        return {"&": left & right, "|": left | right, "^": left ^ right}[sign.text]


def _decimal(text: str) -> Fraction:
    exponent = re.search(r"[eE]([+-]?\d+)$", text)
    if exponent and abs(int(exponent[1])) > MAX_BITS:
        raise ValueError(text)
    return Fraction(text)

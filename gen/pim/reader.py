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

TOKEN = re.compile(r"0[xX]\w*|0[bB]\w*|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.?[A-Za-z_][\w.]*|<<|>>|//|\S")
COMMENT = "#"
#: Binary operators by how tight they bind.
PRECEDENCE = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6}
MAX_BITS = 4096
#: Brackets and signs inside one another.
MAX_DEPTH = 100
#: Characters of a token that a message repeats.
SHOWN = 40

#: The value of an expression: exact, or one of infinity and NaN.
Number = int | Fraction | float
#: Constants by name; None where the line that gives the value is wrong.
Constants = Mapping[str, int | None]


class Bad(Exception):
    """A part of a line that can't be read; its problem is among the line's."""


@dataclass(frozen=True)
class Token:
    """A word, number or sign; columns count from 1."""

    text: str
    column: int

    @property
    def shown(self) -> str:
        """As messages repeat it."""
        return repr(self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}...")


class Line:
    """Takes the tokens of a line one by one.

    Parameters
    ----------
    text : str
        The line, comment included.
    number : int

    Attributes
    ----------
    problems : list of Problem
        Found so far, each at its ``line:column``.

    Raises
    ------
    Bad
        From every method that expects something else than is there; the problem has been noted by then.
    """

    def __init__(self, text: str, number: int) -> None:
        code = text.split(COMMENT, 1)[0]
        self.number = number
        self.tokens = [Token(match[0], match.start() + 1) for match in TOKEN.finditer(code)]
        self.end = Token("", len(code.rstrip()) + 1)
        self.place = 0
        self.problems: list[Problem] = []
        self._depth = 0
        self._unknown = False

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

    def note(self, message: str, token: Token, hint: str = "") -> None:
        """Report a problem at a token, and go on."""
        self.problems.append(Problem(self.where(token), message, hint))

    def refuse(self, message: str, token: Token | None = None, hint: str = "") -> NoReturn:
        """Report a problem at a token, by default the next, and give up this part of the line."""
        self.note(message, token or self.next, hint)
        raise Bad

    def recover(self) -> None:
        """After :class:`Bad`: go to the next comma, where another part of the line begins."""
        while self.next.text not in ("", ","):
            self.place += 1

    def take(self) -> Token:
        """Take the next token, whatever it is."""
        token = self.next
        self.place += 1
        return token

    def expect(self, what: str, fits: Callable[[str], object], legal: Iterable[str] = ()) -> Token:
        """Take the next token if it fits; else say what is expected there."""
        token = self.next
        if not token.text or not fits(token.text):
            found = token.shown if token.text else "the end of the line"
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
            self.refuse(f"expected the end of the line, not {self.next.shown}")

    def expression(self, constants: Constants) -> Number:
        """Take an expression: numbers, constants, ``+ - * / // % << >> & ^ | ~`` and brackets; exact throughout.

        Constants that there are not are all reported; a constant whose own line is wrong has no value (None), and what
        is made from it is no further problem.
        """
        self._unknown, self._depth = False, 0
        value = self._binary(constants, 0)
        if self._unknown:
            raise Bad
        return value

    def _binary(self, constants: Constants, least: int) -> Number:
        left = self._unary(constants)
        while (strength := PRECEDENCE.get(self.next.text, 0)) > least:
            sign = self.take()
            left = self._apply(sign, left, self._binary(constants, strength))
        return left

    def _unary(self, constants: Constants) -> Number:
        token = self.next
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.refuse(f"at most {MAX_DEPTH} brackets and signs can stand inside one another", token)
        value = self._signed(constants, token)
        self._depth -= 1
        return value

    def _signed(self, constants: Constants, token: Token) -> Number:
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
            value = self._binary(constants, 0)
            self.expect("')'", lambda text: text == ")")
            return value
        return self._atom(constants)

    def _atom(self, constants: Constants) -> Number:
        token = self.expect("a number", lambda text: re.match(r"[0-9]|[A-Za-z_]", text))
        text = token.text
        if not text[0].isdigit():
            if text in ("inf", "nan"):
                return math.inf if text == "inf" else math.nan
            if text not in constants:
                self.note(f"there is no constant {token.shown}", token, near_name(text, constants))
            value = constants.get(text)
            self._unknown |= value is None
            return 1 if value is None else value
        try:
            number = _number(text)
        except ValueError:
            self.refuse(f"{token.shown} is no number", token)
        most = MAX_BITS if isinstance(number, int) else 4 * MAX_BITS
        if max(number.numerator.bit_length(), number.denominator.bit_length()) > most:
            self.refuse("the number is too large", token)
        return number

    def _apply(self, sign: Token, left: Number, right: Number) -> Number:
        if self._unknown:
            return 1
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


def _number(text: str) -> int | Fraction:
    """The value of a number. Raises ValueError."""
    if text[:2].lower() in ("0x", "0b"):
        return int(text, 0)
    digits = text.replace("_", "")
    return int(digits) if digits.isdecimal() else _decimal(digits)


def _decimal(text: str) -> Fraction:
    exponent = re.search(r"[eE]([+-]?\d+)$", text)
    if exponent and abs(int(exponent[1])) > MAX_BITS:
        raise ValueError(text)
    return Fraction(text)

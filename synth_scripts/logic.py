"""Boolean functions as Liberty writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

__all__ = ["FULL_CARRY", "FULL_SUM", "expression", "truth_table"]

_TOKEN = re.compile(r"[A-Za-z_][\w\[\].]*|[01]|[!'&*|+^()]")

#: Truth tables of sum and carry of a full adder.
FULL_SUM = 0b10010110
FULL_CARRY = 0b11101000


class _Translator:
    """Recursive descent: ``!`` and ``'`` bind tightest, then exclusive or, and (also by juxtaposition), or."""

    def __init__(self, function: str, names: Mapping[str, str]) -> None:
        self.tokens = _TOKEN.findall(function)
        self.names = {"0": "0", "1": "m"} | dict(names)
        self.at = 0

    def peek(self) -> str:
        return str(self.tokens[self.at]) if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def primary(self) -> str:
        token = self.take()
        if token == "!":
            return f"(m ^ {self.primary()})"
        if token == "(":
            value = self.disjunction()
            if self.take() != ")":
                raise ValueError("')' is missing")
        elif token in self.names:
            value = self.names[token]
        else:
            raise ValueError(f"{token!r} is not an input")
        while self.peek() == "'":
            self.take()
            value = f"(m ^ {value})"
        return value

    def parity(self) -> str:
        parts = [self.primary()]
        while self.peek() == "^":
            self.take()
            parts.append(self.primary())
        return parts[0] if len(parts) == 1 else f"({' ^ '.join(parts)})"

    def conjunction(self) -> str:
        parts = [self.parity()]
        while self.peek() not in ("", "|", "+", ")"):
            if self.peek() in "&*":
                self.take()
            parts.append(self.parity())
        return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"

    def disjunction(self) -> str:
        parts = [self.conjunction()]
        while self.peek() in ("|", "+"):
            self.take()
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"


@cache
def _template(function: str, names: tuple[str, ...]) -> str:
    """The translation with a field for each name, ``{0}`` for the first: a netlist has few functions and many cells."""
    translator = _Translator(function, {name: f"{{{i}}}" for i, name in enumerate(names)})
    text = translator.disjunction()
    if translator.peek():
        raise ValueError(f"{translator.peek()!r} is out of place")
    return text


def expression(function: str, names: Mapping[str, str]) -> str:
    """Translate a function to Python, with ``m`` for all ones.

    Parameters
    ----------
    function : str
        ``(A&!B)|C'``, ``A B + C``, ...
    names : dict
        Python text for every name that may occur.

    Raises
    ------
    ValueError
        Where another name occurs, or the text is no function.
    """
    return _template(function, tuple(names)).format(*names.values())


def truth_table(function: str, inputs: Sequence[str]) -> int | None:
    """Return the truth table as an integer: bit i is the value where input j is bit j of i.

    None where the function reads anything but ``inputs`` (the state of a flip-flop, say) or can't be parsed.
    """
    size = 1 << len(inputs)
    columns = {f"x{j}": sum(1 << i for i in range(size) if i >> j & 1) for j in range(len(inputs))}
    try:
        text = expression(function, {name: f"x{j}" for j, name in enumerate(inputs)})
    except ValueError:
        return None
    value: int = eval(text, {"m": (1 << size) - 1}, columns)  # only names and operators made above
    return value

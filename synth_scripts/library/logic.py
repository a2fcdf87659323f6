"""Boolean functions as Liberty writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

__all__ = ["FULL_CARRY", "FULL_SUM", "Function", "expression", "inverted", "replaced", "truth_table"]

# A name may be quoted inside a function: libraries do so where it begins with a digit.
_TOKEN = re.compile(r"\s*(?:\"([^\"]+)\"|((?:[\w.$:<>/-]|\[\w+\])+)|([!'&*|+^()]))")

#: Truth tables of sum and carry of a full adder.
FULL_SUM = 0b10010110
FULL_CARRY = 0b11101000
#: Parentheses deeper than any cell's, and not too deep for Python.
_DEEPEST = 30


@dataclass(frozen=True)
class Function:
    """A function as a tree.

    Parameters
    ----------
    kind : str
        ``name``, ``0``, ``1``, ``!``, ``&``, ``|`` or ``^``.
    name : str
        The variable, of a ``name``.
    parts : tuple of Function
        The operands.
    """

    kind: str
    name: str = ""
    parts: tuple[Function, ...] = ()

    @classmethod
    def read(cls, text: str) -> Function:
        """Read ``(A&!B)|C'``, ``A B + C``, ... Raises ValueError where the text is no function."""
        return _Reader(text).read()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that occur, in order of their first occurrence."""
        found = (self.name,) if self.kind == "name" else ()
        return tuple(dict.fromkeys([*found, *(name for part in self.parts for name in part.names)]))

    def text(self, name: Callable[[str], str]) -> str:
        """The function in the one spelling that all tools read alike: ``!``, ``&``, ``|``, ``^`` and parentheses."""
        if self.kind == "name":
            return name(self.name)
        if not self.parts:
            return self.kind
        parts = [f"({part.text(name)})" if len(part.parts) > 1 else part.text(name) for part in self.parts]
        return f"!{parts[0]}" if self.kind == "!" else self.kind.join(parts)


def replaced(function: Function, names: Mapping[str, Function]) -> Function:
    """A function with others in place of some of its names."""
    if function.kind == "name":
        return names.get(function.name, function)
    return Function(function.kind, parts=tuple(replaced(part, names) for part in function.parts))


def inverted(function: Function) -> Function:
    """The inverse of a function."""
    return function.parts[0] if function.kind == "!" else Function("!", parts=(function,))


class _Reader:
    """Recursive descent: ``!`` and ``'`` bind tightest, then exclusive or, and (also by juxtaposition), or."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        text = text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"{text[at:].strip()[:20]!r} is not understood")
            quoted, name, sign = found.groups()
            self.tokens.append(("name", quoted or name) if sign is None else (sign, ""))
            at = found.end()
        self.at = self.depth = 0

    def read(self) -> Function:
        value = self.disjunction()
        if self.peek():
            raise ValueError(f"{self.peek()!r} is out of place")
        return value

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def primary(self) -> Function:
        kind, name = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if kind == "!":
            value = inverted(self.primary())
        elif kind == "(":
            value = self.disjunction()
            if self.peek() != ")":
                raise ValueError("')' is missing")
            self.at += 1
        elif kind == "name":
            value = Function(name) if name in ("0", "1") else Function("name", name)
        else:
            raise ValueError(f"{kind!r} is out of place" if kind else "it ends too early")
        self.depth -= 1
        while self.peek() == "'":
            self.at += 1
            value = inverted(value)
        return value

    def parity(self) -> Function:
        return self.chain("^", self.primary, lambda sign: sign == "^")

    def conjunction(self) -> Function:
        return self.chain("&", self.parity, lambda sign: sign not in ("", "|", "+", ")"))

    def disjunction(self) -> Function:
        return self.chain("|", self.conjunction, lambda sign: sign in ("|", "+"))

    def chain(self, kind: str, operand: Callable[[], Function], goes_on: Callable[[str], bool]) -> Function:
        parts = [operand()]
        while self.peek() and goes_on(self.peek()):
            if self.peek() in ("&", "*", "|", "+", "^"):
                self.at += 1
            parts.append(operand())
        return parts[0] if len(parts) == 1 else Function(kind, parts=tuple(parts))


@cache
def _template(function: str, names: tuple[str, ...]) -> str:
    """The translation with a field for each name, ``{0}`` for the first: a netlist has few functions and many cells."""
    return _python(Function.read(function), {name: f"{{{i}}}" for i, name in enumerate(names)})


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


def _python(function: Function, names: Mapping[str, str]) -> str:
    if function.kind == "name":
        if function.name not in names:
            raise ValueError(f"{function.name!r} is not an input")
        return names[function.name]
    if function.kind in "01":
        return "m" if function.kind == "1" else "0"
    parts = [_python(part, names) for part in function.parts]
    return f"(m ^ {parts[0]})" if function.kind == "!" else f"({f' {function.kind} '.join(parts)})"


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

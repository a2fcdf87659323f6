"""Boolean functions as Liberty writes them, as truth tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["FULL_CARRY", "FULL_SUM", "truth_table"]

_TOKEN = re.compile(r"[A-Za-z_][\w\[\].]*|[01]|[!'&*|+^()]")


def truth_table(function: str, inputs: Sequence[str]) -> int | None:
    """Return the truth table as an integer: bit i is the value where input j is bit j of i.

    None where the function reads anything but ``inputs`` (the state of a flip-flop, say) or can't be parsed.
    """
    tokens = _TOKEN.findall(function)
    size = 1 << len(inputs)
    full = (1 << size) - 1
    columns = {name: sum(1 << i for i in range(size) if i >> j & 1) for j, name in enumerate(inputs)}
    columns |= {"0": 0, "1": full}
    at = 0

    def peek() -> str:
        return tokens[at] if at < len(tokens) else ""

    def advance() -> str:
        nonlocal at
        at += 1
        return tokens[at - 1]

    def primary() -> int:
        token = advance()
        if token == "!":
            return full & ~primary()
        if token == "(":
            value = disjunction()
            if advance() != ")":
                raise ValueError(function)
        else:
            value = columns[token]
        while peek() == "'":
            advance()
            value = full & ~value
        return value

    def parity() -> int:
        value = primary()
        while peek() == "^":
            advance()
            value ^= primary()
        return value

    def conjunction() -> int:
        value = parity()
        while peek() not in ("", "|", "+", ")"):
            if peek() in "&*":
                advance()
            value &= parity()  # two factors side by side are a product too
        return value

    def disjunction() -> int:
        value = conjunction()
        while peek() and peek() in "|+":
            advance()
            value |= conjunction()
        return value

    try:
        value = disjunction()
    except (KeyError, IndexError, ValueError):
        return None
    return value if at == len(tokens) else None


#: Sum and carry of a full adder over three inputs.
FULL_SUM = 0b10010110
FULL_CARRY = 0b11101000

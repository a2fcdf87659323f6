"""One key of a configuration file, and the usual kinds of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hdl.params import shown
from hdl.params.formats import MAX_WIDTH, MIN_WIDTH

__all__ = [
    *("Key", "boolean", "choice", "choices", "integer", "is_integer", "is_number", "kind_fault", "operand", "ranged"),
    "texts_fault",
]


@dataclass(frozen=True)
class Key:
    """One key of a configuration file.

    Parameters
    ----------
    section, name : str
    kind : str
        What the value is, as a user reads it ("an integer").
    description : str
        One sentence fragment: what the key decides.
    default : object
        The value of an absent key, as it would be written; None where an absent key is not like any value.
    legal : str
        The legal values, as a user reads them.
    fault : callable
        ``fault(value)`` says what is wrong with a value taken alone, or returns an empty string.
    json : dict
        The key's part of the JSON schema.
    absent : str
        What an absent key means, where it has no default.
    """

    section: str
    name: str
    kind: str
    description: str
    default: Any
    legal: str
    fault: Callable[[Any], str]
    json: dict[str, Any] = field(default_factory=dict)
    absent: str = ""

    @property
    def path(self) -> str:
        """The key as errors name it: ``engine.rows``."""
        return f"{self.section}.{self.name}"


def is_integer(value: object) -> bool:
    """An integer, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """A number that is finite, and no truth value."""
    return is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def kind_fault(test: Callable[[Any], bool], kind: str) -> Callable[[Any], str]:
    """The fault of a value that a test must hold of: it ``must be <kind>``."""
    return lambda value: "" if test(value) else f"must be {kind}, not {shown(value)}"


def ranged(low: int, high: int) -> Callable[[Any], str]:
    """The fault of a value that must be an integer within bounds."""

    def fault(value: Any) -> str:
        if not is_integer(value):
            return f"must be an integer, not {shown(value)}"
        return "" if low <= value <= high else f"must be {low} to {high}, not {value}"

    return fault


def texts_fault(kind: str) -> Callable[[Any], str]:
    """The fault of a value that must be a text or a list of texts, none of them empty."""

    def fault(value: Any) -> str:
        texts = value if isinstance(value, list) else [value]
        return "" if all(isinstance(text, str) and text for text in texts) else f"must be {kind}, not {shown(value)}"

    return fault


def choice(section: str, name: str, description: str, default: str, choices: tuple[str, ...]) -> Key:
    """A text out of a few. Only its type is checked here: the owner of the choices knows the nearest name."""
    text = kind_fault(lambda value: isinstance(value, str), "a text")
    legal = ", ".join(f"`{choice}`" for choice in choices)
    return Key(section, name, "text", description, default, legal, text, {"enum": list(choices)})


def choices(
    section: str, name: str, description: str, default: list[str], choices: tuple[str, ...], *, kind: str
) -> Key:
    """Any number of texts out of a few; one of them may stand without a list."""
    legal, one = ", ".join(f"`{choice}`" for choice in choices) + ", or `[]` for none", {"enum": list(choices)}
    fault = texts_fault(f"a {kind} or a list of {kind}s")
    json = {"oneOf": [one, {"type": "array", "items": one}]}
    return Key(section, name, "text or list", description, default, legal, fault, json)


def boolean(section: str, name: str, description: str, *, default: bool) -> Key:
    """A truth value."""
    fault = kind_fault(lambda value: isinstance(value, bool), "true or false")
    return Key(section, name, "boolean", description, default, "`true` or `false`", fault, {"type": "boolean"})


def integer(
    section: str, name: str, description: str, default: Any, low: int, high: int, *, checked: bool = False
) -> Key:
    """An integer. Parameters of hardware check its range themselves; others are ``checked`` here, in the same words."""
    fault = ranged(low, high) if checked else kind_fault(is_integer, "an integer")
    json = {"type": "integer", "minimum": low, "maximum": high}
    return Key(section, name, "integer", description, default, f"{low} to {high}", fault, json)


def operand(section: str, name: str, description: str, default: str, floats: Sequence[str] = ()) -> Key:
    """The format of an operand: of integers, or one of some floating-point formats."""
    text = kind_fault(lambda value: isinstance(value, str), "a text such as 's8' or 'u4'")
    widths = "|".join(str(width) for width in range(MIN_WIDTH, MAX_WIDTH + 1))
    legal = f"`s{MIN_WIDTH}` to `s{MAX_WIDTH}` signed, `u{MIN_WIDTH}` to `u{MAX_WIDTH}` unsigned"
    legal += f", {' or '.join(f'`{form}`' for form in floats)}" if floats else ""
    pattern = f"^({'|'.join([f'[su]({widths})', *floats])})$"
    return Key(section, name, "text", description, default, legal, text, {"pattern": pattern})

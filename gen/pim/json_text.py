"""JSON that people write or other tools do: a key that an object has twice, with two values, contradicts itself."""

from __future__ import annotations

import json
from typing import Any

from hdl.params import shown

__all__ = ["Twice", "parse"]


class Twice(ValueError):
    """An object has a key twice, with different values.

    Attributes
    ----------
    key, message : str
    """

    def __init__(self, key: str, first: object, second: object) -> None:
        self.key, self.message = key, f"is there twice, as {shown(first)} and as {shown(second)}"
        super().__init__(f"{key} {self.message}")


def parse(text: str) -> Any:
    """The value of a text.

    Raises
    ------
    Twice
        Where a key contradicts itself.
    ValueError, RecursionError
        As :func:`json.loads`, if it is no JSON.
    """
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise Twice(key, found[key], value)
        found[key] = value
    return found

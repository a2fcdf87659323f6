"""Values as a TOML file has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["tables", "value"]


def tables(content: Mapping[str, Mapping[str, Any]]) -> str:
    """A file of tables."""
    blocks = []
    for name, table in content.items():
        if table:
            blocks.append("\n".join([f"[{name}]", *(f"{key} = {value(each)}" for key, each in table.items())]) + "\n")
    return "\n".join(blocks)


def value(found: Any) -> str:
    """A text, number, boolean, or list of them."""
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, list | tuple):
        return "[" + ", ".join(map(value, found)) + "]"
    if isinstance(found, str):
        if "\n" in found and "'''" not in found and "\r" not in found and found.isprintable() is False:
            return f"'''\n{found}'''"  # a nest, which people read
        return json.dumps(found, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(found)

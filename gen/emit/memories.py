"""Memories in Verilog: which modules are some, and how large."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["memories_among", "module_text", "shape"]

#: Bits of a word, and words.
_ARRAY = re.compile(r"^\s*reg (?:\[(\d+):0\] )?(?:\w+|\\\S+ ) ?\[(\d+):0\];", re.MULTILINE)


def memories_among(parts: Mapping[str, Part]) -> tuple[str, ...]:
    """The modules, of parts by module, that are nothing but a memory: their parts say so."""
    return tuple(name for name, part in parts.items() if part.role is roles.MEMORY)


def shape(verilog: str) -> tuple[int, int] | None:
    """Words, and bits of a word, of the memory in a module; None if it has none."""
    found = _ARRAY.search(verilog)
    return None if found is None else (int(found[2]) + 1, int(found[1] or 0) + 1)


def module_text(verilog: str, module: str) -> str:
    """One module out of many."""
    found = re.search(rf"^module {module}\(.*?^endmodule$", verilog, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"no module {module}")
    return found[0]

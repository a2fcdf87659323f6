"""Names that every tool reads: what a cell or pin is called in netlists, where its own name won't do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from gen.names import KEYWORDS
from synth_scripts.library.liberty import Group

__all__ = ["pin_names", "safe_name"]


def safe_name(name: str, taken: Collection[str] = ()) -> str:
    """The name itself where all tools read it as it stands, else one like it that is not taken."""
    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name not in KEYWORDS:
        return name
    base = re.sub(r"\W", "_", name, flags=re.ASCII)
    base = base if re.match(r"[A-Za-z_]", base) and base not in KEYWORDS else f"n_{base}"
    made, again = base, 2
    while made in taken:
        made, again = f"{base}_{again}", again + 1
    return made


def pin_names(group: Group) -> dict[str, str]:
    """The names that the pins of a cell get, by those in the file."""
    return _safe_names([name for pin in group.all("pin") for name in pin.args])


def _safe_names(originals: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    plain = set(originals)
    for name in originals:
        if name not in found:
            found[name] = safe_name(name, plain | set(found.values()))
    return found

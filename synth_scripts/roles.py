"""What part of the engine a module is."""

from __future__ import annotations

import re

__all__ = ["ORDER", "role"]

#: Module name after the prefix -> the part of the engine it is, in the order of reports.
ROLES = (
    (r"pe", "pe"),
    (r"recode", "recode"),
    (r"row", "row"),
    (r"rows_\w+", "bus"),
    (r"array", "array"),
    (r"skew_\w+|delay_\w+", "skew"),
    (r"deskew_\w+", "deskew"),
    (r"finish", "adders"),
    (r"drain", "drain"),
    (r"slice_\w+", "slice"),
    (r"control", "control"),
    (r"engine", "engine"),
)
ORDER = tuple(name for _, name in ROLES)


def role(module: str, prefix: str) -> str:
    """The role of a module; its own name after the prefix where it is none of the known ones."""
    name = module.removeprefix(f"{prefix}_")
    return next((role for pattern, role in ROLES if re.fullmatch(pattern, name)), name)

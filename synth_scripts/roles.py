"""What part of the engine a module is."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["MEMORY", "ORDER", "role", "words"]

#: The role of memories.
MEMORY = "memory"
#: Module name after the prefix -> the part of the engine it is, and what its parts are called, in the order of reports.
ROLES = (
    (r"pe", "pe", "PEs"),
    (r"recode", "recode", "recoders"),
    (r"picker", "picker", "pickers"),
    (r"accumulator", "accumulator", "accumulators"),
    (r"(\w+_)?tree((_stage)?\d+_\d+)?|plane_\w+|column", "tree", "trees"),
    (r"cell", "cell", "cells"),
    (r"row", "row", "result buses"),
    (r"rows_\w+", "bus", "result buses"),
    (r"array|body", "array", "result buses"),
    (r"skew_\w+|delay_\w+", "skew", "skew"),
    (r"deskew_\w+", "deskew", "skew"),
    (r"terms_\w|lanes_\w", "terms", "queues of terms"),
    (r"serialiser", "serialiser", "serialiser"),
    (r"loader|reader|bank|walker|arbiter|output|slots|turn_\d+", "sparse", "sparse control"),
    (r"lookup", "lookup", "lookups"),
    (r"window", "window", "window"),
    (r"ram_\w+", MEMORY, "memories"),
    (r"finish", "adders", "final adders"),
    (r"drain|collector|foot", "drain", "final adders"),
    (r"slice_\w+", "slice", "stream registers"),
    (r"control|pair", "control", "control"),
    (r"jobs", "jobs", "control"),
    (r"engine", "engine", "control"),
)
ORDER = tuple(name for _, name, _ in ROLES)


def role(module: str, prefix: str) -> str:
    """The role of a module; its own name after the prefix where it is none of the known ones."""
    name = module.removeprefix(f"{prefix}_")
    return next((role for pattern, role, _ in ROLES if re.fullmatch(pattern, name)), name)


def words(roles: Collection[str]) -> str:
    """What parts of these roles are called, as a list in a sentence."""
    known = {name: text for _, name, text in ROLES}
    ordered = [*(name for name in ORDER if name in roles), *sorted(set(roles) - set(ORDER))]
    *most, last = dict.fromkeys(known.get(name, name) for name in ordered)
    return f"{', '.join(most)} and {last}" if most else last

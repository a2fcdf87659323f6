"""What a part is to an engine, and how reports call and draw it; each part names its own role."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["OTHER", "ROLES", "Role", "in_words", "role_of"]


@dataclass(frozen=True)
class Role:
    """One role.

    Parameters
    ----------
    name : str
        As in JSON files.
    parts : str
        What all its parts are called in a sentence; roles may share that.
    label : str
        What they are called in a table.
    kind : str
        What they are drawn like: ``pe``, ``recode``, ``adders``, ``drain``, ``skew``, ``memory``, ``control``,
        ``slices`` or ``rest``.
    """

    name: str
    parts: str
    label: str
    kind: str


PE = Role("pe", "PEs", "PEs", "pe")
RECODE = Role("recode", "recoders", "recoders", "recode")
PICKER = Role("picker", "pickers", "pickers", "recode")
ACCUMULATOR = Role("accumulator", "accumulators", "accumulators", "adders")
TREE = Role("tree", "trees", "trees", "adders")
CELL = Role("cell", "cells", "cells", "pe")
ROW = Role("row", "result buses", "result bus", "drain")
BUS = Role("bus", "result buses", "result bus", "drain")
ARRAY = Role("array", "result buses", "result bus", "drain")
SKEW = Role("skew", "skew", "skew", "skew")
DESKEW = Role("deskew", "skew", "deskew", "skew")
TERMS = Role("terms", "queues of terms", "queues of terms", "memory")
SERIALISER = Role("serialiser", "serialiser", "serialiser", "drain")
SPARSE = Role("sparse", "sparse control", "sparse control", "control")
LOOKUP = Role("lookup", "lookups", "lookups", "recode")
WINDOW = Role("window", "window", "window", "skew")
MEMORY = Role("memory", "memories", "memories, in flip-flops", "memory")
ADDERS = Role("adders", "final adders", "final adders", "adders")
DRAIN = Role("drain", "final adders", "final adders", "adders")
SLICE = Role("slice", "stream registers", "register slices", "slices")
FRONT = Role("front", "what stands in front", "gate or delta encoder", "control")
CONTROL = Role("control", "control", "control", "control")
JOBS = Role("jobs", "control", "control", "control")
ENGINE = Role("engine", "control", "top level", "control")
OTHER = Role("other", "other parts", "other parts", "rest")

#: All roles, in the order of reports.
ROLES = (
    *(PE, RECODE, PICKER, ACCUMULATOR, TREE, CELL, ROW, BUS, ARRAY, SKEW, DESKEW, TERMS, SERIALISER, SPARSE, LOOKUP),
    *(WINDOW, MEMORY, ADDERS, DRAIN, SLICE, FRONT, CONTROL, JOBS, ENGINE, OTHER),
)
_BY_NAME = {role.name: role for role in ROLES}


def role_of(name: str) -> Role:
    """The role of this name; ``OTHER`` for one that is none."""
    return _BY_NAME.get(name, OTHER)


def in_words(names: Collection[str]) -> str:
    """What the parts of some roles are called, as a list in a sentence."""
    *most, last = dict.fromkeys(role.parts for role in ROLES if role.name in names)
    return f"{', '.join(most)} and {last}" if most else last

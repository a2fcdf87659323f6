"""The wire load that a Liberty file names as its default: lengths by fan-out, and the capacitance of a length."""

from __future__ import annotations

import math
from itertools import pairwise

from synth_scripts.library.liberty import Group, LibertyError, words

__all__ = ["own_wires"]

#: Fan-outs over which the capacitance of a sink is averaged: most nets have one of these.
FANOUTS = (1, 2, 3, 4)


def own_wires(root: Group) -> float | None:
    """Capacitance of wire for each sink of a net, in the file's unit; None where no wire load is the default.

    That is ``default_wire_load``, or else the one for the smallest designs of ``default_wire_load_selection``: what a
    netlist is mapped for is a module. Raises LibertyError where it holds what is no number, or a negative one.
    """
    name = root.get("default_wire_load") or _of_selection(root)
    group = next((each for each in root.all("wire_load") if each.name == name), None)
    if not name or group is None:
        return None
    try:
        capacitance, slope = (_positive(group, key) for key in ("capacitance", "slope"))
        points = sorted(_pair(raw) for raw in group.every("fanout_length"))
    except LibertyError as error:
        raise error.within(group) from None
    if not points:
        return None
    return capacitance * sum(_length(points, slope, fanout) / fanout for fanout in FANOUTS) / len(FANOUTS)


def _of_selection(root: Group) -> str:
    name = root.get("default_wire_load_selection")
    for group in root.all("wire_load_selection"):
        for raw in group.every("wire_load_from_area") if group.name == name else ():
            return words(raw)[2]
    return ""


def _positive(group: Group, name: str) -> float:
    value = group.number(name) or 0.0
    if value < 0:
        raise LibertyError(f"{name} is negative: {value:g}")
    return value


def _pair(raw: str) -> tuple[float, float]:
    try:
        fanout, length = (float(part) for part in words(raw)[:2])
        fine = math.isfinite(fanout) and math.isfinite(length)
    except ValueError:
        fine = False
    if not fine:
        raise LibertyError(f"fanout_length ({raw}) holds what is no number")
    if fanout <= 0 or length < 0:
        raise LibertyError(f"fanout_length ({raw}) can't be")
    return fanout, length


def _length(points: list[tuple[float, float]], slope: float, fanout: float) -> float:
    """Of the wire of a net: between two points, before the first in proportion, after the last by the slope."""
    first, last = points[0], points[-1]
    if fanout <= first[0]:
        return first[1] * fanout / first[0]
    for (x0, y0), (x1, y1) in pairwise(points):
        if fanout <= x1:
            return y0 + (y1 - y0) * (fanout - x0) / max(x1 - x0, 1e-9)
    return last[1] + slope * (fanout - last[0])

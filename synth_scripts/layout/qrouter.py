"""Routing by qrouter: its script, and whether all nets were routed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth_scripts.layout.lef import PER_UM, Lef, Rect
from synth_scripts.layout.placement import Placement, port_layers

__all__ = ["failed", "fence", "script"]


def fence(placement: Placement, lef: Lef) -> Iterator[Rect]:
    """Where no wire may lie: beside the core, on all layers but that of the ports there.

    So a port's wire is straight and longer than the smallest piece of metal that may be made, and the lowest layer is
    left to the supply.
    """
    up, across = port_layers(lef)
    left, bottom, right, top = placement.core
    width, height = placement.width, placement.height
    gap = lef.site_width // 2
    for layer in lef.layers:
        if layer != across:
            yield Rect(layer.name, -gap, -gap, left - gap, height + gap)
            yield Rect(layer.name, right + gap, -gap, width + gap, height + gap)
        if layer != up:
            yield Rect(layer.name, -gap, -gap, width + gap, bottom - gap)
            yield Rect(layer.name, -gap, top + gap, width + gap, height + gap)


def script(placement: Placement, lef: Lef, layers: int, lef_name: str, def_name: str, routed_name: str) -> str:
    """The Tcl that reads ``def_name`` and writes ``routed_name``, with wires on the lowest ``layers`` layers."""
    lines = ["verbose 1", f"read_lef {lef_name}", f"layers {layers}", "via stack 1", "vdd vdd", "gnd gnd"]
    for rect in fence(placement, lef):
        corners = (rect.left, rect.bottom, rect.right, rect.top)
        lines.append(f"obstruction {' '.join(f'{each / PER_UM:g}' for each in corners)} {rect.layer}")
    lines += [f"read_def {def_name}", f"qrouter::standard_route {routed_name} false", "quit"]
    return "\n".join([*lines, ""])


def failed(log: str) -> int | None:
    """How many nets were not routed at the end; None where it didn't get there."""
    if "Final: No failed routes!" in log:
        return 0
    found = re.findall(r"^Final: .*?(\d+)", log, re.MULTILINE)
    return int(found[-1]) if found else None

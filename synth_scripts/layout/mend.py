"""Vias that qrouter 1.4.71 forgets: about one in a thousand nets ends above a pin, on the layer over it.

Whether the layout is right is not decided here: it is compared with its netlist afterwards.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from synth_scripts.layout.def_file import Wire, read_wires
from synth_scripts.layout.lef import PER_UM, Lef, Rect
from synth_scripts.layout.netlist import FlatNetlist
from synth_scripts.layout.placement import Placement

__all__ = ["mended"]


def mended(text: str, placement: Placement, netlist: FlatNetlist, lef: Lef) -> str:
    """A routed DEF file with a via wherever a wire ends above a pin of its net that nothing else of the net touches."""
    units = re.search(r"^UNITS DISTANCE MICRONS (\d+)", text, re.MULTILINE)
    scale = int(units[1]) // PER_UM if units else 1
    wires: dict[str, list[Wire]] = defaultdict(list)
    for wire in read_wires(text):
        wires[wire.net].append(wire)
    at = {each.name: each for each in placement.cells}
    for net, pins in netlist.wires.items():
        for cell, pin in pins:
            metal = list(at[cell].metal(pin, lef))
            if any(_touches(wire, rect, lef) for wire in wires[net] for rect in metal):
                continue
            for layer, via, x, y in _ends(wires[net], metal, lef):
                added = f"\n  NEW {layer} ( {x * scale} {y * scale} ) {via} ;"
                begin = re.search(rf"^- {re.escape(net)}\n[^;]*?\+ ROUTED [^;]*?(?=\s*;)", text, re.MULTILINE)
                if begin:
                    text = text[: begin.end()] + added + re.sub(r"^\s*;", "", text[begin.end() :], count=1)
                break
    return text


def _touches(wire: Wire, rect: Rect, lef: Lef) -> bool:
    """A piece of wire on the rectangle's layer meets it, or the via at its end does."""
    if rect.layer in lef.vias.get(wire.via, ()) and _inside(wire.x1, wire.y1, rect):
        return True
    across, along = sorted((wire.x0, wire.x1)), sorted((wire.y0, wire.y1))
    meets = across[0] <= rect.right and across[1] >= rect.left and along[0] <= rect.top and along[1] >= rect.bottom
    return wire.layer == rect.layer and meets


def _inside(x: int, y: int, rect: Rect) -> bool:
    return rect.left <= x <= rect.right and rect.bottom <= y <= rect.top


def _ends(wires: list[Wire], metal: list[Rect], lef: Lef) -> Iterator[tuple[str, str, int, int]]:
    """Layer of the pin, via and point of every end of a wire above a pin, one layer over it."""
    for wire in wires:
        for x, y in ((wire.x0, wire.y0), (wire.x1, wire.y1)):
            for rect in metal:
                via = next((name for name, layers in lef.vias.items() if layers == {rect.layer, wire.layer}), "")
                if via and wire.layer != rect.layer and _inside(x, y, rect):
                    yield rect.layer, via, x, y

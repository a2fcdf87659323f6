"""DEF files: a placement to be routed, and the wires of one that was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from synth_scripts.layout.lef import PER_UM, Lef
from synth_scripts.layout.netlist import TOP, FlatNetlist
from synth_scripts.layout.placement import Placement

__all__ = ["Wire", "read_wires", "wire_mm", "write_placed"]


@dataclass(frozen=True)
class Wire:
    """A straight piece of a net's wire, in the units of :mod:`synth_scripts.layout.lef`; a point where there is a via.

    ``via`` is the name of the via at the second end.
    """

    net: str
    layer: str
    x0: int
    y0: int
    x1: int
    y1: int
    via: str = ""

    @property
    def length(self) -> int:
        """Its length."""
        return abs(self.x1 - self.x0) + abs(self.y1 - self.y0)


def write_placed(placement: Placement, netlist: FlatNetlist, lef: Lef) -> str:
    """A DEF file with everything in its place, and nets without wires."""
    lines = ["VERSION 5.6 ;", "NAMESCASESENSITIVE ON ;", 'DIVIDERCHAR "/" ;', 'BUSBITCHARS "<>" ;']
    lines += [f"DESIGN {TOP} ;", f"UNITS DISTANCE MICRONS {PER_UM} ;"]
    lines.append(f"DIEAREA ( 0 0 ) ( {placement.width} {placement.height} ) ;")
    for layer in lef.layers:
        end = placement.height if layer.horizontal else placement.width
        axis = "Y" if layer.horizontal else "X"
        lines.append(f"TRACKS {axis} 0 DO {end // layer.pitch + 1} STEP {layer.pitch} LAYER {layer.name} ;")
    cells = (*placement.cells, *placement.fillers)
    lines.append(f"COMPONENTS {len(cells)} ;")
    lines += [f"- {at.name} {at.kind} + PLACED ( {at.x} {at.y} ) {at.orientation} ;" for at in cells]
    lines += ["END COMPONENTS", f"PINS {len(placement.ports)} ;"]
    for port in placement.ports:
        place = f"+ LAYER {port.layer} ( 0 0 ) ( 1 1 ) + PLACED ( {port.x} {port.y} ) N"
        lines.append(f"- {port.name} + NET {port.name} {place} ;")
    lines += ["END PINS", f"NETS {len(netlist.wires)} ;"]
    ports = {port.name for port in netlist.ports}
    for net, pins in netlist.wires.items():
        ends = [f"( PIN {net} )"] if net in ports else []
        # qrouter wants a net's name alone in its line.
        lines += [f"- {net}", " ".join([*ends, *(f"( {cell} {pin} )" for cell, pin in pins), ";"])]
    return "\n".join([*lines, "END NETS", "END DESIGN", ""])


def read_wires(text: str) -> list[Wire]:
    """The wires of a routed DEF file."""
    units = re.search(r"^UNITS DISTANCE MICRONS (\d+)", text, re.MULTILINE)
    scale = PER_UM / int(units[1]) if units else 1.0
    nets = re.search(r"^NETS\b.*?^END NETS", text, re.MULTILINE | re.DOTALL)
    wires: list[Wire] = []
    for statement in re.findall(r"^- (.*?);\s*$", nets[0] if nets else "", re.MULTILINE | re.DOTALL):
        net, _, routed = statement.partition("+ ROUTED")
        if routed:
            wires += _wires(net.split()[0], routed.split("+")[0], scale)
    return wires


def _wires(net: str, routed: str, scale: float) -> Iterator[Wire]:
    """The pieces between the points of paths, each of which begins with its layer."""
    for path in re.split(r"\bNEW\b", routed):
        layer = path.split()[0]
        last: tuple[int, int] | None = None
        for x, y, via in re.findall(r"\(\s*(\S+)\s+(\S+)(?:\s+\S+)?\s*\)\s*([A-Za-z]\w*)?", path):
            if last is None:
                here = (round(int(x) * scale), round(int(y) * scale))
            else:
                here = (last[0] if x == "*" else round(int(x) * scale), last[1] if y == "*" else round(int(y) * scale))
            if last is not None or via:
                yield Wire(net, layer, *(last or here), *here, via)
            last = here


def wire_mm(wires: Iterable[Wire]) -> float:
    """Their length, mm."""
    return sum(wire.length for wire in wires) / PER_UM / 1e3

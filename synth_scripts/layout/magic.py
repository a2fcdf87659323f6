"""Magic: the supply drawn, design rules counted, connections and capacitances extracted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from hdl.params.errors import ToolError
from synth_scripts.layout.lef import PER_UM, Lef, Rect
from synth_scripts.layout.netlist import TOP, FlatNetlist
from synth_scripts.layout.placement import Placement

__all__ = ["capacitances", "script", "supply", "violations"]

#: Width of the wires of the supply beside the core.
_STRIPE = 60
_NAMES = {"GROUND": "gnd", "POWER": "vdd"}


def supply(placement: Placement, lef: Lef) -> dict[str, list[Rect]]:
    """Metal that joins the rows' rails, ``gnd`` left of the core and ``vdd`` right of it, a comb each."""
    layer = lef.layers[0].name
    left, _, right, _ = placement.core
    combs: dict[str, list[Rect]] = {}
    for use, beside, edge in (("GROUND", left // 2, left), ("POWER", (right + placement.width) // 2, right)):
        rails = sorted(set(_rails(placement, lef, use)))
        low, high = min(rails)[0], max(rails)[1]
        stripe = Rect(layer, beside, low, beside + _STRIPE, high)
        ends = (beside, edge) if use == "GROUND" else (edge, beside + _STRIPE)
        combs[_NAMES[use]] = [stripe, *(Rect(layer, ends[0], rail[0], ends[1], rail[1]) for rail in rails)]
    return combs


def _rails(placement: Placement, lef: Lef, use: str) -> Iterator[tuple[int, int]]:
    """Lower and upper edge of the rails of a kind, a row after the other."""
    rows = {at.y: at for at in (*placement.cells, *placement.fillers)}
    for y, at in rows.items():
        cell = lef.cells[lef.filler.name]
        rail = next(rect for pin in cell.pins.values() if pin.use == use for rect in pin.metal)
        if at.orientation in ("FS", "S"):
            yield y + cell.height - rail.top, y + cell.height - rail.bottom
        else:
            yield y + rail.bottom, y + rail.top


def script(placement: Placement, lef: Lef, lef_name: str, def_name: str) -> str:
    """The Tcl that reads ``def_name`` and prints what breaks design rules.

    It writes ``connections.spice`` with cells and nets, and ``wires.spice`` with capacitances too.
    """
    lines = ["drc off", f"lef read {lef_name}", f"def read {def_name}", f"load {TOP}"]
    for name, rects in supply(placement, lef).items():
        for rect in rects:
            corners = (rect.left, rect.bottom, rect.right, rect.top)
            lines += [f"box {' '.join(f'{each / PER_UM:g}um' for each in corners)}", f"paint {rect.layer}"]
        lines += [f"label {name} center {rects[0].layer}", "port make"]
    lines += ["select top cell", "expand", "extract all", "ext2spice hierarchy on", "ext2spice format ngspice"]
    lines += ["ext2spice cthresh 0", "ext2spice renumber off", "ext2spice scale off", "ext2spice subcircuits on"]
    lines += ["ext2spice blackbox on", f"ext2spice -o wires.spice {TOP}"]
    lines += ["ext2spice cthresh infinite", f"ext2spice -o connections.spice {TOP}"]
    lines += ["drc on", "drc check", "drc catchup", "select top cell"]
    lines += ['puts "VIOLATIONS [drc list count total]"', "foreach {why where} [drc listall why] {"]
    lines += ['  puts "RULE [llength $where] $why"', "}", "quit -noprompt"]
    return "\n".join([*lines, ""])


def violations(log: str) -> dict[str, int]:
    """How often each design rule is broken, as the script printed it. Raises ToolError where it printed nothing."""
    if not re.search(r"^VIOLATIONS \d+$", log, re.MULTILINE):
        raise ToolError("magic did not check the design rules")
    return {rule: int(count) for count, rule in re.findall(r"^RULE (\d+) (.*)$", log, re.MULTILINE)}


def _lines(spice: str) -> list[str]:
    """Lines of a SPICE file, those joined that go on with a ``+``."""
    return re.sub(r"\n\+ ?", " ", spice).splitlines()


def capacitances(spice: str, netlist: FlatNetlist, *, neighbours: float = 1.0) -> dict[str, float]:
    """The capacitance of every net's wires in an extracted netlist, fF, zero or more.

    Parameters
    ----------
    spice : str
        Nodes have the name of their port, or of a cell and one of its pins.
    netlist : FlatNetlist
    neighbours : float
        How often the capacitance between two nets counts: 1 as if the other one rested, 2 as if it went the other way.
    """
    nets = {f"{cell}/{pin}": net for net, pins in netlist.nets.items() for cell, pin in pins}
    nets |= {port.name: port.name for port in netlist.ports}
    found: dict[str, float] = defaultdict(float)
    for line in _lines(spice):
        if not re.match(r"C\d+ ", line):
            continue
        _, one, other, value = line.split()[:4]
        ends = [nets.get(node, "") for node in (one, other)]
        if ends[0] == ends[1]:
            continue
        times = neighbours if all(ends) else 1.0
        for end in filter(None, ends):
            found[end] += times * _femto(value)
    # What a wire takes away from the metal of pins below it is more than a very short one has.
    return {net: max(0.0, value) for net, value in found.items()}


def _femto(value: str) -> float:
    return float(value[:-2]) * {"f": 1.0, "p": 1e3, "a": 1e-3}[value[-2]]

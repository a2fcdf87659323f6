"""Placement by graywolf: its input files, and what it made of them.

graywolf thinks of a cell around its centre, and of pads around the core. Gaps for wires are made by cells that are some
sites wider than they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from hdl.params.errors import ToolError
from synth_scripts.layout.lef import Lef, LefCell
from synth_scripts.layout.netlist import Cell, FlatNetlist

__all__ = ["Placed", "PlacedPort", "Raw", "cells_file", "gaps", "parameters_file", "read_placed"]

#: graywolf's numbers for orientations, in DEF's letters.
_ORIENTATIONS = {"0": "N", "1": "FS", "2": "FN", "3": "S"}


@dataclass(frozen=True)
class Placed:
    """Where a cell (with the gap beside it) lies: lower left corner, orientation in DEF's letters, row from 1 on."""

    name: str
    x: int
    y: int
    orientation: str
    row: int


@dataclass(frozen=True)
class PlacedPort:
    """Where a port lies: its centre, and whether it is left or right of the core."""

    name: str
    x: int
    y: int
    beside: bool


@dataclass(frozen=True)
class Raw:
    """What graywolf placed, in its own coordinates."""

    cells: tuple[Placed, ...]
    ports: tuple[PlacedPort, ...]


def gaps(cells: Iterable[Cell], lef: Lef, density: float) -> dict[str, int]:
    """Sites of gap beside every cell, so that cells are that share of all; spread evenly, the rest is carried on."""
    found, carried = {}, 0.0
    for cell in cells:
        carried += lef.cells[cell.kind].width / lef.site_width * (1.0 / density - 1.0)
        found[cell.name] = int(carried)
        carried -= found[cell.name]
    return found


def cells_file(netlist: FlatNetlist, lef: Lef, sites: Mapping[str, int]) -> str:
    """The ``.cel`` file that graywolf reads: cells with their pins and ways over them, then a pad for each port."""
    numbers = {layer.name: str(min(i, 3)) for i, layer in enumerate(lef.layers, 1)}
    lines: list[str] = []
    for number, cell in enumerate(netlist.cells):
        size = lef.cells[cell.kind]
        gap = sites[cell.name] * lef.site_width
        half, half_height = (size.width + gap) // 2, size.height // 2
        lines += [
            f"cell {number} {cell.name}",
            f"left {-half} right {size.width + gap - half} bottom {-half_height} top {size.height - half_height}",
            *_ways(-half, size.width + gap - half, half_height, lef.site_width),
            *(
                f"pin name {pin} signal {net} layer {layer} {x - half + gap} {y - half_height}"
                for pin, net in cell.pins.items()
                for layer, x, y in (_middle(size, pin, numbers),)
            ),
        ]
    across, along = lef.site_width // 2, lef.layers[0].pitch // 2
    for number, port in enumerate(netlist.ports, 1):
        lines += [
            f"pad {number} name pad_{port.name}",
            f"corners 4 {-across} {-along} {-across} {along} {across} {along} {across} {-along}",
            f"pin name {port.name} signal {port.name} layer 1 0 0",
        ]
    return "\n".join([*lines, ""])


def _ways(left: int, right: int, half_height: int, pitch: int) -> Iterator[str]:
    """Tracks on which wires cross a cell."""
    for number, x in enumerate(range(left + pitch // 2, right, pitch), 1):
        yield f"pin name twfeed{number} signal TW_PASS_THRU layer 1 {x} {-half_height}"
        yield f"   equiv name twfeed{number} layer 1 {x} {half_height}"


def _middle(cell: LefCell, pin: str, numbers: Mapping[str, str]) -> tuple[str, int, int]:
    """Layer and middle of a pin's largest rectangle."""
    metal = max(cell.pins[pin].metal, key=lambda rect: (rect.right - rect.left) * (rect.top - rect.bottom))
    return numbers[metal.layer], (metal.left + metal.right) // 2, (metal.bottom + metal.top) // 2


def parameters_file(lef: Lef, seed: int, aspect: float = 1.0) -> str:
    """The ``.par`` file that graywolf reads, for wires on the three lowest layers.

    Resistance and capacitance decide nothing here, since no timing is asked for.
    """
    layers = lef.layers[:4]
    names = [layer.name for layer in layers]
    vias = list(pairwise(names))
    lines = ["RULES"]
    lines += [f"layer {layer.name} 0.07 0.020 {'horizontal' if layer.horizontal else 'vertical'}" for layer in layers]
    lines += [f"via {low}_{high} {low} {high}" for low, high in vias]
    lines += [f"width {layer.name} {2 * layer.width}" for layer in layers]
    lines += [f"width {low}_{high} 60" for low, high in vias]
    lines += [f"spacing {layer.name} {layer.name} {2 * layer.pitch - 2 * layer.width}" for layer in layers]
    lines += [f"spacing {'_'.join(a)} {'_'.join(b)} 0" for a, b in pairwise(vias)]
    lines += [f"overhang {low}_{high} {name} 8" for low, high in vias for name in (low, high)]
    lines += ["ENDRULES", "*vertical_wire_weight : 1.0", "*vertical_path_weight : 1.0", "*padspacing : variable"]
    lines += ["*rowSep : 0.0 0", f"*track.pitch : {lef.site_width}", f"*minimum_pad_space : {2 * lef.site_width}"]
    lines += [f"*gridX : {lef.site_width}", f"*gridY : {lef.layers[0].pitch}", "*gridOffsetX : 0", "*gridOffsetY : 0"]
    lines += ["*graphics.wait : off", "*last_chance.wait : off", f"*random.seed : {seed}"]
    lines += [f"TWMC*chip.aspect.ratio : {aspect:g}", f"TWSC*feedThruWidth : {lef.site_width} layer 1"]
    lines += ["TWSC*do.global.route : on", "TWSC*ignore_feeds : true", "TWSC*call_row_evener : true"]
    lines += ["TWSC*even_rows_maximally : true", "GENR*row_to_tile_spacing: 1", "GENR*flip_alternate_rows : 1"]
    return "\n".join([*lines, ""])


def read_placed(text: str, netlist: FlatNetlist) -> Raw:
    """What a ``.pl1`` file says. Raises ToolError where cells or ports are missing in it."""
    cells, ports = [], []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 7:
            continue
        name, (left, bottom, right, top), side = words[0], map(int, words[1:5]), words[6]
        if name.startswith("pad_"):
            middle = ((left + right) // 2, (bottom + top) // 2)
            ports.append(PlacedPort(name.removeprefix("pad_"), *middle, side in ("-1", "-2")))
        elif not name.startswith("twfeed"):
            cells.append(Placed(name, left, bottom, _ORIENTATIONS[words[5]], int(side)))
    wanted = {*(cell.name for cell in netlist.cells), *(port.name for port in netlist.ports)}
    found = {cell.name for cell in cells} | {port.name for port in ports}
    if missing := wanted - found:
        raise ToolError(f"graywolf placed {len(wanted) - len(missing)} of {len(wanted)} cells and ports")
    return Raw(tuple(cells), tuple(ports))

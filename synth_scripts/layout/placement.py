"""Where everything lies: cells in rows without gaps, and ports at the edge, on tracks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from synth_scripts.layout.graywolf import Raw
from synth_scripts.layout.lef import PER_UM, Lef, LefLayer, Rect
from synth_scripts.layout.netlist import FlatNetlist

__all__ = ["At", "Placement", "PortAt", "place", "port_layers"]

#: Tracks between the edge and the core.
MARGIN = 5


@dataclass(frozen=True)
class At:
    """A cell at its lower left corner; orientation in DEF's letters."""

    name: str
    kind: str
    x: int
    y: int
    orientation: str

    def metal(self, pin: str, lef: Lef) -> Iterator[Rect]:
        """The metal of a pin where the cell lies."""
        cell = lef.cells[self.kind]
        for rect in cell.pins[pin].metal:
            across, along = (rect.left, rect.right), (rect.bottom, rect.top)
            if self.orientation in ("FN", "S"):
                across = (cell.width - across[1], cell.width - across[0])
            if self.orientation in ("FS", "S"):
                along = (cell.height - along[1], cell.height - along[0])
            yield Rect(rect.layer, self.x + across[0], self.y + along[0], self.x + across[1], self.y + along[1])


@dataclass(frozen=True)
class PortAt:
    """A port at a point on two tracks, on a layer."""

    name: str
    layer: str
    x: int
    y: int


@dataclass(frozen=True)
class Placement:
    """A layout without wires, in the units of :mod:`synth_scripts.layout.lef`.

    Parameters
    ----------
    width, height : int
        Of everything; its lower left corner is the origin.
    core : (left, bottom, right, top)
        The rows.
    cells, fillers : tuple of At
    ports : tuple of PortAt
    """

    width: int
    height: int
    core: tuple[int, int, int, int]
    cells: tuple[At, ...]
    fillers: tuple[At, ...]
    ports: tuple[PortAt, ...]

    @property
    def core_area_um2(self) -> float:
        """The area of the rows, um2."""
        left, bottom, right, top = self.core
        return (right - left) * (top - bottom) / PER_UM**2


def place(raw: Raw, netlist: FlatNetlist, lef: Lef, sites: Mapping[str, int]) -> Placement:
    """Move what graywolf placed to whole sites and tracks, and fill gaps.

    Cells stand in the rows and the order that graywolf chose, each with its gap beside it; every row is as long as the
    longest. Tracks lie at multiples of their pitch.

    Parameters
    ----------
    raw : Raw
    netlist : FlatNetlist
    lef : Lef
    sites : mapping
        Sites of gap beside every cell.
    """
    up, across = port_layers(lef)
    left, bottom = MARGIN * 2 * up.pitch + up.offset, MARGIN * across.pitch + across.offset
    kinds = {cell.name: cell.kind for cell in netlist.cells}
    rows: dict[int, list[At]] = {}
    ends: dict[int, int] = {}
    cells: list[At] = []
    fillers: list[At] = []

    def fill(row: int, orientation: str, count: int) -> None:
        for _ in range(count):
            y = bottom + (row - 1) * lef.row_height
            fillers.append(At(f"fill{len(fillers)}", lef.filler.name, ends[row], y, orientation))
            ends[row] += lef.site_width

    for each in sorted(raw.cells, key=lambda each: (each.row, each.x)):
        ends.setdefault(each.row, left)
        mirrored = each.orientation in ("FN", "S")
        if not mirrored:
            fill(each.row, each.orientation, sites[each.name])
        kind = kinds[each.name]
        at = At(each.name, kind, ends[each.row], bottom + (each.row - 1) * lef.row_height, each.orientation)
        cells.append(at)
        rows.setdefault(each.row, []).append(at)
        ends[each.row] += lef.cells[kind].width
        if mirrored:
            fill(each.row, each.orientation, sites[each.name])
    right, top = max(ends.values()), bottom + len(rows) * lef.row_height
    for row, placed in rows.items():
        fill(row, placed[0].orientation, (right - ends[row]) // lef.site_width)
    width = _up(right, 2 * up.pitch) + MARGIN * 2 * up.pitch
    height = _up(top, across.pitch) + MARGIN * across.pitch
    moved = (left - min(each.x for each in raw.cells), bottom - min(each.y for each in raw.cells))
    ports = _ports(raw, lef, moved, (width, height))
    return Placement(width, height, (left, bottom, right, top), tuple(cells), tuple(fillers), ports)


def port_layers(lef: Lef) -> tuple[LefLayer, LefLayer]:
    """The lowest layer with tracks from bottom to top, and the lowest one with tracks from left to right above it."""
    first = next(i for i, layer in enumerate(lef.layers) if not layer.horizontal)
    return lef.layers[first], next(layer for layer in lef.layers[first:] if layer.horizontal)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step


def _ports(raw: Raw, lef: Lef, moved: tuple[int, int], size: tuple[int, int]) -> tuple[PortAt, ...]:
    """Every port on the track nearest to where graywolf wants it, on its side, every other track left free."""
    up, across = port_layers(lef)
    taken: set[tuple[int, int]] = set()
    ports = []
    for port in raw.ports:
        x, y = port.x + moved[0], port.y + moved[1]
        layer, step, end = (across, 2 * across.pitch, size[1]) if port.beside else (up, 2 * up.pitch, size[0])
        along, far = (y, x > size[0] // 2) if port.beside else (x, y > size[1] // 2)
        edge = (size[0] if port.beside else size[1]) if far else 0
        slots = sorted(range(step, end, step), key=lambda slot: abs(slot - along))
        slot = next(slot for slot in slots if (edge, slot) not in taken)
        taken.add((edge, slot))
        ports.append(PortAt(port.name, layer.name, *((edge, slot) if port.beside else (slot, edge))))
    return tuple(ports)

"""What layout reads of a LEF file: routing layers, and sizes and pins of cells.

Lengths are integers, in hundredths of a micrometre (:data:`PER_UM`), as graywolf wants them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError
from synth_scripts.library.lef_areas import sections, text_of

__all__ = ["PER_UM", "Lef", "LefCell", "LefLayer", "LefPin", "Rect", "read_lef"]

#: Units of length in a micrometre.
PER_UM = 100


@dataclass(frozen=True)
class Rect:
    """A rectangle on a layer, from its lower left to its upper right corner."""

    layer: str
    left: int
    bottom: int
    right: int
    top: int


@dataclass(frozen=True)
class LefLayer:
    """A routing layer.

    Parameters
    ----------
    name : str
    horizontal : bool
        Tracks run from left to right.
    pitch, offset, width : int
        Distance of tracks, position of the first one, and width of a wire.
    """

    name: str
    horizontal: bool
    pitch: int
    offset: int
    width: int


@dataclass(frozen=True)
class LefPin:
    """A pin: ``INPUT``, ``OUTPUT`` or ``INOUT``, what it is used for, and its metal relative to the cell's corner."""

    name: str
    direction: str
    use: str
    metal: tuple[Rect, ...]

    @property
    def supply(self) -> bool:
        """It is a pin of power or ground."""
        return self.use in ("POWER", "GROUND")


@dataclass(frozen=True)
class LefCell:
    """A cell: its size, and its pins by name."""

    name: str
    width: int
    height: int
    pins: Mapping[str, LefPin]

    @property
    def area_um2(self) -> float:
        """Its area, um2."""
        return self.width * self.height / PER_UM**2

    def supply(self, use: str) -> str:
        """The name of its pin of ``POWER`` or ``GROUND``; empty where it has none."""
        return next((pin.name for pin in self.pins.values() if pin.use == use), "")


@dataclass(frozen=True)
class Lef:
    """A LEF file.

    Parameters
    ----------
    path : Path
    layers : tuple of LefLayer
        Routing layers, the lowest first.
    cells : mapping
        Cells by name.
    site_width, row_height : int
        Of the site on which cells stand.
    vias : mapping
        The layers that a via joins, by its name.
    """

    path: Path
    layers: tuple[LefLayer, ...]
    cells: Mapping[str, LefCell]
    site_width: int
    row_height: int
    vias: Mapping[str, frozenset[str]]

    @property
    def filler(self) -> LefCell:
        """The cell that fills a gap of one site. Raises ToolError where there is none."""
        for cell in self.cells.values():
            if cell.width == self.site_width and all(pin.supply for pin in cell.pins.values()):
                return cell
        raise ToolError(f"{self.path}: no cell as wide as a site and without signals, to fill gaps with")


def read_lef(path: Path) -> Lef:
    """Read a LEF file with technology and cells.

    Raises
    ------
    ToolError
        Where it can't be read, or lacks layers, the site or the cells.
    """
    text = text_of(path)
    layers = tuple(_layer(name, body) for name, body in sections(text, "LAYER") if re.search(r"\bTYPE\s+ROUTING", body))
    cells = {name: _cell(name, body) for name, body in sections(text, "MACRO")}
    sites = [_size(body) for _, body in sections(text, "SITE")]
    for what, found in (("routing layer", layers), ("cell (MACRO)", cells), ("SITE", sites)):
        if not found:
            raise ToolError(f"{path}: the LEF file has no {what}")
    names = {layer.name for layer in layers}
    vias: dict[str, frozenset[str]] = {}
    for match in re.finditer(r"^VIA\s+(\S+)\s+DEFAULT\b(.*?)^END", text, re.MULTILINE | re.DOTALL):
        vias[match[1]] = frozenset(re.findall(r"\bLAYER\s+(\S+)", match[2])) & names
    return Lef(path, layers, cells, *sites[0], vias)


def _layer(name: str, body: str) -> LefLayer:
    direction = re.search(r"\bDIRECTION\s+(\w+)", body)
    pitch, width = _number(body, "PITCH"), _number(body, "WIDTH")
    offset = _number(body, "OFFSET") if re.search(r"\bOFFSET\b", body) else pitch // 2
    return LefLayer(name, direction is None or direction[1] == "HORIZONTAL", pitch, offset, width)


def _number(body: str, key: str) -> int:
    found = re.search(rf"\b{key}\s+([\d.]+)", body)
    if found is None:
        raise ToolError(f"LEF: a routing layer has no {key}")
    return _length(found[1])


def _size(body: str) -> tuple[int, int]:
    found = re.search(r"\bSIZE\s+([\d.]+)\s+BY\s+([\d.]+)", body)
    if found is None:
        raise ToolError("LEF: a cell or site has no SIZE")
    return _length(found[1]), _length(found[2])


def _cell(name: str, body: str) -> LefCell:
    pins = re.finditer(r"^\s*PIN\s+(\S+)\s*$(.*?)^\s*END\s+\1\s*$", body, re.MULTILINE | re.DOTALL)
    origin = re.search(r"\bORIGIN\s+(-?[\d.]+)\s+(-?[\d.]+)", body)
    corner = (_length(origin[1]), _length(origin[2])) if origin else (0, 0)
    return LefCell(name, *_size(body), {pin[1]: _pin(pin[1], pin[2], corner) for pin in pins})


def _pin(name: str, body: str, corner: tuple[int, int]) -> LefPin:
    words = {key: found[1] for key in ("DIRECTION", "USE") if (found := re.search(rf"\b{key}\s+(\w+)", body))}
    metal, layer = [], ""
    for match in re.finditer(r"\bLAYER\s+(\S+)\s*;|\bRECT\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*;", body):
        if match[1]:
            layer = match[1]
        else:
            x0, y0, x1, y1 = (_length(match[i]) for i in range(2, 6))
            metal.append(Rect(layer, x0 + corner[0], y0 + corner[1], x1 + corner[0], y1 + corner[1]))
    return LefPin(name, words.get("DIRECTION", "INPUT"), words.get("USE", "SIGNAL"), tuple(metal))


def _length(text: str) -> int:
    return round(float(text) * PER_UM)

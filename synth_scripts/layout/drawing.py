"""What a drawing of a layout needs, as plain numbers in hundredths of a micrometre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synth_scripts.layout.lef import PER_UM, Lef
from synth_scripts.layout.routed import Routed
from synth_scripts.library.library import Library

__all__ = ["MOST_WIRES", "drawing"]

#: Pieces of wire that are drawn at most, the longest first: a page holds several layouts.
MOST_WIRES = 8000


def drawing(routed: Routed, library: Library, lef: Lef) -> dict[str, Any]:
    """Cells by kind, and wires by layer.

    Returns
    -------
    dict
        ``cells``: left, bottom, width and height by kind: ``logic``, ``flip-flop``, ``buffer``. ``wires``: both ends of
        every straight piece by layer, in the order of layers; ``left_out``: how many short ones are missing. Each is a
        text of numbers, four for a cell or a piece. ``core``: its corners.
    """
    placement = routed.placement
    cells: dict[str, list[tuple[int, ...]]] = {"logic": [], "buffer": [], "flip-flop": []}
    kinds = _kinds(library)
    for at in placement.cells:
        size = lef.cells[at.kind]
        cells[kinds.get(at.kind, "logic")].append((at.x, at.y, size.width, size.height))
    pieces = sorted((wire for wire in routed.wires if wire.length), key=lambda wire: -wire.length)
    wires: dict[str, list[tuple[int, ...]]] = {layer.name: [] for layer in lef.layers}
    for wire in pieces[:MOST_WIRES]:
        wires[wire.layer].append((wire.x0, wire.y0, wire.x1, wire.y1))
    return {
        "per_um": PER_UM,
        "width": placement.width,
        "height": placement.height,
        "core": placement.core,
        "cells": {kind: _text(found) for kind, found in cells.items() if found},
        "wires": {name: _text(found) for name, found in wires.items() if found},
        "left_out": max(0, len(pieces) - MOST_WIRES),
    }


def _text(shapes: Iterable[tuple[int, ...]]) -> str:
    return " ".join(str(number) for shape in shapes for number in shape)


def _kinds(library: Library) -> Mapping[str, str]:
    """The kind of every cell that isn't plain logic."""
    buffers = dict.fromkeys((cell for cell, _, _ in (*library.buffers, *library.inverters)), "buffer")
    return buffers | dict.fromkeys(library.clock_pins, "flip-flop")

"""What is known of wires: measured in our layouts, and of processes as others publish it.

Rows of :data:`MEASURED` are medians of ``bitloom layout configs/demo.toml --seeds 5``, and of ``--array 2x2``:
``sinks``, ``wire_mm`` and ``wire_ff`` of the files that these write, in versions as of 2026-11-27.
"""

from __future__ import annotations

from math import sqrt
from statistics import mean
from typing import NamedTuple

__all__ = ["ANY", "LENGTH", "MEASURED", "PER_UM", "Layout"]


class Layout(NamedTuple):
    """A layout: inputs of cells that are joined by its nets, length of its wires (mm), and their capacitance (fF)."""

    of: str
    sinks: int
    wire_mm: float
    wire_ff: float


_OSU018 = (
    Layout("PE of opt1", 1136, 17.19, 2012),
    Layout("PE of mac", 1542, 21.18, 2611),
    Layout("2x2 of opt1", 5457, 104.2, 14198),
    Layout("2x2 of mac", 6825, 119.3, 15514),
)
#: By how the names of libraries begin.
MEASURED: dict[str, tuple[Layout, ...]] = {"osu018": _OSU018}

#: Capacitance of a micrometre of wire (fF), by how the names of libraries begin, and where it is from: calibrated there
#: against routed designs (``set_wire_rc -signal``; of SKY130 that of layer met1).
PER_UM: dict[str, tuple[float, str]] = {
    "sky130_fd_sc_hd": (0.172, "OpenROAD-flow-scripts, sky130hd"),
    "sg13g2": (0.173, "OpenROAD-flow-scripts, ihp-sg13g2"),
    "asap7": (0.173, "OpenROAD-flow-scripts, asap7"),
}
#: The same of any other process: it hardly depends on it.
ANY = (0.173, "as in processes of 130 to 7 nm")

#: Area of the smallest NAND2 of osu018, um2.
_NAND2_UM2 = 24.0
#: Length of wire for each sink, in roots of the area of the smallest NAND2: 3.3 in the layouts above.
LENGTH = round(1e3 * mean(each.wire_mm / each.sinks for each in _OSU018) / sqrt(_NAND2_UM2), 1)

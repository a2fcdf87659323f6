"""What is around an engine's core, as it is synthesised, and the critical paths of the whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdl.params.errors import CheckFailed
from synth_scripts.engine.box import Box, read_boxes
from synth_scripts.engine.variants import Variant
from synth_scripts.library.library import Library
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing
from synth_scripts.timing.walk import timer, walk
from synth_scripts.work import cache

__all__ = ["Fabric", "critical_paths"]


@dataclass(frozen=True)
class Fabric:
    """The synthesised engine without the insides of its boxes.

    Parameters
    ----------
    style : str
    variant : Variant
        How it was made.
    period : float
        Least clock period of the engine (ns), paths inside blocks not counted; 0 where it could not be timed.
    areas : dict
        Area of the cells directly in each module.
    instances : dict
        How often each module and library cell occurs in the engine (boxes' insides not counted).
    buffers : int
        Fan-out buffers in the modules.
    netlist : str
        Verilog of all modules but the boxes.
    path : str
        The critical path, as that prints it which timed.
    """

    style: str
    variant: Variant
    period: float
    areas: dict[str, float]
    instances: dict[str, int]
    buffers: int
    netlist: str = field(repr=False, default="")
    path: str = field(repr=False, default="")

    @classmethod
    def kept(cls, values: dict[str, Any]) -> Fabric:
        """One that JSON has made a dictionary of."""
        return cls(**{**values, "variant": Variant.kept(*values["variant"])})

    def area(self, boxes: Collection[Box]) -> float:
        """Area of the engine, boxes included."""
        inside = sum(box.area * self.instances.get(box.name, 0) for box in boxes)
        return inside + sum(area * self.instances[name] for name, area in self.areas.items())

    def sequential_area(self, library: Library) -> float:
        """Area of flip-flops, latches and clock gates, which is the same whatever the logic is mapped to."""
        return sum(library.areas[kind] * self.instances.get(kind, 0) for kind in library.clock_pins)


def critical_paths(
    library: Library, fabric: Fabric, top: str, boxes: list[Box], core: Collection[str], folder: Path, period_ns: float
) -> sta.Paths:
    """The critical paths of an engine at a clock period, those among the boxes ``core`` told apart.

    Raises
    ------
    CheckFailed
        Where loops of logic go through several modules.
    ToolError
    """
    blocks = [(box.name, box.netlist, box.block.liberty if box.block else "") for box in boxes]
    key = cache.key(
        *(__name__, "paths", fabric.netlist, top, library.digest, blocks, sorted(core), period_ns, timer(library))
    )
    stored = cache.read("paths", key)
    if timer(library) == "ABC":
        return sta.Paths(fabric.path)
    if stored is None:
        folder.mkdir(parents=True, exist_ok=True)
        if timer(library) == unit_timing.NAME:
            whole = walk(library, fabric.netlist, top, boxes, folder)
            own = walk(library, fabric.netlist, top, boxes, folder, core)
            return sta.Paths(whole.path(period_ns), own.period, own.path(period_ns))
        (folder / f"{top}.v").write_text(fabric.netlist)
        among = [box.name for box in boxes if box.block and box.name in core]
        read = read_boxes(boxes, folder)
        found = sta.paths(library, f"{top}.v", top, folder, period_ns=period_ns, read=read, among=among)
        if found.loops:
            log = folder / "paths.log"
            raise CheckFailed(f"{top}: {found.loops} combinational loop(s) through several modules (log: {log})")
        stored = vars(found)
        cache.write("paths", key, stored)
    return sta.Paths(**stored)

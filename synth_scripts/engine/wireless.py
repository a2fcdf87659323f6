"""The clocks that the same netlists would reach without wires, beside those of the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from synth_scripts.engine.box import Box, read_boxes
from synth_scripts.engine.engine import Engine
from synth_scripts.engine.fabric import Fabric, critical_paths
from synth_scripts.library.library import Library
from synth_scripts.module.block import characterise, port_loads
from synth_scripts.module.memory import memories
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing
from synth_scripts.timing.walk import timer, walk
from synth_scripts.work import cache, jobs

__all__ = ["Periods", "bare_period", "engine_periods"]


@dataclass(frozen=True)
class Periods:
    """Least clock periods without wires, ns; None where what times can't say."""

    engine: float | None
    core: float | None


def engine_periods(engine: Engine, folder: Path) -> Periods:
    """Those of an engine and of its core. Nothing is mapped again: the netlists are those of the figures.

    Raises
    ------
    ToolError
    """
    library = engine.library
    if library.bare is None:
        return Periods(engine.period, engine.core_period)
    if timer(library) == "ABC":
        return Periods(None, None)
    folder.mkdir(parents=True, exist_ok=True)
    cores = [(box, engine.core.results[box.name].netlist) for box in engine.core.boxes]
    timed = jobs.together([partial(_retimed, library.bare, *each, folder) for each in cores])
    core = max(period for _, period in timed)
    emission, fabric = engine.timed[1], engine.timed_fabric
    found = memories(Hierarchy(emission.text), emission.memories)
    boxes = [*(box for box, _ in timed), *(Box.of(memory, library.bare) for memory in found if memory.macro)]
    around = _again(library.bare, fabric, emission.top, boxes, folder / "around", core)
    among = critical_paths(
        *(library.bare, fabric, emission.top, boxes, engine.core.modules, folder / "among"), engine.period
    ).among
    return Periods(max(core, around), max(core, among))


def bare_period(library: Library, fabric: Fabric, top: str, boxes: Sequence[Box], folder: Path) -> float | None:
    """The least clock period (ns) of a fabric without wires; None where what times can't say.

    Parameters
    ----------
    library : Library
        With wires.
    fabric : Fabric
    top : str
    boxes : sequence of Box
        As the library without wires has them.
    folder : Path

    Raises
    ------
    ToolError
    """
    if library.bare is None:
        return fabric.period
    return None if timer(library) == "ABC" else _again(library.bare, fabric, top, boxes, folder, fabric.period / 2)


def _again(library: Library, fabric: Fabric, top: str, boxes: Sequence[Box], folder: Path, start_ns: float) -> float:
    """Time the netlist of a fabric by another library with the same cells, ns.

    ``start_ns`` is too short a period, or just enough: where latches borrow time, longer ones have no slack either.
    """
    blocks = [(box.name, box.netlist, box.block.liberty if box.block else "") for box in boxes]
    key = cache.key(__name__, "engine", fabric.netlist, top, library.digest, blocks, start_ns, timer(library))
    stored = cache.read("paths", key)
    if stored is None:
        folder.mkdir(parents=True, exist_ok=True)
        if timer(library) == unit_timing.NAME:
            stored = walk(library, fabric.netlist, top, boxes, folder).period
        else:
            (folder / f"{top}.v").write_text(fabric.netlist)
            read = read_boxes(boxes, folder)
            stored = sta.settle(library, f"{top}.v", top, folder, start_ns=start_ns, read=read).period
        cache.write("paths", key, stored)
    return float(stored)


def _retimed(library: Library, box: Box, netlist: str, folder: Path) -> tuple[Box, float]:
    """A module of the core as another library times it, and its least clock period, ns."""
    key = cache.key(__name__, "module", netlist, box.name, library.digest, timer(library))
    place = folder / box.name
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{box.name}.v").write_text(netlist)
    period = cache.read("paths", key)
    if period is None:
        if timer(library) == unit_timing.NAME:
            period = walk(library, netlist, box.name, (), place).period
        else:
            period = sta.measure(library, {"bare": f"{box.name}.v"}, box.name, place)["bare"].period
        cache.write("paths", key, period)
    block = characterise(library, netlist, box.name, box.area, place) if box.block else None
    return replace(box, loads=port_loads(library, netlist, box.name), block=block), float(period)

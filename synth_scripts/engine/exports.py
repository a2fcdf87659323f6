"""Files for other tools: the mapped netlist, the cells' Verilog, delays as SDF, activity as SAIF."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from synth_scripts.library.cell_verilog import CellVerilog
from synth_scripts.module.memory import Memory
from synth_scripts.netlist.flat import places
from synth_scripts.power.saif import saif
from synth_scripts.power.simulated import SimulatedEngine
from synth_scripts.timing.delays import LEAST
from synth_scripts.timing.sdf import sdf
from synth_scripts.timing.sta import plain
from synth_scripts.work import icarus

__all__ = ["KINDS", "export", "netlist"]

#: What may be asked for beside the netlist.
KINDS = ("sdf", "saif")
#: The folder of these files, in that of scripts, logs and netlists.
FOLDER = "netlist"


def netlist(verilog: str, memories: Iterable[Memory], workdir: Path, name: str = "engine.v") -> str:
    """Write a netlist with its macros as black boxes; returns the file's name in ``workdir``."""
    folder = workdir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    text = plain(verilog) + "".join(memory.empty() for memory in memories)
    (folder / name).write_text(text, encoding="utf-8")
    return f"{FOLDER}/{name}"


def export(
    make: Callable[[], SimulatedEngine], verilog: str, kinds: Collection[str], period_ns: float, workdir: Path
) -> dict[str, str]:
    """Write files about the engine that is simulated.

    Parameters
    ----------
    make : callable
        Simulates it.
    verilog : str
        Its modules.
    kinds : collection of str
        ``sdf``: delays; ``saif``: activity, with glitches where there is a simulator for them.
    period_ns : float
        The clock for which the activity is to be used.
    workdir : Path

    Returns
    -------
    dict of str
        Names of files in ``workdir``: ``simulated`` and ``cells`` beside ``kinds``.
    """
    engine = make()
    library, top = engine.setup.library, engine.setup.top
    leaves = {*library.areas, *engine.macros}
    found = {"simulated": netlist(verilog, engine.macros.values(), workdir, "simulated.v")}
    cells = CellVerilog(library, {cell["type"] for cell in engine.simulator.cells.values()})
    texts: dict[str, tuple[str, Iterable[str]]] = {
        "cells": ("cells.v", ["`timescale 1ps/1fs\n", cells.whole(LEAST / 1e3)])
    }
    where = places(engine.modules, top, leaves)
    if "sdf" in kinds:
        texts["sdf"] = ("simulated.sdf", sdf(engine.delays, engine.modules, where, top))
    if "saif" in kinds:
        if icarus.available():
            activity = engine.activity()
            source, cycles = activity.activity, activity.cycles
        else:
            source, cycles = engine.simulator.activity, engine.recording.cycles * engine.simulator.lanes
        texts["saif"] = ("simulated.saif", saif(source, cycles, period_ns, engine.modules, where, top))
    for kind, (name, lines) in texts.items():
        with (workdir / FOLDER / name).open("w", encoding="utf-8") as file:
            file.writelines(lines)
        found[kind] = f"{FOLDER}/{name}"
    return found

"""Synthesis of the PIM controller: area by block, best clock, power, and the published figures beside them.

The controller goes through the flow of what is around an engine's core (:mod:`synth_scripts.engine.search`), with its
SRAM, program memory and larger queues as macros. Where a program has been recorded, the netlist repeats it clock by
clock, and power is that of its gates (:mod:`synth_scripts.controller.power`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gen.pim.hardware import pim_design
from gen.pim.trace import Trace
from hdl.params.pim import PimParams
from synth_scripts.controller.power import controller_power
from synth_scripts.engine.box import Box
from synth_scripts.engine.clock import Clock, target
from synth_scripts.engine.fabric import Fabric, critical_paths
from synth_scripts.engine.search import synthesise_fabric
from synth_scripts.engine.units import units
from synth_scripts.engine.variants import SEARCHES, Search
from synth_scripts.engine.wireless import bare_period
from synth_scripts.library.load import load
from synth_scripts.module.memory import MODEL, memories
from synth_scripts.netlist import checks
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import sta
from synth_scripts.work import yosys

__all__ = ["BLOCKS", "PUBLISHED", "synthesise_controller"]

#: Variants that are tried, by effort: it is large, and to map it once is a minute of work or more.
TRIED = {"quick": Search(SEARCHES["quick"].first[:2]), "normal": SEARCHES["quick"], "full": SEARCHES["normal"]}

#: What PIM-GPT (arXiv 2310.09385) gives for its ASIC: 28 nm, 1 GHz, with 128 KB of SRAM.
PUBLISHED = {"area_mm2": 0.64, "power_mw": 304.59, "node_nm": 28, "clock_mhz": 1000}
#: Of a common 28 nm process: a NAND2 (um2), a bit of SRAM in a macro (a cell of 0.127 um2, half of the area), FO4 (ps).
NAND2_28, BIT_28, FO4_28 = 0.5, 0.25, 15.0
SCALING = (
    f"gate equivalents (areas over that of a NAND2) and periods in FO4 carry over to another process within some 20 %, "
    f"so that area and clock at 28 nm are meant as such ({NAND2_28:g} um2 a NAND2, {BIT_28:g} um2 a bit of SRAM, "
    f"{FO4_28:g} ps a FO4); power does not carry over: supplies and wires have not shrunk with gates. The published "
    "area is of other hardware, with arithmetic in bf16 where this one has single precision"
)
#: Blocks of the report and where they begin: the first module on the way down from the top that has a name here.
BLOCKS = {
    "pim_registers": "registers",
    "counters": "counters",
    "mark_log": "log of marks",
    "issuer": "issuer",
    "channels": "channels",
    "mover": "data mover",
    "vector": "vector unit",
    "sram": "ports of the SRAM",
}
#: What is in none of them.
WIRING = "wiring"
#: Flip-flops from which on a clock gate is used: one takes the power of 1.6 clock pins of flip-flops while it lets
#: the clock through, of 1.2 otherwise, and the area of 1.5 flip-flops.
GATE_BITS = 8
#: Period that is asked for, FO4, where no clock is given.
TARGET_FO4 = 25


def synthesise_controller(
    params: PimParams,
    workdir: Path,
    *,
    library: str | list[str] = "auto",
    lef: str = "auto",
    wires: str | float = "auto",
    clock_ns: float | None = None,
    effort: str = "normal",
    prefix: str = "bitloom",
    record: Callable[[], Trace | None] = lambda: None,
) -> dict[str, Any]:
    """Synthesise a controller.

    Parameters
    ----------
    params : PimParams
    workdir : Path
        For scripts, logs and netlists; what is in there stays.
    library : str or list of str
        As ``library`` of a configuration.
    lef, wires
        Likewise.
    clock_ns : float, optional
        The clock asked for; default: its best.
    effort : str
        ``quick``, ``normal`` or ``full``.
    prefix : str
    record : callable
        Gives a recorded program whose power is measured; called where there is a use for it. Without one, power
        follows a rule.

    Returns
    -------
    dict
        ``library``, ``corner``, ``tools``
        ``clock_asked_ns``, ``clock_met``, ``clock_ns``, ``wns_ns``
            The clock asked for, and whether it is met; that of the report, which is the one reached where it is not;
            slack at the clock asked for.
        ``fmax_mhz``, ``period_fo4``, ``critical_path``
            Best clock; the least period in delays of a loaded inverter.
        ``wire_ff_per_sink``, ``wires``, ``fmax_mhz_wireless``
            Capacitance of wire for each sink of a net, where it is from; best clock of the same netlist without.
        ``area_um2``, ``area_unit``, ``gate_equivalents``, ``cells``
            Cell area without macros (of the unit library in NAND2).
        ``blocks``
            ``block``, ``area_um2``, ``share``, ``power_mw``, ``idle_power_mw``: all modules of a block, macros not
            counted. Power is null where it follows a rule.
        ``memories``, ``macro_bits``, ``macro_area_estimate_um2``, ``memory_model``
            As in ``synth.json``.
        ``power_mw``, ``power_parts_mw``, ``power_model``
            At the clock of the report, and how it was found; null for the unit library.
        ``idle_power_mw``, ``idle_power_parts_mw``
            The same while no program runs; null where power follows a rule.
        ``power_mw_wireless``, ``idle_power_mw_wireless``
            The same without the energy of wires.
        ``published``, ``at_28_nm``, ``scaling``
            Figures of the paper; area and clock scaled to its process; what to trust of them.
        ``checks``, ``units``
            Findings by check; key and unit of every figure.

    Raises
    ------
    CheckFailed, ToolError
    """
    cells = load(library, lef=lef, wires=wires)
    (verilog, held), top = pim_design(params, prefix), f"{prefix}_pim"
    hierarchy = Hierarchy(verilog)
    everywhere = hierarchy.instances(top)
    found = [(memory, everywhere[memory.module]) for memory in memories(hierarchy, held)]
    macros = [(memory, count) for memory, count in found if memory.macro and count]
    boxes = [Box.of(memory, cells) for memory, _ in macros]
    fabric = synthesise_fabric(
        *(cells, verilog, top, boxes, workdir),
        target_ns=target(clock_ns, cells) or TARGET_FO4 * cells.fo4_ps / 1e3,
        clock_ns=target(clock_ns, cells),
        search=TRIED[effort],
        gate_bits=GATE_BITS,
    )
    clock = Clock(clock_ns, fabric.period)
    path = critical_paths(cells, fabric, top, boxes, (), workdir / "paths", clock_ns or fabric.period).path
    bare = bare_period(
        cells, fabric, top, [Box.of(memory, cells.wireless) for memory, _ in macros], workdir / "wireless"
    )
    area = sum(each * fabric.instances[name] for name, each in fabric.areas.items())
    names = {f"{prefix}_{module}": block for module, block in BLOCKS.items()} | {top: WIRING}
    power = controller_power(cells, fabric, top, macros, names, clock.period, record, workdir / "power")
    figures: dict[str, Any] = {
        "system": params.hash,
        "library": cells.name,
        "corner": cells.corner_text,
        "tools": {"yosys": yosys.version(), "opensta": sta.version() if sta.available() else "not installed"},
        **clock.figures(),
        "fmax_mhz": 1e3 / fabric.period,
        "wire_ff_per_sink": cells.wires.ff,
        "wires": cells.wires.words,
        "fmax_mhz_wireless": bare and 1e3 / bare,
        "period_fo4": fabric.period * 1e3 / cells.fo4_ps,
        "critical_path": path,
        "style": fabric.style,
        "area_um2": area,
        "area_unit": "NAND2" if cells.is_unit else "um2",
        "gate_equivalents": area / cells.nand2_area,
        "cells": sum(count for kind, count in fabric.instances.items() if kind in cells.areas),
        "blocks": [
            {"block": name, "area_um2": each, "share": each / area, "power_mw": power.busy.blocks.get(name)}
            | {"idle_power_mw": power.idle.blocks.get(name)}
            for name, each in _areas(hierarchy, fabric, top, names).items()
        ],
        "memories": [
            {"module": each.module, "words": each.words, "width": each.width, "instances": count, "macro": each.macro}
            for each, count in found
            if count
        ],
        "macro_bits": sum(memory.bits * count for memory, count in macros),
        "macro_area_estimate_um2": sum(memory.area(cells) * count for memory, count in macros),
        "memory_model": MODEL,
        "power_mw": power.busy.total,
        "power_parts_mw": power.busy.parts or None,
        "idle_power_mw": power.idle.total,
        "idle_power_parts_mw": power.idle.parts or None,
        "power_mw_wireless": power.busy.wireless,
        "idle_power_mw_wireless": power.idle.wireless,
        "power_model": power.model,
        "published": PUBLISHED,
        "at_28_nm": {
            "logic_mm2": area / cells.nand2_area * NAND2_28 / 1e6,
            "memory_mm2": sum(memory.bits * count for memory, count in macros) * BIT_28 / 1e6,
            "clock_mhz": 1e6 / (fabric.period * 1e3 / cells.fo4_ps * FO4_28),
        },
        "scaling": SCALING,
        "checks": checks.count(
            *(verilog, top, workdir / "checks", fabric.instances, {*cells.areas, *hierarchy.texts}),
            clock_met=clock.met,
        ),
    }
    return {**figures, "units": units(figures, unit_library=cells.is_unit)}


def _areas(hierarchy: Hierarchy, fabric: Fabric, top: str, names: Mapping[str, str]) -> dict[str, float]:
    """Area by block, the largest first: a module's cells belong to the block that it stands in."""
    areas: dict[str, float] = defaultdict(float)

    def walk(module: str, block: str, count: int) -> None:
        block = names.get(module, block)
        areas[block] += count * fabric.areas.get(module, 0.0)
        for part, times in hierarchy.places[module].items():
            if part in fabric.areas:
                walk(part, block, count * times)

    walk(top, WIRING, 1)
    return dict(sorted(((name, area) for name, area in areas.items() if area), key=lambda each: -each[1]))

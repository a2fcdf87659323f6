"""Synthesis of the PIM controller: area by block, best clock, power, and the published figures beside them.

The controller goes through the flow of what is around an engine's core (:mod:`synth_scripts.fabric`), with its SRAM,
program memory and larger queues as macros. Nothing of it is simulated as a netlist: power follows a stated rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gen.pim.hardware import pim_verilog
from hdl.params.pim import PimParams
from synth_scripts import checks, sta, yosys
from synth_scripts.energy import energies
from synth_scripts.fabric import VARIANTS, Box, Fabric, synthesise_fabric
from synth_scripts.hierarchy import Hierarchy
from synth_scripts.library import Library, load
from synth_scripts.memory import MODEL, Memory, memories

__all__ = ["PUBLISHED", "synthesise_controller"]

#: Adder and script pairs that are tried, by effort: it is large, and one pair is a minute of work or more.
PAIRS = {"quick": VARIANTS["quick"][:1], "normal": VARIANTS["quick"], "full": VARIANTS["normal"]}

#: What PIM-GPT (arXiv 2310.09385) gives for its ASIC: 28 nm, 1 GHz, with 128 KB of SRAM.
PUBLISHED = {"area_mm2": 0.64, "power_mw": 304.59, "node_nm": 28, "clock_mhz": 1000}
#: Of a common 28 nm process: a NAND2 (um2), a bit of SRAM in a macro (a cell of 0.127 um2, half of the area), FO4 (ps).
NAND2_28, BIT_28, FO4_28 = 0.5, 0.25, 15.0
SCALING = (
    f"gate equivalents (areas over that of a NAND2) and periods in FO4 carry over to another process within some 20 %, "
    f"so that area and clock at 28 nm are meant as such ({NAND2_28:g} um2 a NAND2, {BIT_28:g} um2 a bit of SRAM, "
    f"{FO4_28:g} ps a FO4); power does not carry over: supplies and wires have not shrunk with gates, and the figure "
    "here is a rule's. The published area is of other hardware, with arithmetic in bf16 where this one has single "
    "precision"
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
#: Period that is asked for, FO4, where no clock is given.
TARGET_FO4 = 25
#: Share of the pins of data that change in a clock; loads of a gate's output, in flip-flops' inputs.
ACTIVITY, FANOUT = 0.1, 3
#: Capacitance that a bit cell puts on its bit line and on its word line, in flip-flops' inputs.
BIT_LINE, WORD_LINE = 0.1, 0.2
POWER_MODEL = (
    f"a rule, not a measurement, for a peak: all clock pins change twice in a clock (no credit for clock gates), "
    f"{ACTIVITY:.0%} of all other pins once, outputs drive {FANOUT} inputs of flip-flops; every macro is read in every "
    f"clock, which charges the bit lines of a word ({BIT_LINE:g} flip-flop inputs a cell) and its word line "
    f"({WORD_LINE:g} a cell) to the supply; no wires, no clock tree"
)


def synthesise_controller(
    params: PimParams,
    workdir: Path,
    *,
    library: str | list[str] = "auto",
    clock_ns: float | None = None,
    effort: str = "normal",
    prefix: str = "bitloom",
) -> dict[str, Any]:
    """Synthesise a controller.

    Parameters
    ----------
    params : PimParams
    workdir : Path
        For scripts, logs and netlists; what is in there stays.
    library : str or list of str
        As ``library`` of a configuration.
    clock_ns : float, optional
        The clock asked for; default: its best.
    effort : str
        ``quick``, ``normal`` or ``full``.
    prefix : str

    Returns
    -------
    dict
        ``library``, ``corner``, ``tools``
        ``clock_ns``, ``fmax_mhz``, ``period_fo4``, ``critical_path``
            Clock of the report; best clock; the least period in delays of a loaded inverter.
        ``area_um2``, ``area_unit``, ``gate_equivalents``, ``cells``
            Cell area without wires and macros (of the unit library in NAND2).
        ``blocks``
            ``block``, ``area_um2``, ``share``: all modules of a block, macros not counted.
        ``memories``, ``macro_bits``, ``macro_area_estimate_um2``, ``memory_model``
            As in ``synth.json``.
        ``power_mw``, ``power_parts_mw``, ``power_model``
            At the clock of the report, by a rule; null for the unit library.
        ``published``, ``at_28_nm``, ``scaling``
            Figures of the paper; area and clock scaled to its process; what to trust of them.
        ``checks``

    Raises
    ------
    CheckFailed, ToolError
    """
    cells = load(library)
    verilog, top = pim_verilog(params, prefix), f"{prefix}_pim"
    hierarchy = Hierarchy(verilog)
    everywhere = hierarchy.instances(top)
    found = [(memory, everywhere[memory.module]) for memory in memories(hierarchy, prefix)]
    macros = [(memory, count) for memory, count in found if memory.macro and count]
    boxes = []
    for memory, _ in macros:
        block = memory.block(cells)
        boxes.append(Box(block.name, 0.0, "", block.loads, block if sta.available() else None))
    fabric = synthesise_fabric(
        *(cells, verilog, top, boxes, workdir),
        target_ns=clock_ns or TARGET_FO4 * cells.fo4_ps / 1e3,
        pairs=PAIRS[effort],
    )
    period = clock_ns or fabric.period
    area = sum(each * fabric.instances[name] for name, each in fabric.areas.items())
    return {
        "system": params.hash,
        "library": cells.name,
        "corner": cells.corner_text,
        "tools": {"yosys": yosys.version(), "opensta": sta.version() if sta.available() else "not installed"},
        "clock_ns": period,
        "fmax_mhz": 1e3 / fabric.period,
        "period_fo4": fabric.period * 1e3 / cells.fo4_ps,
        "critical_path": fabric.path,
        "style": fabric.style,
        "area_um2": area,
        "area_unit": "NAND2" if cells.is_unit else "um2",
        "gate_equivalents": area / cells.nand2_area,
        "cells": sum(count for kind, count in fabric.instances.items() if kind in cells.areas),
        "blocks": _blocks(hierarchy, fabric, top, prefix, area),
        "memories": [
            {"module": each.module, "words": each.words, "width": each.width, "instances": count, "macro": each.macro}
            for each, count in found
            if count
        ],
        "macro_bits": sum(memory.bits * count for memory, count in macros),
        "macro_area_estimate_um2": sum(memory.area(cells) * count for memory, count in macros),
        "memory_model": MODEL,
        **_power(cells, fabric, macros, period),
        "published": PUBLISHED,
        "at_28_nm": {
            "logic_mm2": area / cells.nand2_area * NAND2_28 / 1e6,
            "memory_mm2": sum(memory.bits * count for memory, count in macros) * BIT_28 / 1e6,
            "clock_mhz": 1e6 / (fabric.period * 1e3 / cells.fo4_ps * FO4_28),
        },
        "scaling": SCALING,
        "checks": dict.fromkeys(checks.NAMES, 0),
    }


def _blocks(hierarchy: Hierarchy, fabric: Fabric, top: str, prefix: str, total: float) -> list[dict[str, Any]]:
    """Area by block: a module's cells belong to the block that it stands in."""
    areas: dict[str, float] = {}

    def walk(module: str, block: str) -> None:
        block = BLOCKS.get(module.removeprefix(f"{prefix}_"), block)
        areas[block] = areas.get(block, 0.0) + fabric.areas.get(module, 0.0)
        for part, count in hierarchy.places[module].items():
            if part in fabric.areas:
                before = dict(areas)
                walk(part, block)
                for name in areas:  # once for each place
                    areas[name] = before.get(name, 0.0) + count * (areas[name] - before.get(name, 0.0))

    walk(top, "wiring")
    listed = [{"block": name, "area_um2": area, "share": area / total} for name, area in areas.items() if area]
    return sorted(listed, key=lambda each: -float(str(each["area_um2"])))


def _power(library: Library, fabric: Fabric, macros: list[tuple[Memory, int]], period_ns: float) -> Mapping[str, Any]:
    """Power by the rule of ``POWER_MODEL``."""
    if library.is_unit:
        return {"power_mw": None, "power_parts_mw": None, "power_model": "the unit library has no energy"}
    table = energies(library)
    load_ff = FANOUT * library.load_ff
    clock = data = leakage = 0.0
    for kind, count in fabric.instances.items():
        if kind not in library.areas:
            continue
        energy = table[kind]
        pins = library.clock_pins.get(kind, ())
        for pin, each in energy.inputs.items():
            if pin in pins:
                clock += 2 * count * each
            else:
                data += count * each * ACTIVITY
        data += count * ACTIVITY * sum(energy.of_output(pin, load_ff) for pin in energy.outputs)
        leakage += count * energy.leakage_nw
    square = library.corner["voltage"] ** 2
    access = 0.0
    for memory, count in macros:
        lines = memory.width * (memory.words * BIT_LINE + WORD_LINE) * library.load_ff
        access += count * lines * square
    parts = {"clock": clock, "data": data, "macros": access}
    milliwatts = {name: energy_fj / period_ns * 1e-3 for name, energy_fj in parts.items()}
    milliwatts["leakage"] = leakage * 1e-6
    return {"power_mw": sum(milliwatts.values()), "power_parts_mw": milliwatts, "power_model": POWER_MODEL}

"""Power of an engine: activity from simulating its netlist, energy from the cell library's tables.

The netlist of the engine (of an 8x8 one where it is larger) multiplies random tiles, back to back; every lane of the
simulation has its own operands, and its results are compared with the product. The sum over the library's tables is
our own: OpenSTA 2.0.17 takes every clock net as toggling in full, whatever is annotated, and so sees no clock gating;
it adds rise and fall energy for a single transition, and leaves out flip-flops' data pins. A test compares the two
where they should agree. Wires, clock tree and glitches are not in it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gen.timing import drain_cycles
from hdl.params import EngineParams
from synth_scripts import cache, yosys
from synth_scripts.activity import stream_tiles
from synth_scripts.energy import energies
from synth_scripts.gatesim import Simulator
from synth_scripts.library import Library

__all__ = [
    "LIMIT",
    "EnginePower",
    "ModulePower",
    "flattened",
    "measure_engine",
    "module_powers",
    "tile_k",
    "unavailable",
]

#: The largest engine that is simulated, in each direction.
LIMIT = 8
#: Inner size of the tiles of the simulated operands, at full size.
K = 64
LANES = 64
SEED = 2025


@dataclass
class ModulePower:
    """All instances of a module together, without the modules in it.

    Parameters
    ----------
    instances : int
    area : float
        um2.
    clock_fj, data_fj : float
        Energy of a clock cycle: of clock pins and clock gates, and of everything else.
    leakage_nw : float
    """

    instances: int = 0
    area: float = 0.0
    clock_fj: float = 0.0
    data_fj: float = 0.0
    leakage_nw: float = 0.0

    def mw(self, period_ns: float) -> float:
        """Power at a clock period."""
        return (self.clock_fj + self.data_fj) / period_ns * 1e-3 + self.leakage_nw * 1e-6


def module_powers(
    simulator: Simulator,
    hierarchy: Mapping[str, Any],
    top: str,
    library: Library,
    scale: float = 1.0,
    blocks: Mapping[str, str] | None = None,
) -> dict[str, ModulePower]:
    """Sum the energy of a simulated netlist, by module or by block.

    Parameters
    ----------
    simulator : Simulator
        After a run, of the flattened netlist.
    hierarchy : dict
        The modules before flattening, in Yosys' JSON form.
    top : str
    library : Library
    scale : float
        Multiplies the activity of everything but the clock.
    blocks : mapping of str to str, optional
        Names of blocks by the modules that they begin with, ``top`` among them: what is in these belongs to the block.
    """
    cells = energies(library)
    loads: dict[int, float] = defaultdict(float)
    for cell in simulator.cells.values():
        for pin, bits in cell["connections"].items():
            if bits and isinstance(bits[0], int) and cell["port_directions"][pin] == "input":
                loads[bits[0]] += library.loads[cell["type"]].get(pin, 0.0)
    found: dict[str, ModulePower] = defaultdict(ModulePower)

    def add(module: ModulePower, cell: dict[str, Any]) -> None:
        energy = cells[cell["type"]]
        module.leakage_nw += energy.leakage_nw
        module.area += library.areas[cell["type"]]
        for pin, bits in cell["connections"].items():
            if not bits:
                continue
            transitions = simulator.activity(bits[0])[0]
            if cell["port_directions"][pin] == "input":
                each = energy.inputs.get(pin, 0.0)
            else:
                each = energy.of_output(pin, loads[bits[0]] if isinstance(bits[0], int) else 0.0)
            if simulator.is_clock(bits[0]):
                module.clock_fj += transitions * each
            else:
                module.data_fj += scale * transitions * each

    def walk(name: str, path: str, block: str) -> None:
        block = name if blocks is None else blocks.get(name, block)
        module = found[block]
        module.instances += 1
        for cell_name, cell in hierarchy[name]["cells"].items():
            if cell["type"] in library.areas:
                add(module, simulator.cells[f"{path}{cell_name}"])
            else:
                walk(cell["type"], f"{path}{cell_name}.", block)

    walk(top, "", top)
    return dict(found)


def flattened(library: Library, verilog: str, top: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Modules of library cells, and the top module with all of them in it, in Yosys' JSON form."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mapped.v").write_text(verilog)
    commands = [
        f"read_liberty -lib -ignore_miss_func {library.mapping}",
        "read_verilog mapped.v",
        f"hierarchy -top {top}",
        "write_json modules.json",
        "flatten -noscopeinfo",
        "write_json flat.json",
    ]
    yosys.run(commands, folder, "flatten")
    modules, flat = (json.loads((folder / f"{name}.json").read_text())["modules"] for name in ("modules", "flat"))
    for name in ("modules.json", "flat.json"):
        (folder / name).unlink()
    return modules, flat[top]


@dataclass(frozen=True)
class EnginePower:
    """Power of a simulated engine by module, how it was measured, and how many results were right."""

    modules: dict[str, ModulePower]
    words: str
    results: int


def tile_k(params: EngineParams, full: EngineParams) -> int:
    """The inner size of a tile that keeps the drain as busy, cycle for cycle, as in the full engine."""
    if params.weight_stationary:  # rows are time: as many blocks
        return min(params.k_limit, max(1, K // params.depth) * params.depth)
    return max(1, min(params.k_limit, max(drain_cycles(params) or 1, K * params.rows // full.rows)))


def measure_engine(library: Library, params: EngineParams, k: int, verilog: str, top: str, folder: Path) -> EnginePower:
    """Simulate a synthesised engine and take its power.

    Parameters
    ----------
    library : Library
    params : EngineParams
    k : int
        Inner size of the tiles.
    verilog : str
        Mapped Verilog of all modules.
    top : str
    folder : Path

    Raises
    ------
    CheckFailed
        Where the netlist computes anything but the product.
    ToolError
    """
    key = cache.digest("power", 4, library.digest, params.to_dict(), k, verilog, top, LANES, SEED)
    stored = cache.read("power", key)
    if stored is not None:
        modules = {name: ModulePower(**values) for name, values in stored["modules"].items()}
        return EnginePower(modules, stored["words"], stored["results"])
    hierarchy, flat = flattened(library, verilog, top, folder)
    simulator = Simulator(flat, library, LANES)
    results = stream_tiles(params, simulator, k, SEED)
    found = EnginePower(
        module_powers(simulator, hierarchy, top, library),
        f"netlist of {params.rows}x{params.cols} simulated without glitches: {LANES} streams of uniformly random "
        f"{params.a} x {params.b} tiles back to back, K = {k}, seed {SEED}",
        results,
    )
    cache.write("power", key, asdict(found))
    return found


def unavailable(library: Library, effort: str) -> str:
    """Why power can't be or is not measured; empty where it is."""
    if library.without_power:
        return f"not measured: {library.without_power}"
    if effort == "quick":
        return "not measured at effort quick"
    return ""

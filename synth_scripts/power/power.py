"""Power of an engine: activity from simulating its netlist, energy from the cell library's tables.

The netlist of the engine (of an 8x8 one where it is larger) multiplies random tiles, back to back; every lane of the
simulation has its own operands, and its results are compared with the product. Memories that are macros are simulated
as memories, and what they take follows a model. The sum over the library's tables is
our own: OpenSTA 2.0.17 takes every clock net as toggling in full, whatever is annotated, and so sees no clock gating;
it adds rise and fall energy for a single transition, and leaves out flip-flops' data pins. A test compares the two
where they should agree. Wires, clock tree and glitches are not in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gen.operands import operands_in_words, usual_sigma
from gen.timing import drain_cycles
from hdl.lib.roles import MEMORY
from hdl.params import EngineParams
from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.netlist.flat import flatten, mapped_modules
from synth_scripts.power.activity import stream_tiles
from synth_scripts.power.events import Activity
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.macro import POWER_MODEL, MacroEnergy
from synth_scripts.timing.delays import loads as net_loads
from synth_scripts.work import cache

__all__ = [
    "LIMIT",
    "EnginePower",
    "ModulePower",
    "RolePower",
    "flattened",
    "macro_powers",
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
    activity: Activity | None = None,
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
    activity : Activity, optional
        With glitches; without it, that of the simulator.
    """
    cells = energies(library)
    loads = net_loads(library, simulator.module["cells"], {macro.memory.module for macro in simulator.macros.values()})
    source = activity or simulator
    found: dict[str, ModulePower] = defaultdict(ModulePower)

    def add(module: ModulePower, cell: dict[str, Any]) -> None:
        energy = cells[cell["type"]]
        module.leakage_nw += energy.leakage_nw
        module.area += library.areas[cell["type"]]
        for pin, bits in cell["connections"].items():
            if not bits:
                continue
            transitions = source.activity(bits[0])[0]
            if cell["port_directions"][pin] == "input":
                each = energy.inputs.get(pin, 0.0)
            else:
                each = energy.of_output(pin, loads.get(bits[0], 0.0))
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
            elif f"{path}{cell_name}" not in simulator.macros:
                walk(cell["type"], f"{path}{cell_name}.", block)

    walk(top, "", top)
    return dict(found)


def macro_powers(simulator: Simulator, library: Library, activity: Activity | None = None) -> dict[str, ModulePower]:
    """Energy of the macros of a simulated netlist, by module, after the model of :mod:`synth_scripts.power.macro`."""
    source = activity or simulator
    found: dict[str, ModulePower] = defaultdict(ModulePower)
    for macro in simulator.macros.values():
        module, energy = found[macro.memory.module], MacroEnergy(macro.memory, library)
        module.instances += 1
        module.clock_fj += energy.clock_fj
        module.data_fj += energy.of_clock(macro.writes, sum(source.activity(net)[0] for net in macro.inputs))
        module.leakage_nw += energy.leakage_nw
    return dict(found)


def flattened(
    library: Library, verilog: str, top: str, memories: Sequence[Memory], folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Modules of library cells, and the top module with all of them in it, in Yosys' JSON form; macros are left."""
    text = verilog + "".join(memory.empty() for memory in memories)
    modules = mapped_modules(library, text, top, folder, "mapped")
    return modules, flatten(modules, top, {*library.areas, *(memory.module for memory in memories)})


@dataclass(frozen=True)
class EnginePower:
    """Power of a simulated engine by module and of its macros, how it was measured, how many results were right."""

    modules: dict[str, ModulePower]
    macros: dict[str, ModulePower]
    words: str
    results: int

    def by_role(
        self, roles: Mapping[str, str], period_ns: float, areas: Mapping[str, float], memories: float, *, whole: bool
    ) -> RolePower:
        """Power at a clock of the engine that this one stands for.

        Parameters
        ----------
        roles : mapping of str to str
            The role of every module.
        period_ns : float
        areas : mapping of str to float
            The other engine's area by role: a role's power goes with it.
        memories : float
            How much more memory the other engine has, by the area that counts macros and flip-flops alike.
        whole : bool
            It is this engine.
        """
        milliwatts: dict[str, float] = defaultdict(float)
        own: dict[str, float] = defaultdict(float)
        for name, module in self.modules.items():
            milliwatts[roles[name]] += module.mw(period_ns)
            own[roles[name]] += module.area
        macros = sum(module.mw(period_ns) for module in self.macros.values())
        if macros:
            milliwatts[MEMORY.name] += macros
        scales = {name: areas.get(name, 0.0) / area if area else 1.0 for name, area in own.items()} | {
            MEMORY.name: memories
        }
        return RolePower(
            {name: each * scales[name] for name, each in milliwatts.items()},
            macros * memories,
            self.words if whole else f"{self.words}; scaled to the full size by the parts' area",
            self.results,
        )


@dataclass(frozen=True)
class RolePower:
    """Power (mW) by role and of the macros in it, how it was measured, and how many results were right."""

    parts: dict[str, float]
    macros: float
    words: str
    results: int

    @property
    def total(self) -> float:
        """Of the engine, mW."""
        return sum(self.parts.values())


def tile_k(params: EngineParams, full: EngineParams) -> int:
    """The inner size of a tile that keeps the drain as busy, cycle for cycle, as in the full engine."""
    if params.weight_stationary:  # rows are time: as many blocks
        return min(params.k_limit, max(1, K // params.depth) * params.depth)
    return max(1, min(params.k_limit, max(drain_cycles(params) or 1, K * params.rows // full.rows)))


def measure_engine(
    library: Library,
    params: EngineParams,
    k: int,
    verilog: str,
    top: str,
    folder: Path,
    memories: Sequence[Memory] = (),
) -> EnginePower:
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
    memories : sequence of Memory
        The macros, which are not in ``verilog``.

    Raises
    ------
    CheckFailed
        Where the netlist computes anything but the product.
    ToolError
    """
    sigma = usual_sigma(params.a)
    kinds = {memory.module: memory for memory in memories}
    key = cache.digest(
        *("engine power", library.digest, params.to_dict(), k, verilog, top, LANES, SEED, sigma),
        *(sorted(kinds), POWER_MODEL),
    )
    stored = cache.read("power", key)
    if stored is not None:
        modules, macros = (
            {name: ModulePower(**values) for name, values in stored[part].items()} for part in ("modules", "macros")
        )
        return EnginePower(modules, macros, stored["words"], stored["results"])
    hierarchy, flat = flattened(library, verilog, top, memories, folder)
    simulator = Simulator(flat, library, LANES, memories=kinds)
    results = stream_tiles(params, simulator, k, SEED, sigma)
    found = EnginePower(
        module_powers(simulator, hierarchy, top, library),
        macro_powers(simulator, library),
        f"netlist of {params.rows}x{params.cols} simulated without glitches: {LANES} streams of tiles back to back, "
        f"{params.a} x {params.b}, {operands_in_words(sigma)}, K = {k}, seed {SEED}",
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

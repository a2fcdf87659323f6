"""Energy of a simulated netlist, from the cell library's tables.

The sum over the tables is our own: OpenSTA 2.0.17 takes every clock net as toggling in full, whatever is annotated, and
so sees no clock gating; it adds rise and fall energy for a single transition, and leaves out flip-flops' data pins. A
test compares the two where they should agree. Memories that are macros follow a model. Wires and clock tree are not
in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.netlist.flat import flatten, mapped_modules
from synth_scripts.power.events import Activity
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.macro import MacroEnergy
from synth_scripts.timing.delays import loads as net_loads

__all__ = ["ModulePower", "flattened", "macro_powers", "module_powers"]


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

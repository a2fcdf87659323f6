"""A recorded program on the netlist of a controller: the same outputs in every clock, and what gates do meanwhile.

Activity is counted while the program runs, and once more in clocks behind it, in which nothing does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gen.pim.trace import Trace
from hdl.params.errors import CheckFailed
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.power import ModulePower, flattened, macro_powers, module_powers
from synth_scripts.work import cache

__all__ = ["Stretch", "measure_replay", "replay"]


@dataclass(frozen=True)
class Stretch:
    """Power in some clocks of a recording: of gates by block, and of macros by module; both without wires as well."""

    gates: dict[str, ModulePower]
    macros: dict[str, ModulePower]
    gates_wireless: dict[str, ModulePower]
    macros_wireless: dict[str, ModulePower]


def replay(
    flat: dict[str, Any], memories: Sequence[Memory], library: Library, trace: Trace
) -> Iterator[tuple[str, Simulator]]:
    """Simulate a netlist on a recorded program.

    Gives the simulator at the end of each stretch, ``busy`` and ``idle``, when its activity is that of the stretch.

    Parameters
    ----------
    flat : dict
        The flattened module, in Yosys' JSON form.
    memories : sequence of Memory
        Its macros. Those of the SRAM take its words from the trace, the bank by the low bits of the address.
    library : Library
    trace : Trace

    Raises
    ------
    CheckFailed
        At the first clock in which an output is not what was recorded.
    ToolError
    """
    simulator = Simulator(flat, library, lanes=1, memories={memory.module: memory for memory in memories})
    banks = [macro for macro in simulator.macros.values() if "sram_bank" in macro.memory.module]
    stretches = {"busy": trace.busy, "idle": trace.idle}
    values = simulator.values
    drives = [int(net) for _, net in _bits(flat, trace.inputs)]
    shows = _bits(flat, trace.outputs)
    for number, (inputs, outputs) in enumerate(trace.clocks):
        if number == trace.reset:
            for macro in banks:
                bank = int(macro.path.split("sram.bank")[1])
                macro.load(trace.sram[bank :: len(banks)])
        for i, net in enumerate(drives):
            values[net] = inputs >> i & 1
        simulator.settle()
        if number >= trace.reset:
            for i, (port, net) in enumerate(shows):
                if (int(net) if isinstance(net, str) else values[net]) != outputs >> i & 1:
                    raise CheckFailed(f"the netlist differs from the simulation: {port} in clock {number}")
        now = [name for name, clocks in stretches.items() if number in clocks]
        if now:
            simulator.count()
        simulator.clock()
        for name in now:
            if number == stretches[name][-1]:
                yield name, simulator
                simulator.forget()


def _bits(flat: dict[str, Any], ports: Mapping[str, int]) -> list[tuple[str, Any]]:
    """Port and net of each bit."""
    found = []
    for port, width in ports.items():
        nets = flat["ports"][port]["bits"] if port in flat["ports"] else []
        if len(nets) != width:
            raise CheckFailed(f"the netlist has {len(nets)} bits of port {port}, not {width}")
        found += [(port, net) for net in nets]
    return found


def measure_replay(
    library: Library,
    verilog: str,
    top: str,
    memories: Sequence[Memory],
    blocks: Mapping[str, str],
    trace: Trace,
    folder: Path,
) -> dict[str, Stretch]:
    """Power of a mapped controller while a recorded program runs (``busy``), and behind it (``idle``).

    Parameters
    ----------
    library : Library
    verilog : str
        All modules of library cells.
    top : str
    memories : sequence of Memory
        The macros, which are not in ``verilog``.
    blocks : mapping
        As for :func:`synth_scripts.power.power.module_powers`.
    trace : Trace
    folder : Path

    Raises
    ------
    CheckFailed
        Where the netlist does not do what was recorded.
    ToolError
    """
    key = cache.key(__name__, library.digest, verilog, top, dict(blocks), repr(trace))
    stored = cache.read("power", key)
    if stored is None:
        hierarchy, flat = flattened(library, verilog, top, memories, folder)

        def powers(simulator: Simulator, by: Library) -> tuple[dict[str, ModulePower], dict[str, ModulePower]]:
            return module_powers(simulator, hierarchy, top, by, blocks=blocks), macro_powers(simulator, by)

        found = {}
        for name, simulator in replay(flat, memories, library, trace):
            wired = powers(simulator, library)
            found[name] = Stretch(*wired, *(powers(simulator, library.bare) if library.bare else wired))
        stored = {name: asdict(stretch) for name, stretch in found.items()}
        cache.write("power", key, stored)
    return {
        name: Stretch(
            **{kind: {each: ModulePower(**values) for each, values in powers.items()} for kind, powers in kinds.items()}
        )
        for name, kinds in stored.items()
    }

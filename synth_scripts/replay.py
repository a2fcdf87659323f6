"""A recorded program on the netlist of a controller: the same outputs in every clock, and what gates do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gen.pim.trace import Trace
from hdl.params.errors import CheckFailed
from synth_scripts import cache
from synth_scripts.gatesim import Simulator
from synth_scripts.library import Library
from synth_scripts.macro import POWER_MODEL
from synth_scripts.memory import Memory
from synth_scripts.power import ModulePower, flattened, macro_powers, module_powers

__all__ = ["measure_replay", "replay"]


def replay(flat: dict[str, Any], memories: Sequence[Memory], library: Library, trace: Trace) -> Simulator:
    """Simulate a netlist on a recorded program; activity is that of the program's clocks.

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
        if trace.begin <= number < trace.end:
            simulator.count()
        simulator.clock()
    return simulator


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
) -> tuple[dict[str, ModulePower], dict[str, ModulePower]]:
    """Power of a mapped controller by block, and of its macros by module, over the clocks of a recorded program.

    Parameters
    ----------
    library : Library
    verilog : str
        All modules of library cells.
    top : str
    memories : sequence of Memory
        The macros, which are not in ``verilog``.
    blocks : mapping
        As for :func:`synth_scripts.power.module_powers`.
    trace : Trace
    folder : Path

    Raises
    ------
    CheckFailed
        Where the netlist does not do what was recorded.
    ToolError
    """
    key = cache.digest("replay", 2, library.digest, verilog, top, dict(blocks), repr(trace), POWER_MODEL)
    stored = cache.read("power", key)
    if stored is None:
        hierarchy, flat = flattened(library, verilog, top, memories, folder)
        simulator = replay(flat, memories, library, trace)
        gates = module_powers(simulator, hierarchy, top, library, blocks=blocks)
        macros = macro_powers(simulator, library)
        stored = [{name: asdict(power) for name, power in found.items()} for found in (gates, macros)]
        cache.write("power", key, stored)
    gates, macros = ({name: ModulePower(**values) for name, values in found.items()} for found in stored)
    return gates, macros

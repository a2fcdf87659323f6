"""A recorded program on the netlist of a controller: the same outputs in every clock, and what gates do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gen.pim.trace import Trace
from hdl.params.errors import CheckFailed
from synth_scripts import cache
from synth_scripts.gatesim import Simulator
from synth_scripts.library import Library
from synth_scripts.memory import Memory
from synth_scripts.power import ModulePower, flattened, module_powers

__all__ = ["Macro", "measure_replay", "replay"]


@dataclass
class Macro:
    """A memory in the flattened netlist: the nets at its pins, and its words.

    Parameters
    ----------
    path : str
    memory : Memory
    pins : dict
        Nets of each port; constants are ``"0"`` and ``"1"``.
    words : list of int
    """

    path: str
    memory: Memory
    pins: Mapping[str, Sequence[int | str]]
    words: list[int]

    def clock(self, values: list[int]) -> list[tuple[int, int]]:
        """A rising edge: write, and return nets and what they are from now on. What is written is read as it was."""
        shown = []
        for port, width in ((port, width) for port, (way, width) in self.memory.ports.items() if way == "output"):
            word = self.words[self._value(values, port.replace("data", "addr")) % len(self.words)]
            shown += [(int(self.pins[port][i]), word >> i & 1) for i in range(width)]
        enable = self._value(values, "w_en")
        if enable:
            part = self.memory.width // len(self.pins["w_en"])
            mask = sum(((1 << part) - 1) << i * part for i in range(len(self.pins["w_en"])) if enable >> i & 1)
            at = self._value(values, "w_addr") % len(self.words)
            self.words[at] = (self.words[at] & ~mask) | (self._value(values, "w_data") & mask)
        return shown

    def _value(self, values: list[int], port: str) -> int:
        return sum((int(bit) if isinstance(bit, str) else values[bit]) << i for i, bit in enumerate(self.pins[port]))


def replay(flat: dict[str, Any], macros: Sequence[Macro], library: Library, trace: Trace) -> Simulator:
    """Simulate a netlist on a recorded program; activity is that of the program's clocks.

    Parameters
    ----------
    flat : dict
        The flattened module without its macros, in Yosys' JSON form.
    macros : sequence of Macro
        Those of the SRAM take its words from the trace, the bank by the low bits of the address.
    library : Library
    trace : Trace

    Raises
    ------
    CheckFailed
        At the first clock in which an output is not what was recorded.
    ToolError
    """
    simulator = Simulator(flat, library, lanes=1)
    banks = [macro for macro in macros if "sram_bank" in macro.memory.module]
    values = simulator.values
    drives = [int(net) for _, net in _bits(flat, trace.inputs)]
    shows = _bits(flat, trace.outputs)
    for number, (inputs, outputs) in enumerate(trace.clocks):
        if number == trace.reset:
            for macro in banks:
                bank = int(macro.path.split("sram.bank")[1])
                words = trace.sram[bank :: len(banks)]
                macro.words[: len(words)] = words
        for i, net in enumerate(drives):
            values[net] = inputs >> i & 1
        simulator.settle()
        if number >= trace.reset:
            for i, (port, net) in enumerate(shows):
                if (int(net) if isinstance(net, str) else values[net]) != outputs >> i & 1:
                    raise CheckFailed(f"the netlist differs from the simulation: {port} in clock {number}")
        if trace.begin <= number < trace.end:
            simulator.count()
        shown = [each for macro in macros for each in macro.clock(values)]
        simulator.clock()
        for net, bit in shown:
            values[net] = bit
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
) -> dict[str, ModulePower]:
    """Power of a mapped controller by block, over the clocks of a recorded program that it repeats.

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
    key = cache.digest("replay", 1, library.digest, verilog, top, dict(blocks), repr(trace))
    stored = cache.read("power", key)
    if stored is not None:
        return {name: ModulePower(**values) for name, values in stored.items()}
    hierarchy, flat = flattened(library, verilog + "".join(map(_empty, memories)), top, folder)
    kinds = {memory.module: memory for memory in memories}
    macros = []
    for path in [name for name, cell in flat["cells"].items() if cell["type"] in kinds]:
        cell = flat["cells"].pop(path)
        memory = kinds[cell["type"]]
        macros.append(Macro(path, memory, cell["connections"], [0] * memory.words))
    for module in hierarchy.values():
        module["cells"] = {name: cell for name, cell in module["cells"].items() if cell["type"] not in kinds}
    powers = module_powers(replay(flat, macros, library, trace), hierarchy, top, library, blocks=blocks)
    cache.write("power", key, {name: asdict(power) for name, power in powers.items()})
    return powers


def _empty(memory: Memory) -> str:
    """A macro as a black box."""
    ports = [f"{direction} [{width - 1}:0] {name}" for name, (direction, width) in memory.ports.items()]
    return f"\n(* blackbox *)\nmodule {memory.module}({', '.join(ports)});\nendmodule\n"

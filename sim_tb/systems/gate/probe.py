"""How many registers of a PE change in a clock, as a number. For simulation alone: nothing of it enters an engine."""

from __future__ import annotations

import re

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from gen.emit.verilog import Emission, verilog_of
from hdl.lib.shared import Part

__all__ = ["TOP", "LeakageProbe", "probed", "registers_of"]

#: Module around the engine and its probe.
TOP = "probed"


class LeakageProbe(Part):
    """Counts the bits that changed with the last clock.

    Parameters
    ----------
    bits : int
        Of all registers that are watched.

    Members
    -------
    watched : In(bits)
        The registers.
    toggles : Out
        How many of them have another value than a clock before.
    """

    module = "leakage_probe"

    def __init__(self, bits: int) -> None:
        super().__init__({"watched": In(bits), "toggles": Out(range(bits + 1))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        before = Signal(len(self.watched))
        m.d.sync += before.eq(self.watched)
        m.d.comb += self.toggles.eq(sum(self.watched ^ before))
        return m


def registers_of(emission: Emission, module: str) -> dict[str, int]:
    """The registers of a module of an engine, and their bits."""
    found = re.search(rf"^module \w+_{module}\(.*?^endmodule", emission.text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"no module {module}")
    registers = re.findall(r"^  (?:output )?reg (?:\[(\d+):0\] )?(\w+)[,;]?$", found[0], re.MULTILINE)
    return {name: int(high or 0) + 1 for high, name in registers}


def probed(emission: Emission, pe: str = "engine.body.array.rows.row0.pe0") -> str:
    """An engine with a probe at all registers of one of its PEs: Verilog of everything, with the top module ``TOP``.

    Its ports are the engine's, and ``toggles``.

    Parameters
    ----------
    emission : Emission
    pe : str
        Where the PE stands in the engine.
    """
    registers = registers_of(emission, "pe")
    probe = LeakageProbe(sum(registers.values()))
    ports = [(port.direction, port.width, port.name) for port in emission.ports]
    ports.append(("output", len(probe.toggles), "toggles"))
    declared = ",\n".join(f"  {direction} [{width - 1}:0] {name}" for direction, width, name in ports)
    connected = ", ".join(f".{port.name}({port.name})" for port in emission.ports)
    watched = ", ".join(f"dut.{pe}.{name}" for name in registers)
    top = (
        f"module {TOP}(\n{declared}\n);\n  {emission.top} dut({connected});\n"
        f"  bitloom_{probe.module} probe(.clk(clk), .watched({{{watched}}}), .toggles(toggles));\nendmodule\n"
    )
    return "\n".join([emission.text, verilog_of(probe, "bitloom"), top])

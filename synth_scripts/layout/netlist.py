"""A netlist as it is laid out: cells and nets with names that every tool reads, written as Verilog and as SPICE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hdl.params.errors import ToolError
from synth_scripts.layout.lef import Lef

__all__ = ["TOP", "Cell", "FlatNetlist", "Port", "flat_netlist"]

#: What a design is called while it is laid out.
TOP = "design"


@dataclass(frozen=True)
class Cell:
    """An instance: its name, its kind, and its nets by pin, without those of the supply."""

    name: str
    kind: str
    pins: Mapping[str, str]


@dataclass(frozen=True)
class Port:
    """One bit of a port: its net has the same name."""

    name: str
    output: bool


@dataclass(frozen=True)
class FlatNetlist:
    """Cells of a library, joined by nets.

    Parameters
    ----------
    ports : tuple of Port
    cells : tuple of Cell
    """

    ports: tuple[Port, ...]
    cells: tuple[Cell, ...]

    @cached_property
    def nets(self) -> dict[str, list[tuple[str, str]]]:
        """Cell and pin at each net, by its name."""
        nets: dict[str, list[tuple[str, str]]] = {port.name: [] for port in self.ports}
        for cell in self.cells:
            for pin, net in cell.pins.items():
                nets.setdefault(net, []).append((cell.name, pin))
        return nets

    @cached_property
    def wires(self) -> dict[str, list[tuple[str, str]]]:
        """The nets that have something to join: two pins, or a pin and a port."""
        ports = {port.name for port in self.ports}
        return {name: pins for name, pins in self.nets.items() if len(pins) + (name in ports) > 1}

    def verilog(self) -> str:
        """As Verilog."""
        ports = {port.name for port in self.ports}
        lines = [f"module {TOP} ({', '.join(port.name for port in self.ports)});"]
        lines += [f"  {'output' if port.output else 'input'} {port.name};" for port in self.ports]
        lines += [f"  wire {name};" for name in self.nets if name not in ports]
        for cell in self.cells:
            pins = ", ".join(f".{pin}({net})" for pin, net in cell.pins.items())
            lines.append(f"  {cell.kind} {cell.name} ({pins});")
        return "\n".join([*lines, "endmodule", ""])

    def spice(self, lef: Lef) -> str:
        """As SPICE, to compare with: cells are boxes with the pins that the LEF file gives them."""
        supplies = {"POWER": "vdd", "GROUND": "gnd"}
        lines = []
        for kind in self.kinds:
            lines += [f".subckt {kind} {' '.join(lef.cells[kind].pins)}", ".ends"]
        lines.append(f".subckt {TOP} {' '.join(port.name for port in self.ports)} vdd gnd")
        for cell in self.cells:
            nets = [
                supplies.get(pin.use) or cell.pins.get(pin.name, f"open_{cell.name}_{pin.name}")
                for pin in lef.cells[cell.kind].pins.values()
            ]
            lines.append(f"X{cell.name} {' '.join(nets)} {cell.kind}")
        return "\n".join(["* the netlist that was laid out", *lines, ".ends", ".end", ""])

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its cells."""
        return tuple(sorted({cell.kind for cell in self.cells}))

    def cell_area_um2(self, lef: Lef) -> float:
        """The area of its cells, um2, as the LEF file gives it."""
        return sum(lef.cells[cell.kind].area_um2 for cell in self.cells)


def flat_netlist(module: Mapping[str, Any], lef: Lef, buffer: tuple[str, str, str]) -> FlatNetlist:
    """A netlist out of a flat module in Yosys' JSON form; outputs that are constant are left out.

    Parameters
    ----------
    module : mapping
    lef : Lef
    buffer : (cell, input, output)
        Stands before an output whose net is that of another port already.

    Raises
    ------
    ToolError
        Where a cell isn't in the LEF file, or a pin is constant, for which no cell can be laid out.
    """
    kinds = {cell["type"] for cell in module["cells"].values()}
    if missing := sorted(kinds - set(lef.cells)):
        raise ToolError(f"{lef.path}: the LEF file has no cell {', '.join(missing)}")
    names: dict[int, str] = {}
    ports: list[Port] = []
    cells: list[Cell] = []

    def net(bit: int | str, where: str) -> str:
        if isinstance(bit, str):
            raise ToolError(f"layout: {where} is constant, and no cell of the library gives a constant")
        return names.setdefault(bit, f"n{len(names)}")

    for name, port in module["ports"].items():
        for i, bit in enumerate(port["bits"]):
            own = name if len(port["bits"]) == 1 else f"{name}_{i}_"
            if isinstance(bit, str) and port["direction"] == "output":
                continue
            ports.append(Port(own, port["direction"] == "output"))
            if bit in names:
                kind, source, output = buffer
                cells.append(Cell(f"join{len(cells)}", kind, {source: names[bit], output: own}))
            else:
                net(bit, f"port {own}")
                names[bit] = own
    for number, (name, cell) in enumerate(module["cells"].items()):
        pins = {pin: net(bit, f"pin {pin} of {name}") for pin, (bit,) in cell["connections"].items()}
        cells.append(Cell(f"u{number}", cell["type"], pins))
    return FlatNetlist(tuple(ports), tuple(cells))

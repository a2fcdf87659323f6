"""A mapped, hierarchical netlist in Yosys' JSON form: counts, areas and loads."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from synth_scripts.library.library import Library

__all__ = ["Loads", "Module", "Netlist", "Sink"]

Module = dict[str, Any]
#: Loads (fF) by module, port and position in the port.
Loads = dict[str, dict[str, dict[int, float]]]


class Pin(NamedTuple):
    """A bit of a port."""

    port: str
    position: int


class Sink(NamedTuple):
    """A pin on a net: its load (fF), its cell, its name, and which of its bits it is."""

    load: float
    cell: str
    pin: str
    position: int


class Netlist:
    """Modules of library cells and of each other.

    Parameters
    ----------
    path : Path
        What ``write_json`` wrote.
    library : Library
    top : str
    blocks : dict
        Modules whose insides are elsewhere (the PE), with the load of each of their input ports, fF.
    """

    def __init__(self, path: Path, library: Library, top: str, blocks: Mapping[str, Mapping[str, float]]) -> None:
        self.data = json.loads(path.read_text())
        self.library, self.top, self.blocks = library, top, blocks
        #: Modules with insides, each after those it instantiates.
        self.order = list(dict.fromkeys(self._bottom_up(top)))
        #: By module and input: the outputs that are wired to it, through modules within as well.
        self.through: dict[str, dict[Pin, list[Pin]]] = {}
        for name in self.order:
            self.through[name] = self._wired(name)

    def module(self, name: str) -> Module:
        """A module's JSON."""
        module: Module = self.data["modules"][name]
        return module

    def _bottom_up(self, name: str) -> Iterator[str]:
        kinds = dict.fromkeys(cell["type"] for cell in self.module(name)["cells"].values())
        for kind in kinds:
            if kind in self.data["modules"] and kind not in self.library.areas and kind not in self.blocks:
                yield from self._bottom_up(kind)
        yield name

    def kinds(self, name: str) -> Counter[str]:
        """How often each type of cell or module stands directly in a module."""
        return Counter(cell["type"] for cell in self.module(name)["cells"].values())

    def instances(self) -> Counter[str]:
        """How often each module, block and library cell occurs in the whole design."""
        counts = Counter({self.top: 1})
        for name in reversed(self.order):
            for kind, number in self.kinds(name).items():
                counts[kind] += number * counts[name]
        return counts

    def local_area(self, name: str) -> float:
        """Area of the library cells that stand directly in a module."""
        areas = self.library.areas
        return sum(areas[kind] * count for kind, count in self.kinds(name).items() if kind in areas)

    def unmapped(self) -> list[str]:
        """Cells that are neither of the library, nor modules, nor blocks."""
        known = {*self.library.areas, *self.blocks, *self.order}
        return sorted({f"{kind} in {name}" for name in self.order for kind in self.kinds(name) if kind not in known})

    def clocks(self, name: str) -> set[int]:
        """The clock nets of a module, which are left to clock-tree synthesis."""
        module = self.module(name)
        # Its port is one even where all flip-flops are behind clock gates.
        found: set[int] = set(module["ports"].get("clk", {"bits": ()})["bits"])
        for cell in module["cells"].values():
            clock_pins = self.library.clock_pins.get(cell["type"], ())
            for pin, bits in cell["connections"].items():
                if cell["port_directions"].get(pin) == "input" and (pin in clock_pins or pin == "clk"):
                    found.update(bit for bit in bits if isinstance(bit, int))
        return found

    def _wired(self, name: str) -> dict[Pin, list[Pin]]:
        """Outputs of a module that are nothing but inputs of it."""
        source = {
            net: bit
            for cell in self.module(name)["cells"].values()
            for pin in self.through.get(cell["type"], ())
            for bit in _nets(cell, [pin])
            for net in self._behind(cell, pin)
        }
        ends = defaultdict(list)
        for pin, bit in self._ports(name, "output"):
            while bit in source:
                bit = source[bit]
            ends[bit].append(pin)
        return {pin: ends[bit] for pin, bit in self._ports(name, "input") if bit in ends}

    def _ports(self, name: str, direction: str) -> Iterator[tuple[Pin, int]]:
        for port, values in self.module(name)["ports"].items():
            if values["direction"] == direction:
                yield from ((Pin(port, i), bit) for i, bit in enumerate(values["bits"]) if isinstance(bit, int))

    def _behind(self, cell: dict[str, Any], pin: Pin) -> list[int]:
        """The nets that a pin of a cell is wired to."""
        return _nets(cell, self.through.get(cell["type"], {}).get(pin, ()))

    def sinks(self, name: str, loads: Loads) -> dict[int, list[Sink]]:
        """What hangs on each net of a module; ``loads`` are those of the modules in it.

        An input that is wired to an output is a sink with the load of that output's net.
        """
        found = self._direct(name, loads)
        cells = self.module(name)["cells"]
        passing = {cell for cell, values in cells.items() if self.through.get(values["type"])}
        whole: dict[int, list[Sink]] = {}

        def load(bit: int) -> float:
            """Of a net, and of the nets behind it."""
            if bit not in whole:
                whole[bit] = [passed(sink) if sink.cell in passing else sink for sink in found.get(bit, ())]
            return sum(sink.load for sink in whole[bit])

        def passed(sink: Sink) -> Sink:
            behind = self._behind(cells[sink.cell], Pin(sink.pin, sink.position))
            return sink._replace(load=sink.load + sum(load(bit) for bit in behind))

        if passing:
            for bit in found:
                load(bit)
        return {bit: whole.get(bit, sinks) for bit, sinks in found.items()}

    def _direct(self, name: str, loads: Loads) -> dict[int, list[Sink]]:
        found: dict[int, list[Sink]] = {}
        for cell_name, cell in self.module(name)["cells"].items():
            for pin, bits in cell["connections"].items():
                if cell["port_directions"].get(pin) != "input":
                    continue
                for position, bit in enumerate(bits):
                    if isinstance(bit, int):
                        load = self._load(cell["type"], pin, position, loads)
                        found.setdefault(bit, []).append(Sink(load, cell_name, pin, position))
        return found

    def totals(self, name: str, loads: Loads) -> dict[int, float]:
        """The load of each net of a module, fF; ``loads`` are those of the modules in it."""
        return {bit: sum(sink.load for sink in sinks) for bit, sinks in self.sinks(name, loads).items()}

    def at_inputs(self, name: str, totals: Mapping[int, float]) -> dict[str, dict[int, float]]:
        """The loads of a module's inputs, of those of its nets."""
        return {
            port: {i: totals.get(bit, 0.0) for i, bit in enumerate(values["bits"]) if isinstance(bit, int)}
            for port, values in self.module(name)["ports"].items()
            if values["direction"] == "input"
        }

    def _load(self, kind: str, pin: str, position: int, loads: Loads) -> float:
        if kind in self.library.loads:
            return self.library.loads[kind].get(pin, 0.0)
        if kind in self.blocks:
            return self.blocks[kind].get(f"{pin}[{position}]", self.blocks[kind].get(pin, 0.0))
        return loads[kind].get(pin, {}).get(position, 0.0)

    def write(self, path: Path) -> None:
        """Write the JSON back."""
        path.write_text(json.dumps(self.data))


def _nets(cell: dict[str, Any], pins: Iterable[Pin]) -> list[int]:
    """The nets on pins of a cell; an output may have none."""
    wires = cell["connections"]
    bits = [wires[pin.port][pin.position] for pin in pins if pin.position < len(wires.get(pin.port, ()))]
    return [bit for bit in bits if isinstance(bit, int)]

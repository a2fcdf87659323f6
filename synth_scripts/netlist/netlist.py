"""A mapped, hierarchical netlist in Yosys' JSON form: counts, areas, loads and fan-out trees."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synth_scripts.library.library import Library

__all__ = ["Netlist"]

Module = dict[str, Any]


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

    def grow_trees(self) -> int:
        """Put fan-out trees into nets with more load than their driver drives well; returns the buffers added.

        Works bottom-up, so that a module's ports carry the load of the buffers behind them; a port is expected to be
        driven by a buffer, anything else to be as weak as a flip-flop. Clock nets are left to clock-tree synthesis.
        """
        loads: dict[str, dict[str, dict[int, float]]] = {}
        added = 0
        for name in self.order:
            added += self._grow(name, loads)
        return added

    def _grow(self, name: str, loads: dict[str, dict[str, dict[int, float]]]) -> int:
        module = self.module(name)
        sinks: dict[int, list[tuple[float, str, str, int]]] = {}
        # Its port is one even where all flip-flops are behind clock gates.
        clocks: set[int] = set(module["ports"].get("clk", {"bits": ()})["bits"])
        for cell_name, cell in module["cells"].items():
            kind = cell["type"]
            clock_pins = self.library.clock_pins.get(kind, ())
            for pin, bits in cell["connections"].items():
                if cell["port_directions"].get(pin) != "input":
                    continue
                for position, bit in enumerate(bits):
                    if isinstance(bit, str):
                        continue
                    if pin in clock_pins or pin == "clk":
                        clocks.add(bit)
                    load = self._load(kind, pin, position, loads)
                    sinks.setdefault(bit, []).append((load, cell_name, pin, position))
        builder = _Trees(module, self.library)
        strong = self._strong(module)
        for bit, pins in sinks.items():
            limit = self.library.tree_load_ff if bit in strong else self.library.weak_load_ff
            if bit not in clocks and sum(pin[0] for pin in pins) > limit:
                builder.build(bit, pins, limit)
        totals = {bit: sum(pin[0] for pin in pins) for bit, pins in sinks.items()}
        totals.update(builder.roots)
        loads[name] = {
            port: {i: totals.get(bit, 0.0) for i, bit in enumerate(values["bits"]) if not isinstance(bit, str)}
            for port, values in module["ports"].items()
            if values["direction"] == "input"
        }
        return builder.added

    def _strong(self, module: Module) -> set[int]:
        """Nets driven by ports and buffers."""
        buffers = {cell: output for cell, _, output in self.library.buffers}
        ports = [port["bits"] for port in module["ports"].values() if port["direction"] == "input"]
        cells = module["cells"].values()
        driven = [cell["connections"][buffers[cell["type"]]] for cell in cells if cell["type"] in buffers]
        return {bit for bits in (*ports, *driven) for bit in bits if isinstance(bit, int)}

    def _load(self, kind: str, pin: str, position: int, loads: dict[str, dict[str, dict[int, float]]]) -> float:
        if kind in self.library.loads:
            return self.library.loads[kind].get(pin, 0.0)
        if kind in self.blocks:
            return self.blocks[kind].get(f"{pin}[{position}]", self.blocks[kind].get(pin, 0.0))
        return loads[kind].get(pin, {}).get(position, 0.0)

    def write(self, path: Path) -> None:
        """Write the JSON back."""
        path.write_text(json.dumps(self.data))


class _Trees:
    """Adds buffers to one module."""

    def __init__(self, module: Module, library: Library) -> None:
        self.module, self.library, self.added = module, library, 0
        self.roots: dict[int, float] = {}
        used = [bit for net in module["netnames"].values() for bit in net["bits"] if isinstance(bit, int)]
        self.next = max(used, default=1) + 1

    def build(self, bit: int, pins: list[tuple[float, str, str, int]], limit: float) -> None:
        """Replace the sinks of a net by a tree of buffers, each within its load and the net within ``limit``."""
        cell, source, output = self.library.tree_buffer
        own = self.library.loads[cell][source]
        while sum(pin[0] for pin in pins) > limit:
            groups = self._groups(pins)
            level = []
            for group in groups:
                net, name = self.next, f"fanout_{self.next}"
                self.next += 1
                self.added += 1
                self.module["cells"][name] = {
                    "hide_name": 0,
                    "type": cell,
                    "parameters": {},
                    "attributes": {},
                    "port_directions": {source: "input", output: "output"},
                    "connections": {source: [bit], output: [net]},
                }
                self.module["netnames"][f"{name}_net"] = {"hide_name": 0, "bits": [net], "attributes": {}}
                for _, sink, pin, position in group:
                    self.module["cells"][sink]["connections"][pin][position] = net
                level.append((own, name, source, 0))
            if len(level) >= len(pins):
                break
            pins = level
        self.roots[bit] = sum(pin[0] for pin in pins)

    def _groups(self, pins: list[tuple[float, str, str, int]]) -> list[list[tuple[float, str, str, int]]]:
        """Neighbouring sinks together, as evenly as the limit allows."""
        total = sum(pin[0] for pin in pins)
        limit = self.library.tree_load_ff
        share = max(total / -(-total // limit), max(pin[0] for pin in pins))
        groups: list[list[tuple[float, str, str, int]]] = [[]]
        load = 0.0
        for pin in pins:
            if groups[-1] and load + pin[0] > share * 1.0001:
                groups.append([])
                load = 0.0
            groups[-1].append(pin)
            load += pin[0]
        return groups

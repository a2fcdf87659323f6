"""Nets of high fan-out: a tree of buffers, and copies of the flip-flop that drives one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from synth_scripts.library.drives import Drive
from synth_scripts.library.library import Library
from synth_scripts.netlist.netlist import Loads, Module, Netlist, Sink

__all__ = ["Added", "share_out"]


class Added(NamedTuple):
    """Buffers, and copies of flip-flops."""

    buffers: int
    copies: int


def share_out(netlist: Netlist, sizes: Mapping[str, Drive], slow: float, copies: int) -> Added:
    """Share out nets with more load than their driver drives well; returns what that has added.

    Works bottom-up, so that a module's ports carry the load of the buffers behind them; a port is expected to be
    driven by a buffer of a tree, one of the whole by what drives inputs, anything else to be as weak as a flip-flop.
    Clock nets are left to clock-tree synthesis.

    Parameters
    ----------
    netlist : Netlist
    sizes : mapping
        What the library's cells drive.
    slow : float
        What its load may add to the delay of a flip-flop, FO4; the strongest form of it is meant. The same of what
        drives inputs.
    copies : int
        The most flip-flops that one becomes: copies save the delay of a level of buffers.
    """
    loads: Loads = {}
    added = Added(0, 0)
    library = netlist.library
    driver = sizes.get(library.driver)
    given = min(driver.reach(library.driver_output, slow), library.tree_load_ff) if driver else library.tree_load_ff
    for name in netlist.order:
        nets = _Nets(netlist.module(name), library, given if name == netlist.top else library.tree_load_ff)
        clocks, totals = netlist.clocks(name), {}
        for bit, sinks in netlist.sinks(name, loads).items():
            flop = nets.flops.get(bit)
            reach = flop.reach(sizes, slow) if flop else 0.0
            # A copy costs no time, so that it is worth it before a buffer is.
            limit = reach if reach and copies > 1 else max(nets.limit(bit), reach)
            while bit not in clocks and _total(sinks) > limit:
                if flop and _total(sinks) <= copies * reach:
                    sinks = nets.copy(flop, sinks, reach)
                    break
                level = nets.buffer(bit, sinks)
                if len(level) >= len(sinks):
                    break
                sinks = level
            totals[bit] = _total(sinks)
        loads[name] = netlist.at_inputs(name, totals)
        added = Added(added.buffers + nets.buffers, added.copies + nets.copies)
    return added


@dataclass(frozen=True)
class _Flop:
    """A flip-flop, and the output that drives a net."""

    cell: dict[str, Any]
    pin: str

    def reach(self, sizes: Mapping[str, Drive], slow: float) -> float:
        """What its strongest form drives, fF; nothing where it is not known."""
        drive = sizes.get(self.cell["type"])
        return max(sizes[form].reach(self.pin, slow) for form in drive.forms) if drive else 0.0


class _Nets:
    """The nets of one module."""

    def __init__(self, module: Module, library: Library, given: float) -> None:
        self.module, self.library, self.given, self.buffers, self.copies = module, library, given, 0, 0
        used = [bit for net in module["netnames"].values() for bit in net["bits"] if isinstance(bit, int)]
        self.next = max(used, default=1) + 1
        through = {cell: output for cell, _, output in library.buffers}
        ports = [port["bits"] for port in module["ports"].values() if port["direction"] == "input"]
        cells = module["cells"].values()
        driven = [cell["connections"][through[cell["type"]]] for cell in cells if cell["type"] in through]
        self.inputs, self.strong = (
            {bit for bits in nets for bit in bits if isinstance(bit, int)} for nets in (ports, driven)
        )
        #: The flip-flop of each net that one drives.
        self.flops = {
            bits[0]: _Flop(cell, pin)
            for cell in cells
            if cell["type"] in library.flops
            for pin, bits in cell["connections"].items()
            if cell["port_directions"][pin] == "output" and bits
        }

    def limit(self, bit: int) -> float:
        """What the driver of a net drives, fF."""
        if bit in self.inputs:
            return self.given
        return self.library.tree_load_ff if bit in self.strong else self.library.weak_load_ff

    def copy(self, flop: _Flop, sinks: list[Sink], limit: float) -> list[Sink]:
        """Copies of a flip-flop, each within its load; returns what the first one keeps."""
        first, *others = _groups(sinks, limit)
        for group in others:
            name, net = self._net("copy")
            self.copies += 1
            wires = {pin: list(bits) for pin, bits in flop.cell["connections"].items()}
            self.module["cells"][name] = {**flop.cell, "connections": {**wires, flop.pin: [net]}}
            self._move(group, net)
        return first

    def buffer(self, bit: int, sinks: list[Sink]) -> list[Sink]:
        """A level of buffers, each within its load; returns what is left on the net."""
        kind, source, output = self.library.tree_buffer
        own = self.library.loads[kind][source]
        level = []
        for group in _groups(sinks, self.library.tree_load_ff):
            name, net = self._net("fanout")
            self.buffers += 1
            self.module["cells"][name] = {
                "hide_name": 0,
                "type": kind,
                "parameters": {},
                "attributes": {},
                "port_directions": {source: "input", output: "output"},
                "connections": {source: [bit], output: [net]},
            }
            self._move(group, net)
            level.append(Sink(own, name, source, 0))
        return level

    def _net(self, kind: str) -> tuple[str, int]:
        """A new net, and the name of the cell that drives it."""
        net, name = self.next, f"{kind}_{self.next}"
        self.next += 1
        self.module["netnames"][f"{name}_net"] = {"hide_name": 0, "bits": [net], "attributes": {}}
        return name, net

    def _move(self, sinks: list[Sink], net: int) -> None:
        for sink in sinks:
            self.module["cells"][sink.cell]["connections"][sink.pin][sink.position] = net


def _total(sinks: list[Sink]) -> float:
    return sum(sink.load for sink in sinks)


def _groups(sinks: list[Sink], limit: float) -> list[list[Sink]]:
    """Neighbouring sinks together, as evenly as the limit allows."""
    total = _total(sinks)
    share = max(total / -(-total // limit), max(sink.load for sink in sinks))
    groups: list[list[Sink]] = [[]]
    load = 0.0
    for sink in sinks:
        if groups[-1] and load + sink.load > share * 1.0001:
            groups.append([])
            load = 0.0
        groups[-1].append(sink)
        load += sink.load
    return groups

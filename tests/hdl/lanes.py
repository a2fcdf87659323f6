"""Many copies of one design simulated at once: gates work on words that hold a bit of every copy.

A word of 65,536 bits holds one signal bit for all pairs of 8-bit operands, and Python's integers take it like any
other: a PE of a thousand gates takes all pairs through a clock cycle in some ten milliseconds. What is simulated is the
generator's output, broken down to gates by Yosys.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gen.emit.verilog import rtlil_of
from hdl.lib.shared import Part
from synth_scripts.work import yosys

__all__ = ["Gate", "Lanes", "Netlist", "netlists"]

#: From words to gates and plain flip-flops; ``top`` would make Yosys drop all other modules.
FLAT = ("setattr -mod -unset top", "proc", "flatten -noscopeinfo")
GATES = ("memory", "opt_clean", "techmap", "simplemap", "dffunmap", "simplemap", "opt_expr", "opt_clean")
#: Gates of two inputs, and all kinds of gates; beside them there are flip-flops.
TWO = ("AND", "OR", "XOR")
KINDS = (*TWO, "MUX", "NOT", "BUF")


@dataclass(frozen=True)
class Gate:
    """A gate: its kind (``AND``, ``OR``, ``XOR``, ``NOT``, ``BUF``, ``MUX``), its output's and its inputs' nets.

    A ``MUX`` has the inputs a, b, s and gives b where s is set.
    """

    kind: str
    output: int
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Netlist:
    """Gates in an order in which they can be evaluated; nets are numbers, 0 and 1 the constants."""

    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    gates: tuple[Gate, ...]
    flops: tuple[tuple[int, int], ...]  # q, d

    def mutated(self, index: int, kind: str) -> Netlist:
        """With one gate, of two inputs, turned into another kind."""
        gates = list(self.gates)
        gates[index] = replace(gates[index], kind=kind)
        return replace(self, gates=tuple(gates))

    def mutants(self) -> list[tuple[int, str]]:
        """For every gate of two inputs, what :meth:`mutated` may make of it."""
        return [(i, kind) for i, gate in enumerate(self.gates) if gate.kind in TWO for kind in TWO if kind != gate.kind]


def netlists(parts: Mapping[str, Part]) -> dict[str, Netlist]:
    """The gates of parts, by the same names, from one run of Yosys."""
    designs, tops = [], {}
    for i, (name, part) in enumerate(parts.items()):
        designs.append(rtlil_of(part, f"p{i}")[0])
        tops[f"p{i}_{part.module}"] = name
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "design.il").write_text("".join(designs))
        others = f"delete {' '.join(tops)} {'%u ' * (len(tops) - 1)}%n"
        yosys.run(["read_rtlil design.il", *FLAT, others, *GATES, "write_json design.json"], folder, "gates")
        modules = json.loads((folder / "design.json").read_text())["modules"]
    return {name: _netlist(modules[top]) for top, name in tops.items()}


def _netlist(module: dict) -> Netlist:
    nets = {"0": 0, "1": 1, "x": 0}

    def net(bit: int | str) -> int:
        return nets.setdefault(str(bit), len(nets))

    ports: dict[str, dict[str, tuple[int, ...]]] = {"input": {}, "output": {}}
    for name, port in module["ports"].items():
        ports[port["direction"]][name] = tuple(map(net, port["bits"]))
    gates: dict[int, Gate] = {}  # by output
    flops = []
    for cell in module["cells"].values():
        kind = cell["type"].strip("$_")
        pins = {pin: net(bits[0]) for pin, bits in cell["connections"].items()}
        if kind == "DFF_P":
            flops.append((pins["Q"], pins["D"]))
            continue
        inputs = tuple(pins[pin] for pin in "ABS" if pin in pins)
        if kind not in KINDS:
            raise ValueError(f"no such gate: {cell['type']}")
        gates[pins["Y"]] = Gate(kind, pins["Y"], inputs)
    order = TopologicalSorter({net: [each for each in gate.inputs if each in gates] for net, gate in gates.items()})
    return Netlist(ports["input"], ports["output"], tuple(gates[net] for net in order.static_order()), tuple(flops))


class Lanes:
    """So many copies of a netlist, side by side. Registers begin with random values, the same in no two copies.

    Parameters
    ----------
    netlist : Netlist
    lanes : int
    seed : int
        Of the registers' first values.
    """

    def __init__(self, netlist: Netlist, lanes: int, seed: int = 1) -> None:
        self.netlist = netlist
        self.lanes = lanes
        self._all = (1 << lanes) - 1
        # Gates as short tuples, and nets in a list: the loop over them is most of what a test takes.
        self._gates = [(KINDS.index(gate.kind), gate.output, *gate.inputs, 0, 0)[:5] for gate in netlist.gates]
        named = [net for port in (*netlist.inputs.values(), *netlist.outputs.values()) for net in port]
        driven = [net for gate in netlist.gates for net in (gate.output, *gate.inputs)]
        self._nets = [0] * (1 + max(1, *named, *driven, *(net for flop in netlist.flops for net in flop)))
        self._nets[1] = self._all
        self._settled = False
        rng = np.random.default_rng(seed)
        for q, _ in netlist.flops:
            self._nets[q] = self._word(rng.integers(0, 2, lanes))
        for name in netlist.inputs:
            self.set(**{name: 0})

    def _word(self, bits: NDArray[np.integer]) -> int:
        return int.from_bytes(np.packbits(bits.astype(np.uint8), bitorder="little").tobytes(), "little")

    def set(self, **values: ArrayLike) -> None:
        """Set inputs, to one value for all copies or to one for each."""
        for name, value in values.items():
            each = np.asarray(value)
            for i, net in enumerate(self.netlist.inputs[name]):
                bits = each >> i & 1
                self._nets[net] = self._all * int(bits) if each.ndim == 0 else self._word(bits)
        self._settled = False

    def _settle(self) -> None:
        if self._settled:
            return
        nets, everything = self._nets, self._all
        for kind, output, a, b, select in self._gates:
            if kind == 0:
                nets[output] = nets[a] & nets[b]
            elif kind == 1:
                nets[output] = nets[a] | nets[b]
            elif kind == 2:
                nets[output] = nets[a] ^ nets[b]
            elif kind == 3:
                nets[output] = nets[a] ^ ((nets[a] ^ nets[b]) & nets[select])
            elif kind == 4:
                nets[output] = nets[a] ^ everything
            else:
                nets[output] = nets[a]
        self._settled = True

    def step(self) -> None:
        """A clock edge."""
        self._settle()
        for net, value in [(q, self._nets[d]) for q, d in self.netlist.flops]:
            self._nets[net] = value
        self._settled = False

    def get(self, name: str, columns: Sequence[int] | None = None) -> NDArray[np.uint64]:
        """An output of every copy, modulo 2**64: the sum of its bits i times 2**i, or times 2**columns[i]."""
        self._settle()
        total = np.zeros(self.lanes, dtype=np.uint64)
        nets = self.netlist.outputs[name]
        for net, column in zip(nets, range(len(nets)) if columns is None else columns, strict=True):
            if column < 64:
                word = self._nets[net].to_bytes(-(-self.lanes // 8), "little")
                bits = np.unpackbits(np.frombuffer(word, dtype=np.uint8), count=self.lanes, bitorder="little")
                total += bits.astype(np.uint64) << np.uint64(column)
        return total

    def words(self, name: str) -> NDArray[np.object_]:
        """An output of every copy, however wide."""
        self._settle()
        total = np.zeros(self.lanes, dtype=object)
        for i, net in enumerate(self.netlist.outputs[name]):
            word = self._nets[net].to_bytes(-(-self.lanes // 8), "little")
            bits = np.unpackbits(np.frombuffer(word, dtype=np.uint8), count=self.lanes, bitorder="little")
            total += bits.astype(object) << i
        return total

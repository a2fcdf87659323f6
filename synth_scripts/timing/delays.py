"""Delays of every gate of a flat netlist, from the library's tables at its loads and slews.

A delay belongs to an input, an output and an edge of the output; it is the mean over the edges of the input that cause
it and over the conditions that the library tells apart. Of slews that meet in a gate the slowest goes on, as a timing
tool has it. The clock is ideal: what stands between its port and a clock pin has no delay.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hdl.params.errors import CheckFailed
from synth_scripts.library.arcs import EDGES, PinArc, arcs
from synth_scripts.library.library import Library

__all__ = ["Delays", "clock_cells", "delays", "loads"]

Bit = int | str
#: By (input, output) of a cell: rising and falling delay, fs.
Paths = Mapping[tuple[str, str], tuple[int, int]]
#: The least delay of a gate, fs: an event must not cause another at its own time.
LEAST = 100


@dataclass(frozen=True)
class Delays:
    """Delays of a netlist.

    Parameters
    ----------
    cells : mapping
        By cell.
    longest : int
        In which everything has settled, from what changes last at the netlist's inputs on, fs.
    """

    cells: Mapping[str, Paths]
    longest: int

    def perturbed(self, share: float, seed: int) -> Delays:
        """Delays of which each gate's is multiplied with a number drawn evenly from 1 - ``share`` to 1 + ``share``."""
        source = random.Random(seed)
        cells = {}
        for name, paths in self.cells.items():
            factor = source.uniform(1 - share, 1 + share)
            cells[name] = {pins: (round(rise * factor), round(fall * factor)) for pins, (rise, fall) in paths.items()}
        return replace(self, cells=cells, longest=round(self.longest * (1 + share)))


def loads(library: Library, cells: Mapping[str, Any], macros: Collection[str] = ()) -> dict[Bit, float]:
    """What the pins on every net load it with, fF; an input of a macro is a flip-flop's.

    Parameters
    ----------
    library : Library
    cells : mapping
        In Yosys' JSON form.
    macros : collection of str
        Kinds of cells that are macros.
    """
    found: dict[Bit, float] = defaultdict(float)
    for cell in cells.values():
        kind = cell["type"]
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input":
                for bit in bits:
                    found[bit] += library.load_ff if kind in macros else library.loads[kind].get(pin, 0.0)
    return found


def clock_cells(library: Library, cells: Mapping[str, Any], macros: Collection[str] = ()) -> set[str]:
    """Gates between the clock port and clock pins."""
    drivers = {
        bit: name
        for name, cell in cells.items()
        if cell["type"] not in macros
        for pin, bits in cell["connections"].items()
        if cell["port_directions"][pin] == "output"
        for bit in bits
    }
    state = {*library.flops, *library.latches}
    waiting = [
        bit
        for cell in cells.values()
        for pin in library.clock_pins.get(cell["type"], ())
        if cell["type"] in state
        for bit in cell["connections"].get(pin, ())
    ]
    found: set[str] = set()
    while waiting:
        name = drivers.get(waiting.pop())
        if name is None or name in found or cells[name]["type"] in state:
            continue
        found.add(name)
        cell = cells[name]
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input" and not _enables(library, cell["type"], pin):
                waiting += bits
    return found


def _enables(library: Library, kind: str, pin: str) -> bool:
    """A pin of a clock gate that is not its clock."""
    gate = library.clock_gate
    return gate is not None and kind == gate.cell and pin != gate.clock


def delays(library: Library, flat: Mapping[str, Any], macros: Collection[str] = ()) -> Delays:
    """The delays of a flat netlist. Inputs come from the buffer that timing assumes, or from a flip-flop.

    Parameters
    ----------
    library : Library
    flat : mapping
        The module in Yosys' JSON form.
    macros : collection of str
        Kinds of cells that are macros.

    Raises
    ------
    CheckFailed
        Where gates form a loop.
    """
    found = _Annotation(library, flat, macros)
    return Delays(found.cells, max(found.times.values(), default=0))


class _Annotation:
    def __init__(self, library: Library, flat: Mapping[str, Any], macros: Collection[str]) -> None:
        self.library = library
        self.parts = {name: cell for name, cell in flat["cells"].items() if cell["type"] not in macros}
        self.loads = loads(library, flat["cells"], macros)
        for port in flat["ports"].values():
            if port["direction"] == "output":
                for bit in port["bits"]:
                    self.loads[bit] += library.load_ff
        self.arcs = arcs(library, {cell["type"] for cell in self.parts.values()} | {library.driver})
        self.clocking = clock_cells(library, flat["cells"], macros)
        #: By net: slews of rising and falling edge, in the library's unit.
        self.slews: dict[Bit, tuple[float, float]] = {}
        #: By net: when it is settled, fs.
        self.times: dict[Bit, int] = defaultdict(int)
        self._known: dict[Any, tuple[Paths, dict[str, tuple[float, float]]]] = {}
        self.cells: dict[str, Paths] = {}
        for name in self._ordered():
            self._annotate(name, self.parts[name])

    def _ordered(self) -> Iterator[str]:
        """Cells after those that they wait for; flip-flops wait for nothing."""
        library = self.library
        starts = {name for name, cell in self.parts.items() if cell["type"] in library.flops} | self.clocking
        yield from starts
        driven = {
            bit: name
            for name, cell in self.parts.items()
            for pin, bits in cell["connections"].items()
            if cell["port_directions"][pin] == "output"
            for bit in bits
        }
        waiting: dict[str, int] = {}
        readers: dict[str, list[str]] = defaultdict(list)
        for name, cell in self.parts.items():
            if name not in starts:
                drivers = [
                    driven[bit]
                    for pin, bits in cell["connections"].items()
                    if cell["port_directions"][pin] == "input"
                    for bit in bits
                    if bit in driven and driven[bit] not in starts
                ]
                waiting[name] = len(drivers)
                for driver in drivers:
                    readers[driver].append(name)
        ready = [name for name, count in waiting.items() if not count]
        done = 0
        while ready:
            name = ready.pop()
            done += 1
            yield name
            for reader in readers[name]:
                waiting[reader] -= 1
                if not waiting[reader]:
                    ready.append(reader)
        if done < len(waiting):
            raise CheckFailed(f"{len(waiting) - done} gates form a combinational loop")

    @cached_property
    def source(self) -> tuple[float, float]:
        """Slews of what nothing in the netlist drives: those of the driving buffer at a flip-flop's load."""
        pins = self.arcs[self.library.driver][self.library.driver_output]
        at = {"slew": 0.0, "load": self.library.load_ff / self.library.cap_ff}
        rise, fall = (
            max((arc.slews[edge].at(**at) for arc in pins if edge in arc.slews), default=0.0) for edge in EDGES
        )
        return rise, fall

    def _annotate(self, name: str, cell: Mapping[str, Any]) -> None:
        kind, pins = cell["type"], cell["connections"]
        outputs = {pin: bits[0] for pin, bits in pins.items() if bits and cell["port_directions"][pin] == "output"}
        inputs = {pin: bits[0] for pin, bits in pins.items() if bits and cell["port_directions"][pin] == "input"}
        clocks = self.library.clock_pins.get(kind, ())
        ideal = name in self.clocking
        slews = {pin: (0.0, 0.0) if pin in clocks or ideal else self._slew(bit) for pin, bit in inputs.items()}
        # Equal gates at equal places are many: PEs are copies.
        key = (kind, ideal, *slews.values(), *(self.loads[bit] for bit in outputs.values()))
        if key not in self._known:
            paths: dict[tuple[str, str], tuple[int, int]] = {}
            shown = {}
            for pin, bit in outputs.items():
                found = self._output(kind, pin, self.loads[bit] / self.library.cap_ff, slews)
                paths |= dict.fromkeys(found[0], (0, 0)) if ideal else found[0]
                shown[pin] = found[1]
            self._known[key] = paths, shown
        self.cells[name], shown = self._known[key]
        for pin, bit in outputs.items():
            self.slews[bit] = shown[pin]
            latest = max((self.times[each] for source, each in inputs.items() if source not in clocks), default=0)
            start = 0 if kind in self.library.flops else latest
            self.times[bit] = start + max(
                (max(each) for (_, to), each in self.cells[name].items() if to == pin), default=0
            )

    def _slew(self, bit: Bit) -> tuple[float, float]:
        return self.slews.get(bit, self.source)

    def _output(
        self, kind: str, pin: str, load: float, slews: Mapping[str, tuple[float, float]]
    ) -> tuple[dict[tuple[str, str], tuple[int, int]], tuple[float, float]]:
        """Delays to an output, and its slews."""
        by_input: dict[str, list[PinArc]] = defaultdict(list)
        for arc in self.arcs[kind].get(pin, ()):
            if arc.related in slews:
                by_input[arc.related].append(arc)
        paths, slowest = {}, [0.0, 0.0]
        for related, found in by_input.items():
            times: list[float | None] = []
            for i, edge in enumerate(EDGES):
                each = [
                    (arc.delays[edge].at(slew=slew, load=load), arc.slews[edge].at(slew=slew, load=load))
                    for arc in found
                    if edge in arc.delays
                    for slew in {slews[related][EDGES.index(cause)] for cause in arc.causes(edge)}
                ]
                times.append(sum(delay for delay, _ in each) / len(each) if each else None)
                slowest[i] = max([slowest[i], *(slew for _, slew in each)])
            other = next(time for time in times if time is not None)  # where this input causes one edge only
            rise, fall = (
                max(LEAST, round((other if time is None else time) * self.library.time_ps * 1e3)) for time in times
            )
            paths[related, pin] = rise, fall
        return paths, (slowest[0], slowest[1])

"""Memories: which become macros, how those are timed, and what their bits may cost.

The flow has no memory compiler. Memories of fewer than ``MACRO_BITS`` bits are made of flip-flops; larger ones stand
as black boxes, like the macros a compiler would give, outside of the mapped area. Their timing is stated here in FO4,
and their area is estimated from a model of bit cells; both are rules of thumb and of no process.

Which side of ``MACRO_BITS`` a memory lies on must not decide which design looks better. So there is one more area,
:meth:`Memory.counted`, which depends on a memory's shape alone: it takes the place of cells and macros alike where a
comparison counts everything.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from math import log2

from gen.emit.memories import shape
from synth_scripts.library.library import Library
from synth_scripts.module.block import Block, Pin, liberty
from synth_scripts.netlist.hierarchy import Hierarchy

__all__ = ["COUNTED", "MACRO_BITS", "MODEL", "Memory", "is_memory", "memories"]

#: The fewest bits of a memory that becomes a macro.
MACRO_BITS = 512
#: From clock to output of a macro of up to ``BASE_BITS`` bits, and for every doubling beyond, FO4.
ACCESS, DOUBLING, BASE_BITS = 12.0, 1.0, 4096
#: Setup of a macro's inputs beyond that of a flip-flop, FO4.
SETUP = 1.0
#: Area of a bit with a write port and a read port (eight transistors), and of each further read port, NAND2.
CELL, PORT = 0.35, 0.1
#: Decoder and driver of a word are as large as N bits; drivers and sense amplifier of a column likewise.
PER_WORD, PER_COLUMN = 10, 16
#: What a bit of a memory of flip-flops needs beside its flip-flop for each read port, NAND2: multiplexer and enable.
READ = 3.0
MODEL = (
    f"bit cells of {CELL:g} NAND2 with one read port ({PORT:g} more for each further one), and around them {PER_WORD} "
    f"bits more a word and {PER_COLUMN} more a column; {ACCESS:g} FO4 from clock to output up to {BASE_BITS:,} bits "
    f"and {DOUBLING:g} more for each doubling"
)
COUNTED = (
    f"where everything is counted, every memory of whatever size counts by its shape: as that estimate, or as the "
    f"library's smallest flip-flop and {READ:g} NAND2 for each read port a bit, if that is less"
)


@dataclass(frozen=True)
class Memory:
    """A module that is nothing but a memory.

    Parameters
    ----------
    module : str
    words, width, reads : int
        Words, bits of a word, synchronous read ports; there is one write port.
    ports : dict
        Direction and width of every port.
    """

    module: str
    words: int
    width: int
    reads: int
    ports: dict[str, tuple[str, int]]

    @property
    def bits(self) -> int:
        """What it holds."""
        return self.words * self.width

    @property
    def macro(self) -> bool:
        """It becomes a black box."""
        return self.bits >= MACRO_BITS

    def area(self, library: Library) -> float:
        """An estimate, by the model of bit cells, in the library's unit."""
        cell = CELL + PORT * (self.reads - 1)
        return cell * (self.words + PER_COLUMN) * (self.width + PER_WORD) * library.nand2_area

    def counted(self, library: Library) -> float:
        """Its area by the rule that knows no threshold, in the library's unit: the lesser of two estimates."""
        bit = min(library.areas[flop] for flop in library.flops) + READ * self.reads * library.nand2_area
        return min(self.area(library), self.bits * bit)

    def access_ps(self, library: Library) -> float:
        """From the clock to the outputs, without load."""
        return library.fo4_ps * (ACCESS + DOUBLING * max(0.0, log2(self.bits / BASE_BITS)))

    def setup_ps(self, library: Library) -> float:
        """Of every input."""
        return library.flop_setup_ps + SETUP * library.fo4_ps

    def empty(self) -> str:
        """Its Verilog as a black box."""
        ports = [f"{direction} [{width - 1}:0] {name}" for name, (direction, width) in self.ports.items()]
        return f"\n(* blackbox *)\nmodule {self.module}({', '.join(ports)});\nendmodule\n"

    def block(self, library: Library) -> Block:
        """Its timing model. Inputs load like a flip-flop's, outputs drive like the buffers of fan-out trees."""
        unit = library.time_ps
        access, setup = self.access_ps(library) / unit, self.setup_ps(library) / unit
        far_ff = library.tree_load_ff
        pins, loads = {}, {}
        for port, (direction, width) in self.ports.items():
            bits = [f"{port}[{i}]" for i in range(width)] if width > 1 else [port]
            for bit in bits:
                if direction == "input":
                    loads[bit] = library.load_ff
                    pins[bit] = Pin(setup=None if port == "clk" else setup)
                else:
                    pins[bit] = Pin(launch=(access, access + 2.5 * library.fo4_ps / unit))
        return Block(self.module, liberty(library, self.module, 0.0, self.ports, pins, loads, far_ff), loads)


def is_memory(verilog: str) -> bool:
    """A module holds words that are not registers, or a table of constants."""
    return shape(verilog) is not None


def memories(hierarchy: Hierarchy, modules: Collection[str]) -> list[Memory]:
    """The memories of a design, of which ``modules`` are nothing but a memory; one that shrank to registers is none."""
    found = []
    for name, text in hierarchy.texts.items():
        if name not in modules or (size := shape(text)) is None:
            continue
        ports = {
            port: (direction, int(high) + 1 if high else 1)
            for direction, high, port in re.findall(r"\b(input|output) (?:\[(\d+):0\] )?(\w+)\s*[;,)]", text)
        }
        reads = sum(direction == "output" for direction, _ in ports.values())
        found.append(Memory(name, *size, reads, ports))
    return found

"""Macros in the simulation of a netlist: what they do in every lane, how often they are used, and what that takes.

Nobody has a netlist of a macro, so its energy is a stated model in terms of the library's own figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory

__all__ = ["POWER_MODEL", "Macro", "MacroEnergy"]

#: Capacitance that a bit cell puts on its bit line and on its word line, in flip-flops' inputs.
BIT_LINE, WORD_LINE = 0.1, 0.2
POWER_MODEL = (
    f"macros by a model: a word read or written charges its bit lines ({BIT_LINE:g} flip-flop inputs a cell) and its "
    f"word line ({WORD_LINE:g} a cell) to the supply, and every read port, which has no enable, reads in every clock; "
    "each pin has the clock pin of a flip-flop, and inputs load like flip-flops; leakage is that of flip-flops on the "
    "macro's estimated area"
)


class Macro:
    """A memory in a flattened netlist.

    Parameters
    ----------
    path : str
    memory : Memory
    pins : mapping
        Nets of each port; constants are ``"0"`` and ``"1"``.
    lanes : int
        Independent streams of the simulation: each has a memory of its own, which begins with zeros.
    """

    def __init__(self, path: str, memory: Memory, pins: Mapping[str, Sequence[int | str]], lanes: int) -> None:
        self.path, self.memory, self.pins, self.lanes = path, memory, pins, lanes
        #: By lane, word and bit.
        self.words = np.zeros((lanes, memory.words, memory.width), np.uint8)
        #: Counted clocks and, summed over the lanes, words written in them.
        self.clocks, self.written = 0, 0.0
        self._every = np.arange(lanes)
        self._reads = [
            (port.replace("data", "addr"), port) for port, (way, _) in memory.ports.items() if way == "output"
        ]

    @property
    def writes(self) -> float:
        """Words written in a clock, over what was counted; a part of a word counts in part."""
        return self.written / max(1, self.clocks * self.lanes)

    @property
    def inputs(self) -> list[int]:
        """Nets at its inputs, but the clock's."""
        ports = [port for port, (way, _) in self.memory.ports.items() if way == "input" and port != "clk"]
        return [net for port in ports for net in self.pins[port] if isinstance(net, int)]

    @property
    def outputs(self) -> list[int]:
        """Nets at its outputs."""
        return [net for _, port in self._reads for net in self.pins[port] if isinstance(net, int)]

    def count(self, values: list[int]) -> None:
        """Count what the coming clock edge does."""
        self.clocks += 1
        self.written += float(self._bits(values, "w_en").mean(axis=0).sum())

    def forget(self) -> None:
        """Count anew."""
        self.clocks, self.written = 0, 0.0

    def clock(self, values: list[int]) -> list[tuple[int, int]]:
        """A rising edge: write, and return nets and what they are from now on. What is written is read as it was."""
        shown = []
        for address, port in self._reads:
            word = self.words[self._every, self._number(values, address)]
            packed = np.packbits(word, axis=0, bitorder="little").T.tobytes()
            size = len(packed) // self.memory.width
            for i, net in enumerate(self.pins[port]):
                if isinstance(net, int):
                    shown.append((net, int.from_bytes(packed[i * size : (i + 1) * size], "little")))
        enable = self._bits(values, "w_en")
        if enable.any():
            mask = np.repeat(enable, self.memory.width // len(enable), axis=0).T
            data, at = self._bits(values, "w_data").T, self._number(values, "w_addr")
            self.words[self._every, at] = np.where(mask, data, self.words[self._every, at])
        return shown

    def load(self, words: Sequence[int]) -> None:
        """Set words from the first on, in every lane."""
        size = -(-self.memory.width // 8)
        rows = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8).reshape(-1, size)
        bits = np.unpackbits(rows, axis=1, count=self.memory.width, bitorder="little")
        self.words[:, : len(bits)] = bits

    def _bits(self, values: list[int], port: str) -> npt.NDArray[np.uint8]:
        """A port by bit and lane."""
        every = (1 << self.lanes) - 1
        size = -(-self.lanes // 8)
        words = [(every if net == "1" else 0) if isinstance(net, str) else values[net] for net in self.pins[port]]
        rows = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8).reshape(-1, size)
        return np.unpackbits(rows, axis=1, count=self.lanes, bitorder="little")

    def _number(self, values: list[int], port: str) -> npt.NDArray[np.int64]:
        """A port as a number by lane, within the words that there are."""
        bits = self._bits(values, port).astype(np.int64)
        number: npt.NDArray[np.int64] = (1 << np.arange(len(bits), dtype=np.int64)) @ bits
        return number % self.memory.words


class MacroEnergy:
    """The model of a macro's energy.

    Parameters
    ----------
    memory : Memory
    library : Library
    """

    def __init__(self, memory: Memory, library: Library) -> None:
        table = energies(library)
        flop = min(library.flops, key=lambda name: library.areas[name])
        square: float = library.corner["voltage"] ** 2
        pins = sum(width for port, (_, width) in memory.ports.items() if port != "clk")
        #: Of a word read or written, fJ.
        self.access_fj = memory.width * (memory.words * BIT_LINE + WORD_LINE) * library.wireless.load_ff * square
        #: Of a transition of an input, fJ.
        self.input_fj = 0.5 * library.load_ff * square
        #: Of a clock, fJ: two transitions of a flip-flop's clock pin at each pin.
        self.clock_fj = pins * 2 * sum(table[flop].inputs.get(pin, 0.0) for pin in library.clock_pins[flop])
        self.leakage_nw = table[flop].leakage_nw * memory.area(library) / library.areas[flop]
        self.reads = memory.reads

    def of_clock(self, writes: float, transitions: float = 0.0, *, reads: float | None = None) -> float:
        """Energy (fJ) of everything but the clock in a clock cycle.

        Parameters
        ----------
        writes : float
            Words written in it.
        transitions : float
            Of its inputs.
        reads : float, optional
            Words read; default: every port reads.
        """
        words = writes + (self.reads if reads is None else reads)
        return words * self.access_fj + transitions * self.input_fj

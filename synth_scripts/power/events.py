"""Simulation of a flat netlist event by event, with a delay for every way through a gate: transitions with glitches.

It repeats a :class:`~synth_scripts.power.recording.Recording` of the simulation without delays: its stimuli, and what
macros gave, at the times at which flip-flops would. Flip-flops, gates and clock gates are simulated. At the end of
every cycle each net must be what it is without delays. A pulse that is shorter than a gate's delay does not pass it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hdl.params.errors import CheckFailed
from synth_scripts.library.cell_verilog import CellVerilog
from synth_scripts.power import vcd
from synth_scripts.power.gatesim import Simulator
from synth_scripts.timing.delays import Delays
from synth_scripts.work import icarus

__all__ = ["Activity", "simulate"]

_BENCH = "bench"


@dataclass(frozen=True)
class Activity:
    """Switching activity of a netlist's nets.

    Parameters
    ----------
    simulator : Simulator
        Of the same netlist, without delays.
    transitions, high : array
        By net: transitions a clock cycle, and share of time at 1.
    cycles : int
        Clock cycles, over all lanes.
    excess : float
        Transitions of all nets but clocks, over those that they have without glitches.
    """

    simulator: Simulator
    transitions: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    cycles: int
    excess: float

    def activity(self, bit: int | str) -> tuple[float, float]:
        """Transitions a clock cycle and share of time high; of clocks, which are ideal, as without delays."""
        if isinstance(bit, str) or self.simulator.is_clock(bit):
            return self.simulator.activity(bit)
        return float(self.transitions[bit]), float(self.high[bit])


def simulate(simulator: Simulator, delays: Delays, folder: Path, lanes: Sequence[int] = (0,)) -> Activity:
    """Repeat what a simulator recorded, with delays.

    Parameters
    ----------
    simulator : Simulator
        With a recording of two cycles or more.
    delays : Delays
    folder : Path
        For the netlist, stimuli and log, which stay.
    lanes : sequence of int
        Which lanes to repeat.

    Raises
    ------
    CheckFailed
        Where a net ends a cycle with another value than without delays.
    ToolError
        Where Icarus Verilog is missing or fails.
    """
    return _Events(simulator, delays, folder).run(lanes)


class _Events:
    def __init__(self, simulator: Simulator, delays: Delays, folder: Path) -> None:
        recording = simulator.recording
        if recording is None or recording.cycles < 1:
            raise ValueError("nothing was recorded")
        self.simulator, self.delays, self.folder = simulator, delays, folder
        self.recording, self.library = recording, simulator.library
        folder.mkdir(parents=True, exist_ok=True)
        self.names = {name: f"u{i}" for i, name in enumerate(simulator.cells)}
        self.sources = self._sources()
        #: Of the clock, fs: everything settles in half of it, since latches of clock gates open then.
        self.period = 2 * (delays.longest + max((time for time, _ in self.sources), default=0)) + 2
        nets = {bit for cell in simulator.cells.values() for bits in cell["connections"].values() for bit in bits}
        self.nets = sorted(
            {bit for bit in nets if isinstance(bit, int)}
            | {bit for _, bits in self.sources for bit in bits}
            | {simulator.clock_net}
        )

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Of each net, whether the recording has it: it has no clocks, and no enables that clock gates hold."""
        simulator = self.simulator
        return np.array([not (simulator.is_clock(bit) or bit in simulator.held) for bit in self.nets])

    def _sources(self) -> list[tuple[int, list[int]]]:
        """Nets from outside by when they change after the clock edge, fs: inputs, and outputs of macros."""
        simulator, library = self.simulator, self.library
        found: dict[int, set[int]] = {}
        for port in simulator.module["ports"].values():
            if port["direction"] == "input":
                bits = {bit for bit in port["bits"] if isinstance(bit, int) and bit != simulator.clock_net}
                if bits:
                    found.setdefault(round(library.flop_delay_ps * 1e3), set()).update(bits)
        for macro in simulator.macros.values():
            time = round(macro.memory.access_ps(library) * 1e3)
            found.setdefault(time, set()).update(macro.outputs)
        return [(time, sorted(bits)) for time, bits in sorted(found.items())]

    def run(self, lanes: Sequence[int]) -> Activity:
        simulator, recording = self.simulator, self.recording
        (self.folder / "events.v").write_text("".join(self._text()))
        tables = {}
        for lane in lanes:
            table = tables[lane] = recording.lane(lane)
            for i, (_, bits) in enumerate(self.sources):
                self._write(f"stimuli{i}_{lane}", table[:, bits])
            self._write(f"state_{lane}", recording.state(lane)[:, None])
        runs = [{"lane": str(lane)} for lane in lanes]
        dumps = icarus.simulate(["events.v"], _BENCH, self.folder, runs, ["changes.vcd"])
        transitions, high, functional = np.zeros(simulator.size), np.zeros(simulator.size), 0
        for lane, (dump,) in zip(lanes, dumps, strict=True):
            with dump.open("rb") as lines:
                found = vcd.read(lines, [f"n{bit}" for bit in self.nets], self.period, recording.cycles)
            dump.unlink()
            self._compare(found.sampled, tables[lane][1:, self.nets], lane)
            transitions[self.nets] += found.transitions / recording.cycles / len(lanes)
            functional += int((np.diff(tables[lane].astype(np.int8), axis=0)[:, self.nets] != 0)[:, self.known].sum())
            high[self.nets] += found.high / found.duration / len(lanes)
        cycles = recording.cycles * len(lanes)
        counted = transitions[np.array(self.nets)[self.known]].sum() * cycles
        return Activity(simulator, transitions, high, cycles, float(counted / functional) if functional else 1.0)

    def _write(self, name: str, table: npt.NDArray[np.uint8]) -> None:
        """Words of a table for ``$readmemb``, the first column as the lowest bit."""
        rows = ((row[::-1] + 48).tobytes().decode() for row in table)
        (self.folder / name).write_text("\n".join(rows) + "\n")

    def _compare(self, found: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8], lane: int) -> None:
        simulator = self.simulator
        wrong = np.argwhere((found != right) & self.known)
        if len(wrong):
            cycle, column = wrong[0]
            cell, pin = simulator.drivers.get(self.nets[column], ("the inputs", ""))
            raise CheckFailed(
                f"with delays, {cell}{'.' if pin else ''}{pin} is {'01x'[found[cycle, column]]} at the end of cycle "
                f"{cycle + 1}, not {right[cycle, column]} as without (lane {lane}, {len(wrong)} differences)"
            )

    # --- Verilog -----------------------------------------------------------------------------------------------------
    def _text(self) -> Iterator[str]:
        yield "`timescale 1fs/1fs\n"
        yield from self._netlist()
        yield from self._bench()

    def _netlist(self) -> Iterator[str]:
        """A module for every kind of cell with its delays, and one in which all cells stand."""
        verilog = CellVerilog(self.library, {cell["type"] for cell in self.simulator.cells.values()})
        modules: dict[object, str] = {}
        placed = []
        for name, cell in self.simulator.cells.items():
            kind, paths = cell["type"], self.delays.cells[name]
            pins = {pin: bits[0] for pin, bits in cell["connections"].items() if bits}
            key = (kind, tuple(paths.items()))
            if key not in modules:
                modules[key] = f"c{len(modules)}"
                yield verilog.module(kind, modules[key], paths)
            joined = ", ".join(f".{pin}({_net(bit)})" for pin, bit in pins.items())
            placed.append(f"{modules[key]} {self.names[name]} ({joined});\n")
        ports = [f"input [{len(bits) - 1}:0] i{i}" for i, (_, bits) in enumerate(self.sources)]
        yield f"module netlist({', '.join(['input clk', *ports])});\n"
        yield f"wire {', '.join(f'n{bit}' for bit in self.nets)};\n"
        driven = {self.simulator.clock_net, *self.simulator.drivers}
        yield f"assign n{self.simulator.clock_net} = clk;\n"
        for i, (_, bits) in enumerate(self.sources):
            for j, bit in enumerate(bits):
                driven.add(bit)
                yield f"assign n{bit} = i{i}[{j}];\n"
        yield from (f"assign n{bit} = 1'b0;\n" for bit in self.nets if bit not in driven)
        yield from placed
        yield "endmodule\n"

    def _bench(self) -> Iterator[str]:
        clocks, flops = len(self.recording.values), self.simulator.flops
        yield f"module {_BENCH};\nreg clk = 0;\ninteger cycle, lane;\nreg [8*32-1:0] name;\n"
        for i, (_, bits) in enumerate(self.sources):
            yield f"reg [{len(bits) - 1}:0] i{i}, stimuli{i} [0:{clocks - 1}];\n"
        yield f"reg state [0:{max(0, len(flops) - 1)}];\n"
        inputs = ", ".join(["clk", *(f"i{i}" for i in range(len(self.sources)))])
        yield f"netlist netlist({inputs});\ninitial begin\n"
        yield '  $dumpfile("changes.vcd");\n  if (!$value$plusargs("lane=%d", lane)) lane = 0;\n'
        for i in range(len(self.sources)):
            yield f'  $sformat(name, "stimuli{i}_%0d", lane); $readmemb(name, stimuli{i}); i{i} = stimuli{i}[0];\n'
        yield '  $sformat(name, "state_%0d", lane); $readmemb(name, state);\n  #1;\n' if flops else "  #1;\n"
        yield from (f"  netlist.{self.names[name]}._state_ = state[{i}];\n" for i, name in enumerate(flops))
        yield f"  #{self.period} $dumpvars(1, netlist);\n  for (cycle = 1; cycle < {clocks}; cycle = cycle + 1) begin\n"
        yield "    clk = 1;\n"
        now = 0
        for time, i in sorted([*((time, i) for i, (time, _) in enumerate(self.sources)), (self.period // 2, -1)]):
            yield f"    #{time - now} {'clk = 0' if i < 0 else f'i{i} = stimuli{i}[cycle]'};\n"
            now = time
        yield f"    #{self.period - now};\n  end\n  $finish;\nend\nendmodule\n"


def _net(bit: int | str) -> str:
    return f"n{bit}" if isinstance(bit, int) else f"1'b{int(bit == '1')}"

"""A synthesised engine that multiplies tiles: without delays, and with delays whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.stimuli import Stimuli
from hdl.params import EngineParams
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.power import events
from synth_scripts.power.activity import starve, stream_tiles
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.power import flattened
from synth_scripts.power.recording import Recording
from synth_scripts.timing.delays import Delays, delays
from synth_scripts.work.once import once

__all__ = ["EVENTS", "LANES", "MOST", "SEED", "Setup", "SimulatedEngine"]

LANES = 64
SEED = 2025
#: Gates times cycles that are simulated with delays, in no more than this many lanes; one lane always is.
EVENTS, MOST = 2_000_000, 8


@dataclass(frozen=True)
class Setup:
    """A synthesised engine, and what it multiplies.

    Parameters
    ----------
    library : Library
    params : EngineParams
    k : int
        Inner size of the tiles.
    verilog : str
        Mapped Verilog of all modules.
    top : str
    folder : Path
    memories : sequence of Memory
        The macros, which are not in ``verilog``.
    stimuli : Stimuli
        What is multiplied.
    """

    library: Library
    params: EngineParams
    k: int
    verilog: str
    top: str
    folder: Path
    memories: Sequence[Memory]
    stimuli: Stimuli


class SimulatedEngine:
    """An engine, simulated without delays when it is made.

    Parameters
    ----------
    setup : Setup

    Raises
    ------
    CheckFailed
        Where the netlist computes anything but the product.
    ToolError
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        #: Cells that are macros, by kind.
        self.macros = {memory.module: memory for memory in setup.memories}
        #: Modules and the flat module, in Yosys' JSON form.
        self.modules, self.flat = flattened(setup.library, setup.verilog, setup.top, setup.memories, setup.folder)
        self.simulator = Simulator(self.flat, setup.library, LANES, memories=self.macros)
        self.recording = self.simulator.recording = Recording()
        #: How many results were compared and right.
        self.results = stream_tiles(setup.params, self.simulator, setup.k, SEED, setup.stimuli)

    def idle(self) -> int:
        """Count anew, in cycles that wait for operands; gives their number. Nothing else can be asked for then."""
        return starve(self.simulator)

    @once
    def delays(self) -> Delays:
        """The library's delays of its gates."""
        return delays(self.setup.library, self.flat, set(self.macros))

    @property
    def lanes(self) -> int:
        """How many streams are repeated with delays."""
        return max(1, min(MOST, EVENTS // (self.recording.cycles * len(self.flat["cells"]))))

    def activity(self, with_delays: Delays | None = None) -> events.Activity:
        """Activity with glitches, at the library's delays or at others."""
        return events.simulate(
            self.simulator, with_delays or self.delays, self.setup.folder / "events", range(self.lanes)
        )

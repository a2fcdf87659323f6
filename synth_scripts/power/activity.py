"""Random tiles through the simulated netlist of an engine, whatever its array: activity, and results to compare."""

from __future__ import annotations

from typing import Any

import numpy as np

from gen.stimuli import Stimuli
from hdl.params import BeatMap, CheckFailed, Dataflow, EngineParams
from synth_scripts.power.expected import Elements, element_of_c
from synth_scripts.power.gatesim import Simulator

__all__ = ["CHECKED", "starve", "stream_tiles"]

#: Lanes of the simulation whose results are compared.
CHECKED = 4
#: Tiles that pass before activity is counted, over one tile.
WARM_UP = 2
#: Cycles without a result, beyond those of a tile, after which nothing is left to do; cycles that are counted then.
SETTLING, IDLE = 16, 16


def stream_tiles(params: EngineParams, simulator: Simulator, k: int, seed: int, stimuli: Stimuli) -> int:
    """Stream tiles, back to back, and count activity over one of them.

    Every lane has operands of its own, and takes its time where those decide about it. Counting begins when two tiles
    have entered, and ends with the third; the simulation goes on until a tile's results are out.

    Parameters
    ----------
    params : EngineParams
    simulator : Simulator
        Simulator of the flattened netlist.
    k : int
        Inner size of the tiles.
    seed : int
    stimuli : Stimuli
        What the tiles are.

    Returns
    -------
    int
        Results compared.

    Raises
    ------
    CheckFailed
        Where a result is wrong, or none comes.
    """
    return _Bench(params, simulator, k, seed, stimuli).run()


def starve(simulator: Simulator) -> int:
    """Offer no more operands, wait until no result comes for as long as a tile takes, and count activity anew.

    The job is still under way: these are the cycles of an engine that waits for operands.

    Parameters
    ----------
    simulator : Simulator
        As :func:`stream_tiles` leaves it; what it has counted is lost.

    Returns
    -------
    int
        Cycles that are counted.
    """
    for name, port in simulator.module["ports"].items():
        if name.endswith("_tvalid") and port["direction"] == "input":
            simulator.set(name, 0)
    quiet, waited = simulator.cycles + SETTLING, 0
    while waited < quiet:
        simulator.settle()
        gives = any(simulator.get("m_axis_c_tvalid", lane) for lane in range(simulator.lanes))
        waited = 0 if gives else waited + 1
        simulator.clock()
    simulator.recording = None
    simulator.forget()
    for _ in range(IDLE + 1):
        simulator.settle()
        simulator.count()
        simulator.clock()
    return IDLE


class _Work:
    """The tiles of every lane, drawn one after the other when they are first asked for."""

    def __init__(self, params: EngineParams, k: int, lanes: int, seed: int, stimuli: Stimuli) -> None:
        self.params, self.k, self.stimuli = params, k, stimuli
        self.sources = [np.random.default_rng((seed, lane)) for lane in range(lanes)]
        self.drawn: list[list[tuple[Any, Any]]] = [[] for _ in range(lanes)]

    def operand(self, which: int, lane: int, tile: int) -> Any:
        """Rows of A (0) or B (1)."""
        drawn = self.drawn[lane]
        while len(drawn) <= tile:
            a, b = self.stimuli.tile(self.params, self.k, self.sources[lane])
            drawn.append((a.tolist(), b.tolist()))
        return drawn[tile][which]


class _Stream:
    """A stream into the engine: in each lane of the simulation it offers beats, each until it is taken there.

    It carries operand ``which`` of the work; without work all elements are zero.
    """

    def __init__(
        self, name: str, beats: BeatMap, k: int, lanes: int, work: _Work | None = None, which: int = 0
    ) -> None:
        self.name, self.beats, self.k, self.work, self.which = name, beats, k, work, which
        self.size = beats.beats(k)
        #: By lane of the simulation: the beats that were taken, and the one that is offered.
        self.taken: list[list[int]] = [[] for _ in range(lanes)]
        self.beat: list[int | None] = [None] * lanes
        self.positions = beats.indices(k)

    def offer(self, simulator: Simulator) -> None:
        """Drive the next beats."""
        numbers = [len(taken) % self.size for taken in self.taken]
        words = [self._word(lane) if beat is None else beat for lane, beat in enumerate(self.beat)]
        self.beat[:] = words
        simulator.set(f"{self.name}_tdata", words)
        simulator.set(f"{self.name}_tvalid", 1)
        simulator.set(f"{self.name}_tlast", [int(number == self.size - 1) for number in numbers])

    def _word(self, lane: int) -> int:
        """The next beat; what is no element in it is zero."""
        if self.work is None:
            return 0
        tile, number = divmod(len(self.taken[lane]), self.size)
        elements, bits = self.work.operand(self.which, lane, tile), self.beats.element_bits
        word = 0
        for i, at in enumerate(self.positions[number]):
            if at is not None:
                word |= (elements[at[0]][at[1]] & ((1 << bits) - 1)) << i * bits
        return word

    def take(self, simulator: Simulator) -> None:
        """The beats have been accepted, or not."""
        for lane, beat in enumerate(self.beat):
            if beat is not None and simulator.get(f"{self.name}_tready", lane):
                self.taken[lane].append(beat)
                self.beat[lane] = None

    @property
    def tiles(self) -> float:
        """How many tiles have entered, in the lane that is furthest behind."""
        return min(map(len, self.taken)) / self.size

    def matrix(self, tile: int, lane: int) -> Elements:
        """A tile's elements in a lane of the simulation."""
        elements = {}
        for number, positions in enumerate(self.positions):
            word = self.taken[lane][tile * self.size + number]
            for i, at in enumerate(positions):
                if at is not None:
                    elements[at] = _element(word, i, self.beats)
        return elements


class _Bench:
    def __init__(self, params: EngineParams, simulator: Simulator, k: int, seed: int, stimuli: Stimuli) -> None:
        self.params, self.simulator, self.k, self.seed = params, simulator, k, seed
        self.flow = flow = Dataflow(params)
        lanes = simulator.lanes
        work = _Work(params, k, lanes, seed, stimuli)
        self.a = _Stream("s_axis_a", flow.a, k, lanes, work, 0)
        self.b = _Stream("s_axis_b", flow.b, k, lanes, work, 1)
        self.initial = [_Stream("s_axis_c", flow.c, k, lanes)] if params.preload else []
        #: By lane.
        self.results: list[list[int]] = [[] for _ in range(CHECKED)]

    def run(self) -> int:
        simulator, params = self.simulator, self.params
        for name, port in simulator.module["ports"].items():
            if port["direction"] == "input" and name != "clk":
                simulator.set(name, 0)
        simulator.set("m_axis_c_tready", 1)
        simulator.set("job_tiles", 0xFFFF)
        steps = max(self.a.size, self.b.size, self.flow.c.beats(self.k))
        patience = 64 + 8 * (params.rows + params.cols) + 16 * params.a.width * steps
        for cycle in range(patience):
            self._cycle(cycle)
            finished = min(map(len, self.results)) >= self.flow.c.beats(self.k)
            if finished and min(self.a.tiles, self.b.tiles) >= WARM_UP + 1:
                return self._compare()
        raise CheckFailed(f"the synthesised netlist gave no result in {patience} cycles (seed {self.seed})")

    def _cycle(self, cycle: int) -> None:
        simulator = self.simulator
        simulator.set("rst", int(cycle < 2))
        simulator.set("job_valid", int(cycle == 3))
        for stream in (self.a, self.b, *self.initial):
            stream.offer(simulator)
        simulator.settle()
        if WARM_UP <= self.a.tiles <= WARM_UP + 1:
            simulator.count()
        if cycle >= 2:
            for stream in (self.a, self.b, *self.initial):
                stream.take(simulator)
            for lane, results in enumerate(self.results):
                if simulator.get("m_axis_c_tvalid", lane):
                    results.append(simulator.get("m_axis_c_tdata", lane))
        simulator.clock()

    def _compare(self) -> int:
        """Compare every result with the product of its operands."""
        compared, size = 0, self.flow.c.beats(self.k)
        for lane, results in enumerate(self.results):
            for tile in range(len(results) // size):
                a, b = self.a.matrix(tile, lane), self.b.matrix(tile, lane)
                for beat in range(size):
                    word = results[tile * size + beat]
                    for i in range(self.flow.c.lanes):
                        at = self.flow.c.index(self.k, beat, i)
                        if at is None:
                            continue
                        row, col = at
                        expected = element_of_c(self.params, a, b, row, col, self.k)
                        got = _element(word, i, self.flow.c)
                        if got != expected:
                            raise CheckFailed(
                                f"the synthesised netlist computes {got} for C[{row}, {col}] of tile {tile}, "
                                f"not {expected} (seed {self.seed}, lane {lane})"
                            )
                        compared += 1
        return compared


def _element(word: int, index: int, beats: BeatMap) -> int:
    value = word >> (index * beats.element_bits) & ((1 << beats.element_bits) - 1)
    return value - (1 << beats.element_bits) if beats.signed and value >> (beats.element_bits - 1) else value

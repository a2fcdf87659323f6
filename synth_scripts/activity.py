"""Random tiles through the simulated netlist of an engine, whatever its array: activity, and results to compare."""

from __future__ import annotations

import random

from hdl.params import BeatMap, CheckFailed, Dataflow, EngineParams
from synth_scripts.gatesim import Simulator

__all__ = ["CHECKED", "stream_tiles"]

#: Lanes of the simulation whose results are compared.
CHECKED = 4
#: Tiles that pass before activity is counted, over one tile.
WARM_UP = 2


def stream_tiles(params: EngineParams, simulator: Simulator, k: int, seed: int) -> int:
    """Stream uniformly random tiles, back to back, and count activity over one of them.

    Every lane has operands of its own. Counting begins when two tiles have entered, and ends with the third; the
    simulation goes on until a tile's results are out.

    Parameters
    ----------
    params : EngineParams
    simulator : Simulator
        Of the flattened netlist.
    k : int
        Inner size of the tiles.
    seed : int

    Returns
    -------
    int
        Results compared.

    Raises
    ------
    CheckFailed
        Where a result is wrong, or none comes.
    """
    return _Bench(params, simulator, k, seed).run()


class _Stream:
    """A stream into the engine: it offers beats, each until it is taken."""

    def __init__(self, name: str, beats: BeatMap, k: int) -> None:
        self.name, self.beats, self.k = name, beats, k
        self.size = beats.beats(k)
        #: The beats that were taken: a word for each lane of the simulation.
        self.taken: list[list[int]] = []
        self.beat: list[int] = []
        self.positions = beats.indices(k)

    def offer(self, simulator: Simulator, source: random.Random | None) -> None:
        """Drive the next beat; zeros where there is no source."""
        number = len(self.taken) % self.size
        if not self.beat:
            bits = self.beats.element_bits
            inside = sum(((1 << bits) - 1) << (i * bits) for i, at in enumerate(self.positions[number]) if at)
            words = [source.getrandbits(self.beats.payload_bits) if source else 0 for _ in range(simulator.lanes)]
            self.beat = [word & inside for word in words]
        simulator.set(f"{self.name}_tdata", self.beat)
        simulator.set(f"{self.name}_tvalid", 1)
        simulator.set(f"{self.name}_tlast", int(number == self.size - 1))

    def take(self, simulator: Simulator) -> None:
        """The beat has been accepted, or not."""
        if simulator.get(f"{self.name}_tready"):
            self.taken.append(self.beat)
            self.beat = []

    @property
    def tiles(self) -> float:
        """How many tiles have entered."""
        return len(self.taken) / self.size

    def matrix(self, tile: int, lane: int) -> dict[tuple[int, int], int]:
        """A tile's elements in a lane of the simulation."""
        elements = {}
        for number, positions in enumerate(self.positions):
            word = self.taken[tile * self.size + number][lane]
            for i, at in enumerate(positions):
                if at is not None:
                    elements[at] = _element(word, i, self.beats)
        return elements


class _Bench:
    def __init__(self, params: EngineParams, simulator: Simulator, k: int, seed: int) -> None:
        self.params, self.simulator, self.k, self.seed = params, simulator, k, seed
        self.flow = flow = Dataflow(params)
        self.random = random.Random(seed)
        self.a, self.b = _Stream("s_axis_a", flow.a, k), _Stream("s_axis_b", flow.b, k)
        self.initial = [_Stream("s_axis_c", flow.c, k)] if params.preload else []
        self.results: list[list[int]] = []

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
            if min(self.a.tiles, self.b.tiles) >= WARM_UP + 1 and len(self.results) >= self.flow.c.beats(self.k):
                return self._compare()
        raise CheckFailed(f"the synthesised netlist gave no result in {patience} cycles (seed {self.seed})")

    def _cycle(self, cycle: int) -> None:
        simulator = self.simulator
        simulator.set("rst", int(cycle < 2))
        simulator.set("job_valid", int(cycle == 3))
        for stream, source in ((self.a, self.random), (self.b, self.random), *((each, None) for each in self.initial)):
            stream.offer(simulator, source)
        simulator.settle()
        if WARM_UP <= self.a.tiles <= WARM_UP + 1:
            simulator.count()
        if cycle >= 2:
            for stream in (self.a, self.b, *self.initial):
                stream.take(simulator)
            if simulator.get("m_axis_c_tvalid"):
                self.results.append([simulator.get("m_axis_c_tdata", lane) for lane in range(CHECKED)])
        simulator.clock()

    def _compare(self) -> int:
        """Compare every result with the product of its operands."""
        compared, size = 0, self.flow.c.beats(self.k)
        for tile in range(len(self.results) // size):
            for lane in range(CHECKED):
                a, b = self.a.matrix(tile, lane), self.b.matrix(tile, lane)
                for beat in range(size):
                    word = self.results[tile * size + beat][lane]
                    for i in range(self.flow.c.lanes):
                        at = self.flow.c.index(self.k, beat, i)
                        if at is None:
                            continue
                        row, col = at
                        expected = sum(a[row, step] * b[step, col] for step in range(self.k))
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

"""Whole engines as gates, many copies at once: each copy has operands, gaps and back-pressure of its own.

A tile's K is the same in all copies. The first copy never waits for its streams.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hdl.params import BeatMap, Dataflow, EngineParams
from sim_tb.golden import gemm
from sim_tb.tiles import Tiles, random_tiles
from tests.hdl.lanes import Lanes, Netlist

__all__ = ["Run", "corners", "run_engine"]

#: Shares of cycles in which a stream of a copy may go on.
PACES = (1.0, 0.7, 0.25)


@dataclass
class Run:
    """What a streak of tiles gave.

    Parameters
    ----------
    compared, wrong : int
        Results of all copies.
    example : str
        Of a wrong one, or of what else went wrong.
    taken, rows : list of int
        In the first copy the cycles in which a tile's last beat of A was taken, and in which its first row left.
    work : list of Tiles
        A tile of every copy, for each tile of the streak.
    """

    compared: int = 0
    wrong: int = 0
    example: str = ""
    taken: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    work: list[Tiles] = field(default_factory=list)


def corners(params: EngineParams, tiles: Tiles, rng: np.random.Generator) -> Tiles:
    """Tiles of which every other one has operands at the ends of their formats only."""
    a, b = tiles.a.copy(), tiles.b.copy()
    for matrices, form in ((a, params.a), (b, params.b)):
        shape = matrices[::2].shape
        matrices[::2] = np.where(rng.random(shape) < 0.5, form.min, form.max)
    return Tiles(a, b, tiles.initial)


def _words(beats: BeatMap, tile: NDArray[np.integer], k: int) -> list[int]:
    """The beats of a tile, as numbers, with the last one marked in the bit above the data."""
    words = []
    mask = (1 << beats.element_bits) - 1
    for beat in beats.indices(k):
        cells = [0 if cell is None else int(tile[cell]) & mask for cell in beat]
        words.append(sum(cell << (lane * beats.element_bits) for lane, cell in enumerate(cells)))
    words[-1] |= 1 << beats.tdata_bits
    return words


class _Source:
    """A stream of every copy."""

    def __init__(self, lanes: Lanes, name: str, bits: int, words: list[list[int]], paces: NDArray) -> None:
        self.lanes, self.name, self.bits, self.paces = lanes, name, bits, paces
        self.words = np.array(words, dtype=object)  # copies, beats
        self.at = np.zeros(len(words), dtype=np.int64)
        self.offered = np.zeros(len(words), dtype=bool)

    def offer(self, rng: np.random.Generator) -> None:
        left = self.at < self.words.shape[1]
        self.offered = left & (self.offered | (rng.random(len(self.at)) < self.paces))
        here = self.words[np.arange(len(self.at)), np.minimum(self.at, self.words.shape[1] - 1)]
        junk = rng.integers(0, 1 << 62, len(self.at)).astype(object)  # what nobody offers may be anything
        here = np.where(self.offered, here, junk & ((1 << self.bits) - 1))
        values = {"tdata": here, "tlast": here >> self.bits & 1, "tvalid": self.offered.astype(np.int64)}
        self.lanes.set(**{f"s_axis_{self.name}_{part}": value for part, value in values.items()})

    def take(self) -> NDArray[np.bool_]:
        """Whether the beat of each copy is taken in this cycle."""
        took = self.offered & (self.lanes.get(f"s_axis_{self.name}_tready") == 1)
        self.at += took
        self.offered &= ~took
        return took


def run_engine(
    netlist: Netlist, params: EngineParams, ks: list[int], *, copies: int = 24, seed: int = 1, tight: bool = True
) -> Run:
    """One job of tiles with these K; every copy has tiles of its own. Compared with the golden model."""
    rng = np.random.default_rng(seed)
    flow = Dataflow(params)
    lanes = Lanes(netlist, copies, seed)
    work = [corners(params, random_tiles(params, copies, k, rng), rng) for k in ks]
    golden = np.stack([gemm(params, tiles.a, tiles.b, tiles.initial) for tiles in work], axis=1)
    paces = rng.choice(PACES, (4, copies))
    paces[:, 0] = 1.0
    maps = {"a": flow.a, "b": flow.b, **({"c": flow.c} if params.preload else {})}
    matrices = [{"a": tiles.a, "b": tiles.b, "c": tiles.initial} for tiles in work]
    sources = {
        name: _Source(
            lanes,
            name,
            beats.tdata_bits,
            [
                [word for tiles, k in zip(matrices, ks, strict=True) for word in _words(beats, tiles[name][copy], k)]
                for copy in range(copies)
            ],
            paces["abc".index(name)],
        )
        for name, beats in maps.items()
    }
    for reset in (1, 1, 0):
        lanes.set(rst=reset, job_valid=0, counters_clear=0, m_axis_c_tready=0)
        lanes.step()
    lanes.set(job_tiles=len(ks), job_valid=1)
    run = Run(work=work)
    got: list[list[int]] = [[] for _ in range(copies)]
    due = len(ks) * params.rows
    ends = set(np.cumsum([flow.a.beats(k) for k in ks]).tolist())
    cycle = 0
    for cycle in range(60 * due + 40 * sum(flow.a.beats(k) for k in ks) + 400):
        for source in sources.values():
            source.offer(rng)
        ready = rng.random(copies) < paces[3]
        lanes.set(m_axis_c_tready=ready.astype(np.int64))
        valid = lanes.get("m_axis_c_tvalid") == 1
        data = lanes.words("m_axis_c_tdata")
        last = lanes.get("m_axis_c_tlast")
        for copy in np.nonzero(valid & ready)[0]:
            if len(got[copy]) % params.rows == 0 and copy == 0:
                run.rows.append(cycle)
            got[copy].append(int(data[copy]))
            if bool(last[copy]) != (len(got[copy]) % params.rows == 0):
                run.example = run.example or f"copy {copy}: tlast at row {len(got[copy])}"
        took = {name: source.take() for name, source in sources.items()}
        if took["a"][0] and int(sources["a"].at[0]) in ends:
            run.taken.append(cycle)
        lanes.step()
        lanes.set(job_valid=0)
        if all(len(rows) >= due for rows in got):
            break
    lanes.step()
    for _ in range(3 * flow.drain_cycles):
        lanes.step()
        if (lanes.get("m_axis_c_tvalid") == 1).any():
            run.example = run.example or "a row too many"
    mask, bits = (1 << params.accumulator) - 1, params.accumulator
    for copy, rows in enumerate(got):
        expected = golden[copy].reshape(-1, params.cols)
        if len(rows) != len(expected):
            run.example = run.example or f"copy {copy}: {len(rows)} of {len(expected)} rows after {cycle} cycles"
        for i, (row, numbers) in enumerate(zip(rows, expected, strict=False)):
            for j, number in enumerate(numbers):
                found = row >> (bits * j) & mask
                run.compared += 1
                if found != int(number) & mask:
                    run.wrong += 1
                    where = f"copy {copy}, tile {i // params.rows}, row {i % params.rows}, column {j}"
                    run.example = run.example or f"{where}: {found:#x}, not {int(number) & mask:#x}"
    if lanes.get("error_tlast").any() or lanes.get("error_k").any():
        run.example = run.example or "an error flag"
    return run

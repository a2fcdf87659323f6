"""Tiles of operands: the work of an engine, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gen.stimuli import normal, uniform
from hdl.params import Dataflow, EngineParams
from sim_tb.golden import Matrix, gemm

__all__ = ["Tiles", "batches", "corner_tiles", "normal_tiles", "random_tiles"]


@dataclass(frozen=True)
class Tiles:
    """Tiles of equal inner size K.

    Parameters
    ----------
    a, b : integer arrays of shapes (tiles, M, K) and (tiles, K, N)
        Operands.
    initial : integer array of shape (tiles, M, N), optional
        Initial values, for engines with a preload stream.
    """

    a: Matrix
    b: Matrix
    initial: Matrix | None = None

    @property
    def count(self) -> int:
        """Number of tiles."""
        return len(self.a)

    @property
    def k(self) -> int:
        """Inner size."""
        return int(self.a.shape[2])

    def __getitem__(self, part: slice) -> Tiles:
        return Tiles(self.a[part], self.b[part], None if self.initial is None else self.initial[part])

    def save(self, path: Path) -> None:
        """Store them in a file."""
        initial = {} if self.initial is None else {"initial": self.initial}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, a=self.a, b=self.b, **initial)

    @classmethod
    def load(cls, path: Path) -> Tiles:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            return cls(data["a"], data["b"], data.get("initial"))

    @classmethod
    def join(cls, parts: Sequence[Tiles]) -> Tiles:
        """Tiles one after the other."""
        initials = [part.initial for part in parts if part.initial is not None]
        a, b = (np.concatenate([getattr(part, name) for part in parts]) for name in "ab")
        return cls(a, b, np.concatenate(initials) if initials else None)

    def golden(self, params: EngineParams) -> Matrix:
        """The results: an array of shape (tiles, M, N)."""
        return gemm(params, self.a, self.b, self.initial)


def random_tiles(params: EngineParams, count: int, k: int, rng: np.random.Generator) -> Tiles:
    """Tiles of uniformly random operands (and initial values where the engine takes them)."""

    def draw(low: int, high: int, shape: tuple[int, ...]) -> Matrix:
        kind = np.int64 if low < 0 else np.uint64
        return rng.integers(low, high, size=shape, dtype=kind, endpoint=True)

    a = uniform(params.a, (count, params.rows, k), rng)
    b = uniform(params.b, (count, k, params.cols), rng)
    initial = draw(*params.result_range, (count, params.rows, params.cols)) if params.preload else None
    return Tiles(a, b, initial)


def normal_tiles(params: EngineParams, count: int, k: int, sigma: float, rng: np.random.Generator) -> Tiles:
    """Tiles of operands from a normal distribution of mean 0, rounded; those outside of their format are drawn anew.

    ``sigma`` is that of A; B's is as large a part of its range.
    """
    a = normal(params.a, sigma, (count, params.rows, k), rng)
    b = normal(params.b, sigma * params.b.max / params.a.max, (count, k, params.cols), rng)
    initial = random_tiles(params, count, 1, rng).initial
    return Tiles(a, b, initial)


def batches(params: EngineParams, work: Sequence[Tiles], depth: int) -> Iterator[list[Tiles]]:
    """Split work, in order, into batches of which every stream fits into a memory of ``depth`` words."""
    flow = Dataflow(params)
    batch: list[Tiles] = []
    room_in = room_out = depth
    for tiles in work:
        beats_in, beats_out = max(flow.a.beats(tiles.k), flow.b.beats(tiles.k)), flow.c.beats(tiles.k)
        done = 0
        while done < tiles.count:
            fit = min(room_in // beats_in, room_out // beats_out, tiles.count - done)
            if fit == 0:
                if not batch:
                    raise ValueError(f"a tile of K = {tiles.k} does not fit into memories of {depth} words")
                yield batch
                batch, room_in, room_out = [], depth, depth
                continue
            batch.append(tiles[done : done + fit])
            room_in -= fit * beats_in
            room_out -= fit * beats_out
            done += fit
    if batch:
        yield batch


def corner_tiles(params: EngineParams, k: int, rng: np.random.Generator) -> list[Tiles]:
    """Single tiles at the edges of the formats, each of inner size ``k`` (and of K = 1 where that differs).

    All minimum, all maximum, mixtures, alternating extremes, and random operands with rows and columns of zeros.
    """
    a_ends, b_ends = ((form.min, form.max) for form in (params.a, params.b))

    def tile(a: Matrix, b: Matrix, initial: int) -> Tiles:
        shape = (1, params.rows, params.cols)
        start = np.full(shape, initial, dtype=np.int64 if initial < 0 else np.uint64) if params.preload else None
        return Tiles(a[None], b[None], start)

    tiles = []
    for size in sorted({1, k}):
        shape_a, shape_b = (params.rows, size), (size, params.cols)
        for a_end in a_ends:
            for b_end, initial in zip(b_ends, params.result_range, strict=True):
                tiles.append(tile(np.full(shape_a, a_end), np.full(shape_b, b_end), initial))
        odd_a, odd_b = np.indices(shape_a).sum(axis=0) % 2, np.indices(shape_b).sum(axis=0) % 2
        tiles.append(tile(np.where(odd_a, *a_ends), np.where(odd_b, *b_ends), 0))
        sparse = random_tiles(params, 1, size, rng)
        a, b = sparse.a[0].copy(), sparse.b[0].copy()
        a[rng.random(params.rows) < 0.5] = 0
        b[:, rng.random(params.cols) < 0.5] = 0
        tiles.append(Tiles(a[None], b[None], sparse.initial))
    return tiles

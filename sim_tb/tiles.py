"""Tiles of operands: the work of an engine, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gen.stimuli import normal, uniform
from hdl.params import Dataflow, EngineParams, FloatOperand
from sim_tb.golden import Matrix, tile_gemm

__all__ = ["Tiles", "batches", "corner_tiles", "normal_tiles", "random_tiles"]

#: The format of floating-point results, as one of operands.
RESULT = FloatOperand.of("fp32", 8, 23, subnormal=False)


@dataclass(frozen=True)
class Tiles:
    """Tiles of equal inner size K.

    Parameters
    ----------
    a, b : integer arrays of shapes (tiles, M, K) and (tiles, K, N)
        Operands; M is the engine's ``a_rows``, N its columns.
    initial : integer array of shape (tiles, rows, N), optional
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

    @property
    def entering(self) -> Tiles:
        """What enters the engine itself, behind all that stands in front of it."""
        return self

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
        """The results: an array of shape (tiles, rows, N)."""
        return tile_gemm(params, self.a, self.b, self.initial)


def random_tiles(params: EngineParams, count: int, k: int, rng: np.random.Generator) -> Tiles:
    """Tiles of uniformly random operands (and initial values where the engine takes them)."""

    def draw(low: int, high: int, shape: tuple[int, ...]) -> Matrix:
        kind = np.int64 if low < 0 else np.uint64
        return rng.integers(low, high, size=shape, dtype=kind, endpoint=True)

    a = uniform(params.a, (count, params.a_rows, k), rng)
    b = uniform(params.b, (count, k, params.cols), rng)
    shape = (count, params.rows, params.cols)
    initial = None
    if params.preload:
        initial = uniform(RESULT, shape, rng) if params.floating else draw(*params.result_range, shape)
    return Tiles(a, b, initial)


def normal_tiles(params: EngineParams, count: int, k: int, sigma: float, rng: np.random.Generator) -> Tiles:
    """Tiles of operands from a normal distribution of mean 0, rounded; those outside of their format are drawn anew.

    ``sigma`` is that of A; B's is as large a part of its range.
    """
    a = normal(params.a, sigma, (count, params.a_rows, k), rng)
    sigma_b = sigma if params.floating else sigma * params.b.max / params.a.max
    b = normal(params.b, sigma_b, (count, k, params.cols), rng)
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
    if params.floating:
        return _float_corners(params, k, rng)
    a_ends, b_ends = ((form.min, form.max) for form in (params.a, params.b))

    def tile(a: Matrix, b: Matrix, initial: int) -> Tiles:
        shape = (1, params.rows, params.cols)
        start = np.full(shape, initial, dtype=np.int64 if initial < 0 else np.uint64) if params.preload else None
        return Tiles(a[None], b[None], start)

    tiles = []
    for size in sorted({1, k}):
        shape_a, shape_b = (params.a_rows, size), (size, params.cols)
        for a_end in a_ends:
            for b_end, initial in zip(b_ends, params.result_range, strict=True):
                tiles.append(tile(np.full(shape_a, a_end), np.full(shape_b, b_end), initial))
        odd_a, odd_b = np.indices(shape_a).sum(axis=0) % 2, np.indices(shape_b).sum(axis=0) % 2
        tiles.append(tile(np.where(odd_a, *a_ends), np.where(odd_b, *b_ends), 0))
        sparse = random_tiles(params, 1, size, rng)
        a, b = sparse.a[0].copy(), sparse.b[0].copy()
        a[rng.random(params.a_rows) < 0.5] = 0
        b[:, rng.random(params.cols) < 0.5] = 0
        tiles.append(Tiles(a[None], b[None], sparse.initial))
    return tiles


def _float_corners(params: EngineParams, k: int, rng: np.random.Generator) -> list[Tiles]:
    """Single tiles of numbers at the edges of a floating-point format, as :func:`corner_tiles` has integers.

    Zeros of either sign, least and greatest numbers, subnormal ones, infinities and NaN, each with each; sums that
    cancel, and sums that round in every step.
    """

    def corners(form: FloatOperand) -> Matrix:
        one, top = form.one, form.infinity
        found = [0, 1, (1 << form.fraction) - 1, 1 << form.fraction, one - 1, one, one + 1, top - 1, top, top + 1]
        return np.array([*found, *(form.minus | each for each in found)], np.uint64)

    def tile(a: Matrix, b: Matrix, initial: Matrix) -> Tiles:
        return Tiles(a[None], b[None], initial[None] if params.preload else None)

    assert isinstance(params.a, FloatOperand)
    assert isinstance(params.b, FloatOperand)
    tiles = []
    for size in sorted({1, k}):
        shape_a, shape_b, shape_c = (params.a_rows, size), (size, params.cols), (params.rows, params.cols)
        for finite in (False, True):  # one infinity in a sum is all that is left of it
            a, b, c = (corners(form) for form in (params.a, params.b, RESULT))
            if finite:
                a, b, c = (
                    each[(each & ~np.uint64(form.minus)) < form.infinity]
                    for each, form in ((a, params.a), (b, params.b), (c, RESULT))
                )
            tiles.append(tile(rng.choice(a, shape_a), rng.choice(b, shape_b), rng.choice(c, shape_c)))
        # a[k] = -a[k - 1], and b the same twice: sums come back to zero, or to what rounding left of them.
        drawn = random_tiles(params, 1, size, rng)
        a, b = drawn.a[0].copy(), drawn.b[0].copy()
        even = size // 2 * 2
        a[:, 1:even:2] = a[:, :even:2] ^ np.uint64(params.a.minus)
        b[1:even:2] = b[:even:2]
        start = np.zeros(shape_c, np.uint64)
        tiles.append(tile(a, b, start))
        tiles.append(tile(np.full(shape_a, params.a.one), np.full(shape_b, params.b.one), start))
    return tiles

"""Cut matrix products into an engine's tiles, and put the results together again."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from hdl.params import EngineParams
from sim_tb.golden import Matrix
from sim_tb.tiles import Tiles

__all__ = ["Tiling", "splits"]


@dataclass(frozen=True)
class Tiling:
    """A product of an m x k and a k x n matrix, on an engine.

    Edges are padded with zeros. An inner size above the engine's limit is split, and the parts are added in software.

    Parameters
    ----------
    params : EngineParams
        The engine.
    m, k, n : int
        Sizes of the whole product.
    split : int
        A divisor of the engine's ``column_groups``. A tile has so many times the rows of the array, and as small a part
        of its columns: that many parts of the columns work on rows of their own, with the same operands of B.
    """

    params: EngineParams
    m: int
    k: int
    n: int
    split: int = 1

    @classmethod
    def quickest(cls, params: EngineParams, m: int, k: int, n: int) -> Tiling:
        """The one of fewest tiles."""
        return min((cls(params, m, k, n, split) for split in splits(params)), key=lambda each: prod(each.grid))

    @property
    def tile(self) -> tuple[int, int]:
        """Rows and columns of the product that a tile has."""
        return self.params.rows * self.split, self.params.cols // self.split

    @property
    def grid(self) -> tuple[int, int]:
        """Tiles down and across."""
        rows, cols = self.tile
        return -(-self.m // rows), -(-self.n // cols)

    @property
    def spans(self) -> list[slice]:
        """The parts of the inner dimension."""
        step = min(self.k, self.params.k_limit)
        return [slice(start, min(start + step, self.k)) for start in range(0, self.k, step)]

    @property
    def beats(self) -> int:
        """Operand beats of the whole product."""
        down, across = self.grid
        return down * across * self.k

    def cut(self, a: Matrix, b: Matrix, initial: Matrix | None = None) -> list[Tiles]:
        """Cut the operands into tiles, row by row; one :class:`Tiles` for each part of the inner dimension.

        Where the engine takes initial values, those of the first part are the ones given, and others are zero.
        """
        down, across = self.grid
        rows, cols = self.tile
        a_pad = np.zeros((down * rows, self.k), dtype=np.int64)
        a_pad[: self.m] = a
        b_pad = np.zeros((self.k, across * cols), dtype=np.int64)
        b_pad[:, : self.n] = b
        start = np.zeros((down * rows, across * cols), dtype=np.int64)
        if initial is not None:
            start[: self.m, : self.n] = initial
        work = []
        for span in self.spans:
            a_tiles = a_pad[:, span].reshape(down, 1, rows, -1)
            b_tiles = b_pad[span].reshape(-1, across, cols).swapaxes(0, 1)[None]
            size = a_tiles.shape[3]
            a_all = np.broadcast_to(a_tiles, (down, across, rows, size)).reshape(-1, rows, size)
            b_all = np.broadcast_to(b_tiles, (down, across, size, cols)).reshape(-1, size, cols)
            tiles = start.reshape(down, rows, across, cols).swapaxes(1, 2).reshape(-1, rows, cols)
            work.append(self._spread(a_all, b_all, tiles if self.params.preload else None))
            start = np.zeros_like(start)
        return work

    def _spread(self, a: Matrix, b: Matrix, initial: Matrix | None) -> Tiles:
        """Tiles as the engine takes them: rows of A for every group of columns, columns of B for every part."""
        groups = self.params.column_groups // self.split
        if initial is not None:
            initial = initial.reshape(-1, self.params.rows, self.params.cols)
        return Tiles(a.repeat(groups, axis=1), np.tile(b, self.split), initial)

    def join(self, results: list[Matrix]) -> Matrix:
        """Put the tiles of results together: an int64 array of shape (m, n)."""
        down, across = self.grid
        rows, cols = self.tile
        total = np.zeros((down * rows, across * cols), dtype=np.int64)
        for tiles in results:
            total += tiles.astype(np.int64).reshape(down, across, rows, cols).swapaxes(1, 2).reshape(total.shape)
        return total[: self.m, : self.n]


def splits(params: EngineParams) -> list[int]:
    """Ways to split the columns of an engine, none first."""
    return [count for count in range(1, params.column_groups + 1) if params.column_groups % count == 0]

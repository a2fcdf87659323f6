"""Tiles as a workload: random ones, or those that somebody has at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from hdl.params import EngineParams
from sim_tb.tiles import Tiles, normal_tiles, random_tiles
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.workload import Machine, Outputs

__all__ = ["RandomTiles", "TileSet"]


@dataclass(frozen=True)
class TileSet:
    """Tiles; each is compared with the golden model as it comes out.

    Parameters
    ----------
    tiles : Tiles
        Where an engine takes initial values and there are none, they are zero.
    """

    tiles: Tiles
    name: ClassVar = "tiles"
    against: ClassVar = "NumPy"

    @property
    def topology(self) -> Topology:
        """One product, as many times as there are tiles."""
        (count, rows, k), cols = self.tiles.a.shape, self.tiles.b.shape[2]
        return Topology(self.name, (Product("tiles", "MatMul", rows, k, cols, count, weights=False),))

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.topology.macs

    async def run(self, machine: Machine) -> Outputs:
        """Send the tiles back to back."""
        await machine.run(self.fitting(machine.params))
        return {}

    def fitting(self, params: EngineParams) -> Tiles:
        """The tiles with what an engine needs of initial values."""
        if not params.preload or self.tiles.initial is not None:
            return self.tiles
        return replace(self.tiles, initial=np.zeros((self.tiles.count, params.rows, params.cols), np.int64))

    def expected(self) -> Outputs:
        """Nothing more than the golden model of tiles."""
        return {}

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Nothing."""
        return {}

    def save(self, path: Path) -> None:
        """Store the tiles in an ``.npz`` file."""
        self.tiles.save(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        return cls(Tiles.load(path))


class RandomTiles(TileSet):
    """Tiles of random operands, and random initial values where an engine takes them."""

    name: ClassVar = "random"

    @classmethod
    def draw(cls, params: EngineParams, *, tiles: int, k: int, seed: int, sigma: float | None = None) -> Self:
        """Uniform operands, or normal ones of a standard deviation."""
        rng = np.random.default_rng(seed)
        drawn = random_tiles(params, tiles, k, rng) if sigma is None else normal_tiles(params, tiles, k, sigma, rng)
        return cls(drawn)

"""One layer on an engine: the best of all ways to lay it out, and the cycles that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gen.cycles.job import Streak, expected_cycles, ideal_steps
from gen.timing import pes
from hdl.params import EngineParams
from sim_tb.mapping.packing import Packing, packings
from sim_tb.workloads.gemm import Product
from sim_tb.workloads.network import Placement
from sim_tb.workloads.tiling import Tiling, splits

__all__ = ["Layer", "layer"]


@dataclass(frozen=True)
class Layer:
    """A layer as an engine computes it, in one job.

    Parameters
    ----------
    params : EngineParams
    packing : Packing
        Of the layer's product.
    swapped : bool
        Activations enter as B, and weights as A; else the other way round.
    split : int
        Parts of the columns that work on rows of their own, see :class:`sim_tb.workloads.tiling.Tiling`.
    sigma : float or None
        Of the operands, where they decide about the cycles, see :func:`gen.cycles.job.expected_cycles`.
    """

    params: EngineParams
    packing: Packing
    swapped: bool
    split: int
    sigma: float | None

    @property
    def product(self) -> Product:
        """The layer, as the network has it."""
        return self.packing.product

    @property
    def words(self) -> str:
        """What is packed, and into how many parts of the columns, for tables; empty where nothing is."""
        parts = f"{self.split} parts of columns" if self.split > 1 else ""
        return ", ".join(filter(None, (self.packing.words, parts)))

    @property
    def tiling(self) -> Tiling:
        """Tiles of one of the products that are computed."""
        packed = self.packing.packed
        m, n = (packed.n, packed.m) if self.swapped else (packed.m, packed.n)
        return Tiling(self.params, m, packed.k, n, self.split)

    @cached_property
    def streaks(self) -> list[Streak]:
        """Tiles of the same K: their number, and K."""
        down, across = self.tiling.grid
        count = down * across * self.packing.packed.groups
        return [(count, span.stop - span.start) for span in self.tiling.spans]

    @cached_property
    def cycles(self) -> float:
        """Cycles of the job, from its start to its last result: an integer where operands don't decide."""
        return expected_cycles(self.params, self.streaks, self.sigma)

    @cached_property
    def busy(self) -> float:
        """Cycles in which the array works."""
        return sum(count * ideal_steps(self.params, k, self.sigma) for count, k in self.streaks)

    @cached_property
    def bound(self) -> float:
        """No job with these tiles can take fewer cycles: each row of results takes one to leave, too."""
        steps = ((count, ideal_steps(self.params, k, self.sigma)) for count, k in self.streaks)
        return sum(count * max(each, self.params.rows) for count, each in steps)

    @property
    def peak(self) -> float:
        """Multiply-accumulates in a cycle, if all PEs have work."""
        lanes = 1 if self.params.weight_stationary or self.params.axes.has_cells else self.params.k_step
        rows = self.params.rows if self.params.weight_stationary else 1
        return pes(self.params) * lanes * rows / ideal_steps(self.params, self.params.k_step, self.sigma)

    @property
    def utilisation(self) -> float:
        """Share of the peak."""
        return self.product.macs / (self.cycles * self.peak)

    @property
    def possible(self) -> float:
        """The share that sizes and edges of the tiles allow."""
        return self.product.macs / (self.bound * self.peak)


def layer(params: EngineParams, product: Product, sigma: float | None = None, *, pack: bool = True) -> Layer:
    """The quickest way of a layer; of those that take as long, the one that changes least."""
    return min(_ways(params, product, sigma, pack), key=lambda way: way.cycles)


def _ways(params: EngineParams, product: Product, sigma: float | None, pack: bool) -> Iterator[Layer]:
    """Both operands may change places where they have the same format."""
    own = Placement(params).swapped
    for swapped in (own, not own) if params.a == params.b else (own,):
        for split in splits(params) if pack else [1]:
            columns = params.rows * split if swapped else params.cols // split
            for packing in packings(product, columns) if pack else [Packing(product)]:
                yield Layer(params, packing, swapped, split, sigma)

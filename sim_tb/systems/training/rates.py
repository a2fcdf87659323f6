"""Multiply-accumulates a clock of a training step on an engine, from the model of its cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hdl.params import EngineParams
from sim_tb.mapping.layer import layer as mapped
from sim_tb.systems.training.layer import INPUT, PASSES, Layer
from sim_tb.workloads.gemm import Product

__all__ = ["STEP", "Rate", "rates"]

#: All passes together.
STEP = "step"


@dataclass(frozen=True)
class Rate:
    """Products of a network on an engine, each a job of its own.

    Parameters
    ----------
    macs : int
        Multiply-accumulates that the products have.
    cycles : int
        From the begin of each job to its last result.
    bound : float
        The least cycles that tiles of the engine's size allow, those at edges filled up.
    peak : float
        Multiply-accumulates a clock, if all PEs have work.
    """

    macs: int
    cycles: int
    bound: float
    peak: float

    @property
    def macs_per_clock(self) -> float:
        """What is reached."""
        return self.macs / self.cycles

    @property
    def share(self) -> float:
        """Of the peak."""
        return self.macs_per_clock / self.peak

    @property
    def padding(self) -> float:
        """Share of the cycles' multiply-accumulates that fill tiles up, or meet a zero of a packed layer."""
        return (self.bound * self.peak - self.macs) / (self.cycles * self.peak)

    @property
    def waiting(self) -> float:
        """Share that passes while jobs begin and end, and tiles are filled up to a turn of each partial sum."""
        return 1 - self.share - self.padding

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        own = {name: float(getattr(self, name)) for name in ("macs_per_clock", "share", "padding", "waiting")}
        return {"macs": self.macs, "cycles": self.cycles, "peak": self.peak, **own}


def rates(params: EngineParams, layers: tuple[Layer, ...], *, pack: bool = False) -> dict[str, Rate]:
    """The rate of every pass and of the whole step.

    Parameters
    ----------
    pack : bool
        Layers that fill few columns are packed, as in ``bitloom map``: zeros stand between what shares a tile.
    """
    found = {each: _rate(params, list(_products(layers, each)), pack=pack) for each in PASSES}
    whole = list(found.values())
    macs, cycles = sum(each.macs for each in whole), sum(each.cycles for each in whole)
    return {**found, STEP: Rate(macs, cycles, sum(each.bound for each in whole), whole[0].peak)}


def _products(layers: tuple[Layer, ...], which: str) -> Iterator[Product]:
    for layer in layers:
        if not (layer.first and which == INPUT):
            yield from layer.products(which)


def _rate(params: EngineParams, products: list[Product], *, pack: bool) -> Rate:
    ways = [mapped(params, product, pack=pack) for product in products]
    macs, cycles = sum(product.macs for product in products), int(sum(way.cycles for way in ways))
    return Rate(macs, cycles, sum(way.bound for way in ways), ways[0].peak)

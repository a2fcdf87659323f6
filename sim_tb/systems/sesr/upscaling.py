"""A crop of an image through the network on an engine, as a workload: a layer's results are the next one's operands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from hdl.params import ConfigError, EngineParams, Problem
from sim_tb.golden import Matrix
from sim_tb.mapping.layer import Layer
from sim_tb.mapping.packing import packings
from sim_tb.systems.sesr.integer import IntegerNetwork, inputs_of
from sim_tb.systems.sesr.network import names
from sim_tb.systems.sesr.patches import Blocks
from sim_tb.systems.sesr.tail import Tail
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.network import Placement
from sim_tb.workloads.workload import Machine, Outputs

__all__ = ["Upscaling", "check", "way"]


def check(params: EngineParams) -> None:
    """Raise ConfigError with the operands of an engine which can't hold the network's."""
    problems = []
    for key, form in (("a", params.a), ("b", params.b)):
        if params.floating:
            text = f"is {form}, and the network's operands are integers"
        elif form.min > -128 or form.max < 127:
            text = f"is {form}, from {form.min} to {form.max}, and the network's operands are from -128 to 127"
        else:
            continue
        problems.append(Problem(f"engine.{key}", text, "such as s8"))
    if problems:
        raise ConfigError(problems)


def way(params: EngineParams, product: Product, *, pack: bool) -> Layer:
    """How an engine computes a layer: in the blocks of pixels with which it takes the fewest cycles, if it may.

    Activations enter where an engine's formats have them; `bitloom map` would also change places.
    """
    swapped = Placement(params).swapped
    found = [
        Layer(params, packing, swapped, split=1, sigma=None)
        for packing in packings(product, params.rows if swapped else params.cols)
    ]
    return min(found, key=lambda each: each.cycles) if pack else found[0]


@dataclass(frozen=True)
class Upscaling:
    """An image through a quantised network.

    Parameters
    ----------
    network : IntegerNetwork
    pixels : uint8 array of shape (height, width)
    pack : bool
        Layers that fill few columns are computed for blocks of pixels.
    records : list of dict
        What ran, layer by layer: filled by :meth:`run`.
    """

    network: IntegerNetwork
    pixels: Matrix
    pack: bool
    records: list[dict[str, Any]] = field(default_factory=list)
    name: ClassVar = "sesr"
    against: ClassVar = "the golden model"

    @property
    def topology(self) -> Topology:
        """The layers, as the network has them."""
        return self.network.topology(*self.pixels.shape)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the layers, without those with zeros that fill up windows."""
        return self.topology.macs

    async def run(self, machine: Machine) -> Outputs:
        """Compute all layers: products on the engine, tails in software."""
        x = inputs_of(self.pixels)
        results: list[Matrix] = []
        for i, product in enumerate(self.topology):
            machine.say(f"layer {product.name}, {product.m} x {product.k} x {product.n}")
            source = results[-1] if results else x
            packing = way(machine.params, product, pack=self.pack).packing
            blocks = Blocks(self.network.kernels[i], packing.down, packing.across)
            before = machine.counters()
            sums = await machine.multiply(blocks.operands(source), blocks.filters(self.network.weights[i]))
            spent = {key: value - before[key] for key, value in machine.counters().items()}
            maps = blocks.maps(sums, *self.pixels.shape)
            results.append(self.network.tails[i].results(maps, self.network.other(i, x, results)))
            self.records.append(
                {
                    "layer": product.name,
                    "m": product.m,
                    "k": product.k,
                    "n": product.n,
                    "packed": packing.words,
                    "macs": product.macs,
                    "cycles": spent["cycles"],
                    "zeros": round(float((source == 0).mean()), 4),
                }
            )
        return {product.name: maps[0] for product, maps in zip(self.topology, results, strict=True)}

    def expected(self) -> Outputs:
        """Every layer's results by the golden model."""
        found, _ = self.network.golden(self.pixels)
        return dict(zip(names(len(found) - 2), found, strict=True))

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Every layer: sizes, cycles, zeros among its operands, and results that differ."""
        expected = self.expected()
        for record in self.records:
            result = expected[record["layer"]]
            record["results"] = int(result.size)
            record["differ"] = int((outputs[record["layer"]] != result).sum())
        return {"network": {"layers": self.records}}

    def save(self, path: Path) -> None:
        """Store network and image in a file."""
        arrays: dict[str, Any] = {"pixels": self.pixels, "pack": np.array(self.pack)}
        for i, (weights, tail) in enumerate(zip(self.network.weights, self.network.tails, strict=True)):
            arrays |= {f"{i}.weights": weights} | {f"{i}.{key}": value for key, value in vars(tail).items()}
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            count = sum(name.endswith(".weights") for name in data.files)
            weights = tuple(data[f"{i}.weights"] for i in range(count))
            parts = [{key: data[f"{i}.{key}"] for key in ("mult", "shift", "plus", "relu")} for i in range(count)]
            tails = tuple(Tail(**{**part, "relu": bool(part["relu"])}) for part in parts)
            return cls(IntegerNetwork(weights, tails), data["pixels"], bool(data["pack"]))

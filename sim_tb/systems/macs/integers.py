"""The adapter in integers, as a workload: its products run on the engine, what stands between them on the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.systems.macs.adapter import Adapter, Floats
from sim_tb.systems.macs.fixed import TOP, UNIT, gelu_table, layer_norm, looked_up, requantise
from sim_tb.systems.macs.sources import quantised
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.workload import Machine, Multiply, Outputs, at_once, multiply_numpy

__all__ = ["IntegerAdapter"]


@dataclass(frozen=True)
class IntegerAdapter:
    """Weights and activations of eight bits, sums of 32.

    Parameters
    ----------
    arrays : mapping of str to integer array
        ``embeddings`` (rows, embedding) with positions, ``mixture`` (embedding, 1), ``sources`` (SOURCES, embedding),
        ``w1``, ``b1``, ``w2``, ``b2``, ``table`` (256), ``factor`` (), and the heads: ``k320``, ``v320`` and so on.
    """

    arrays: Mapping[str, Matrix]
    _cycles: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    name: ClassVar = "macs"
    against: ClassVar = "NumPy"

    @classmethod
    def of(cls, adapter: Adapter, sources: Floats, mixture: Floats, calibration: Floats) -> IntegerAdapter:
        """Quantise an adapter.

        Parameters
        ----------
        sources : array of shape (sets, SOURCES, embedding)
            What it computes.
        mixture : array of shape (sets, embedding)
            Those of the sources; the first one's is multiplied.
        calibration : array of shape (sets, SOURCES, embedding)
            Others, of which ranges are taken.
        """
        inputs = sources + adapter.position
        seen = adapter.hidden(calibration)
        hidden, result = float(np.abs(seen).max()) / TOP, float(seen.max()) / TOP
        scale1, scale2 = (float(np.abs(each).max()) / TOP for each in (adapter.w1, adapter.w2))
        top = float(np.abs(sources).max())
        arrays = {
            "embeddings": quantised(inputs, float(np.abs(inputs).max())).reshape(-1, inputs.shape[-1]),
            "sources": quantised(sources, top)[0],
            "mixture": quantised(mixture, float(np.abs(mixture).max()))[:1].T,
            "w1": np.rint(adapter.w1 / scale1),
            "b1": np.rint(adapter.b1 * UNIT / scale1),
            "factor": np.rint(scale1 / UNIT / hidden * (1 << 24)),
            "table": gelu_table(hidden, result),
            "w2": np.rint(adapter.w2 / scale2),
            "b2": np.rint(adapter.b2 / (scale2 * result)),
        }
        for (width, _), pair in zip(adapter.sizes.heads, adapter.heads, strict=True):
            for letter, weights in zip("kv", pair, strict=True):
                arrays[f"{letter}{width}"] = np.rint(weights / np.abs(weights).max() * TOP)
        return cls({key: np.asarray(value, np.int64) for key, value in arrays.items()})

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the projections to keys and values."""
        return tuple(key for key in self.arrays if key[0] in "kv")

    @property
    def topology(self) -> Topology:
        """All products."""
        shapes = {"fc1": ("embeddings", "w1"), "fc2": ("", "w2"), **{key: ("", key) for key in self.heads}}
        rows = len(self.arrays["embeddings"])
        products = [Product(name, "Gemm", rows, *self.arrays[key].shape) for name, (_, key) in shapes.items()]
        count, width = self.arrays["sources"].shape
        products += [Product("ranks", "MatMul", count, width, 1), Product("similarity", "MatMul", count, width, count)]
        return Topology(self.name, tuple(products))

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.topology.macs

    async def compute(self, multiply: Multiply) -> Outputs:
        """Results of every product by its name, and ``tokens``, in 1 / 32."""
        found: dict[str, Matrix] = {}
        arrays = self.arrays

        async def product(name: str, activations: Matrix, weights: Matrix, bias: Matrix | None = None) -> Matrix:
            start = None if bias is None else np.broadcast_to(bias, (len(activations), len(bias)))
            found[name] = await multiply(activations, weights, start)
            return found[name]

        sums = await product("fc1", layer_norm(arrays["embeddings"]), arrays["w1"], arrays["b1"])
        hidden = looked_up(arrays["table"], requantise(sums, int(arrays["factor"])))
        found["tokens"] = layer_norm(await product("fc2", hidden, arrays["w2"], arrays["b2"]))
        for name in self.heads:
            await product(name, found["tokens"], arrays[name])
        await product("ranks", arrays["sources"], arrays["mixture"])
        await product("similarity", arrays["sources"], arrays["sources"].T)
        return found

    async def run(self, machine: Machine) -> Outputs:
        """Compute it on an engine."""
        names = iter(product.name for product in self.topology)

        async def counted(a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
            before = machine.counters()["cycles"]
            result = await machine.multiply(a, b, initial)
            name = next(names)
            self._cycles[name] = machine.counters()["cycles"] - before
            machine.say(f"{name}: {self._cycles[name]:,} cycles")
            return result

        return await self.compute(counted)

    def expected(self) -> Outputs:
        """The same with products by NumPy."""
        return at_once(self.compute(multiply_numpy))

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Cycles of every product."""
        return {"measured": {"cycles": self._cycles}}

    def save(self, path: Path) -> None:
        """Store it in an ``.npz`` file."""
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **self.arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            return cls(dict(data.items()))

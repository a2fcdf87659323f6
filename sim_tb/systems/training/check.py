"""The passes of single layers as a workload: random numbers, every product on an engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from hdl.params import EngineParams, FloatOperand
from sim_tb.golden.float import bits
from sim_tb.mapping.layer import Layer as Mapped
from sim_tb.mapping.packing import Packing
from sim_tb.systems.training.layer import FORWARD, INPUT, PASSES, WEIGHTS, Layer
from sim_tb.systems.training.passes import Floats, Times, forward, gradient_of_input, gradient_of_weights, rounding
from sim_tb.workloads.gemm import Topology
from sim_tb.workloads.workload import Machine, Outputs, at_once, numpy_multiplier

__all__ = ["LAYERS", "Passes"]

#: One of each kind: a convolution, one with a stride, one of each channel alone, a pointwise and a linear one.
LAYERS = (
    Layer.same("3x3", (6, 6), 3, 5, 3),
    Layer.same("3x3, stride 2", (7, 7), 4, 3, 3, 2),
    Layer.same("depthwise", (5, 5), 4, 4, 3, groups=4),
    Layer.same("pointwise", (4, 4), 8, 6, 1),
    Layer.linear("linear", 20, 10, batch=3),
)


@dataclass(frozen=True)
class Passes:
    """Forward products and both gradients of :data:`LAYERS`.

    Parameters
    ----------
    engine : EngineParams
    seed : int
        Of inputs, weights and gradients, which are normal.
    records : list of dict
        Every pass: sizes of its products, cycles of the hardware and by the model; filled by :meth:`run`.
    """

    engine: EngineParams
    seed: int = 1
    records: list[dict[str, Any]] = field(default_factory=list)
    name: ClassVar = "training-passes"
    against: ClassVar = "the golden model"

    @property
    def topology(self) -> Topology:
        """All products."""
        return Topology(self.name, tuple(each for layer in LAYERS for each in layer.products()))

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.topology.macs

    async def run(self, machine: Machine) -> Outputs:
        """All passes on an engine."""

        def spent(layer: Layer, which: str, found: Floats, cycles: int) -> None:
            products = layer.products(which)
            modelled = sum(
                Mapped(machine.params, Packing(each), swapped=False, split=1, sigma=None).cycles for each in products
            )
            sizes = [{key: getattr(each, key) for key in ("m", "k", "n", "groups")} for each in products]
            record = {"layer": layer.name, "pass": which, "products": sizes, "results": found.size}
            macs = sum(each.macs for each in products)
            self.records.append({**record, "macs": macs, "cycles": cycles, "model": int(modelled)})

        return await self._all(rounding(self._form, machine.multiply), lambda: machine.counters()["cycles"], spent)

    def expected(self) -> Outputs:
        """The same by the golden model."""
        times = rounding(self._form, numpy_multiplier(self.engine))
        return at_once(self._all(times, lambda: 0, lambda *each: None))

    @property
    def _form(self) -> FloatOperand:
        assert isinstance(self.engine.a, FloatOperand)
        return self.engine.a

    async def _all(
        self, times: Times, cycles: Callable[[], int], spent: Callable[[Layer, str, Floats, int], None]
    ) -> Outputs:
        rng = np.random.default_rng(self.seed)
        outputs = {}
        for layer in LAYERS:
            shapes = layer.input_shape, layer.weight_shape, layer.output_shape
            x, w, dy = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
            passes = {
                FORWARD: partial(forward, layer, times, x, w),
                WEIGHTS: partial(gradient_of_weights, layer, times, x, dy),
                INPUT: partial(gradient_of_input, layer, times, dy, w),
            }
            for which in PASSES:
                before = cycles()
                found = await passes[which]()
                spent(layer, which, found, cycles() - before)
                outputs[f"{layer.name} {which}"] = bits(found).astype(np.int64)
        return outputs

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Every pass."""
        return {"network": {"passes": self.records}}

    def save(self, path: Path) -> None:
        """Store engine and seed in a file."""
        path.write_text(json.dumps({"engine": self.engine.to_dict(), "seed": self.seed}), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        words = json.loads(path.read_text(encoding="utf-8"))
        return cls(EngineParams.from_dict(words["engine"]), words["seed"])

"""The layers of a quantised network as a workload."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from hdl.params import ConfigError, OperandFormat, Problem
from sim_tb.golden import Matrix
from sim_tb.workloads.gemm import Topology
from sim_tb.workloads.network import Placement
from sim_tb.workloads.quantised.integer import IntegerLayer
from sim_tb.workloads.workload import Machine, Outputs

__all__ = ["Inference", "misfits"]


@dataclass(frozen=True)
class Inference:
    """Layers in integers, each computed from the operands that it has in the network.

    Parameters
    ----------
    layers : tuple of IntegerLayer
        At least one.
    against : str
        Whose results they have.
    about : dict
        What ``sim.json`` says of the network beside its layers.
    records : list of dict
        What ran, layer by layer: filled by :meth:`run`.
    """

    layers: tuple[IntegerLayer, ...]
    against: str = "ONNX Runtime"
    about: dict[str, Any] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    name: ClassVar = "network"

    @property
    def topology(self) -> Topology:
        """The whole layers."""
        return Topology(self.name, tuple(layer.product for layer in self.layers))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of what is computed."""
        return sum(layer.macs for layer in self.layers)

    async def run(self, machine: Machine) -> Outputs:
        """Compute all layers: the products on the engine, corrections of zero points and requantisation after it."""
        outputs = {}
        for number, layer in enumerate(self.layers, start=1):
            name = layer.product.name
            machine.say(f"layer {number} of {len(self.layers)}, {name}")
            before = machine.counters()
            sums = await _sums(machine, layer)
            outputs[name] = layer.results(sums)
            spent = {key: value - before[key] for key, value in machine.counters().items()}
            wrong = int((outputs[name] != layer.expected).sum())
            self.records.append(_record(layer, spent, wrong, preloaded=machine.preloaded))
        return outputs

    def expected(self) -> Outputs:
        """The results that came with the layers."""
        return {layer.product.name: layer.expected for layer in self.layers}

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Every layer: its sizes, what was computed of it, cycles, and results that differ."""
        return {"network": {**self.about, "layers": self.records}}

    def save(self, path: Path) -> None:
        """Store the layers in a folder."""
        path.mkdir()
        for number, layer in enumerate(self.layers):
            layer.save(path / f"{number:05}.npz")
        words = {"against": self.against, "about": self.about}
        (path / "words.json").write_text(json.dumps(words), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        layers = tuple(IntegerLayer.load(file) for file in sorted(path.glob("*.npz")))
        return cls(layers, **json.loads((path / "words.json").read_text(encoding="utf-8")))


def misfits(layers: Iterable[IntegerLayer], place: Placement) -> list[Problem]:
    """Layers whose operands an engine's formats can't hold, even moved to where the format is."""
    problems = []
    for layer in layers:
        for what, values, form, offset in _operands(layer, place):
            if _shift(values, form, offset) is None:
                text = (
                    f"its {what} range from {values.min()} to {values.max()}, and operands of the engine "
                    f"from {form.min} to {form.max}"
                )
                problems.append(Problem(layer.product.name, text))
    return problems


def _operands(layer: IntegerLayer, place: Placement) -> list[tuple[str, Matrix, OperandFormat, int]]:
    """Words, integers, format, and what the engine adds to them."""
    return [
        ("activations", layer.activations, place.activation, 0),
        ("weights", layer.weights, place.weight, place.offset),
    ]


def _shift(values: Matrix, form: OperandFormat, offset: int) -> int | None:
    """What is taken off of operands so that they fit into a format: nothing, where they do; None, where none fits."""
    low, high = int(values.min()), int(values.max())
    least, most = form.min - offset, form.max - offset
    if least <= low and high <= most:
        return 0
    return low - least if high - low <= most - least else None


async def _sums(machine: Machine, layer: IntegerLayer) -> Matrix:
    """The layer's sums.

    Operands are moved by whole numbers into the engine's formats. With x the operand that enters the engine and d what
    it lacks to (integer - zero point), a sum is that of (xa + da) (xw + dw) = xa xw + da xw + dw xa + da dw. What
    depends on the column alone, and the bias, is the engine's initial value; what is left belongs to a row, and is zero
    where weights are symmetric.
    """
    place = Placement(machine.params)
    moved: list[Matrix] = []
    missing: list[Matrix] = []
    zeros = (np.asarray(layer.zero_activation), layer.zero_weight)
    for (_, values, form, offset), zero in zip(_operands(layer, place), zeros, strict=True):
        shift = _shift(values, form, offset)
        if shift is None:
            raise ConfigError(misfits([layer], place))
        moved.append(values.astype(np.int64) - shift)
        missing.append(np.asarray(shift) - zero)
    (a, w), (da, dw) = moved, missing
    columns = da * w.sum(axis=1, keepdims=True) + a.shape[2] * da * dw + layer.bias
    rows: Matrix = dw * a.sum(axis=2, keepdims=True)
    return await machine.multiply(a, w, columns) + rows


def _record(layer: IntegerLayer, spent: dict[str, int], wrong: int, *, preloaded: bool) -> dict[str, Any]:
    """A layer in ``sim.json``."""
    product = layer.product
    groups, m, k = layer.activations.shape
    return {
        "name": product.name,
        "kind": product.kind,
        **{key: getattr(product, key) for key in ("m", "k", "n", "groups")},
        "computed": {"m": m, "k": k, "n": layer.weights.shape[2], "groups": groups},
        "cropped": layer.cropped,
        "macs": layer.macs,
        "cycles": spent["cycles"],
        "utilization": round(layer.macs / max(spent["macs"], 1) * spent["active"] / max(spent["cycles"], 1), 6),
        "elements_checked": int(layer.expected.size),
        "mismatches": wrong,
        "corrections": "initial values" if preloaded else "software",
    }

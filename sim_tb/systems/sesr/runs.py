"""The network on the RTL of engines: every layer's results compared, cycles counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gen.emit.verilog import emit
from gen.nest.encoders import encode
from gen.timing import pes
from hdl.params import Dataflow, EngineParams, OperandFormat
from hdl.params.title import Title
from sim_tb.golden import Matrix
from sim_tb.mapping.layer import Layer
from sim_tb.run import run_workload
from sim_tb.systems.sesr.integer import IntegerNetwork, inputs_of
from sim_tb.systems.sesr.upscaling import Upscaling, way
from sim_tb.workloads.gemm import Product, Topology

__all__ = ["Run", "digits", "run"]

#: Words of a memory of the harness: a layer that needs more is cut into several jobs.
MOST_WORDS = 1 << 20


@dataclass(frozen=True)
class Run:
    """What a crop took on an engine.

    Parameters
    ----------
    params : EngineParams
    pack : bool
        Layers may be packed.
    layers : list of dict
        Of each: sizes, ``steps`` of K in all tiles, ``cycles``, those that are ``modelled`` (None where operands
        decide), ``macs``, ``zeros`` among the operands, ``results`` and how many ``differ``.
    passed : bool
        Nothing differs from the golden models of network and tiles, and no rule of the streams was broken.
    """

    params: EngineParams
    pack: bool
    layers: list[dict[str, Any]]
    passed: bool

    @property
    def title(self) -> str:
        """The engine, in words."""
        return str(Title(self.params))

    @property
    def pace(self) -> str:
        """The share of the peak, or, where there is none, multiply-accumulates of a PE."""
        share = self.share()
        return f"{share:.2f} MAC a PE and cycle" if self.params.data_dependent else f"{share:.1%} of the peak"

    @property
    def cycles(self) -> int:
        """Of all layers."""
        return sum(layer["cycles"] for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the network; zeros that fill up windows are none."""
        return sum(layer["macs"] for layer in self.layers)

    @property
    def results(self) -> tuple[int, int]:
        """Results that were compared, and how many differ."""
        return sum(layer["results"] for layer in self.layers), sum(layer["differ"] for layer in self.layers)

    @property
    def unit(self) -> float:
        """Multiply-accumulates in a cycle at the peak; one a PE, where digits decide and there is no peak."""
        if self.params.data_dependent:
            return float(pes(self.params))
        return way(self.params, Product("any", "MatMul", 1, 1, 1), pack=False).peak

    def share(self, layer: Mapping[str, Any] | None = None) -> float:
        """Multiply-accumulates in a cycle of a layer, or of all, over :attr:`unit`."""
        macs, cycles = (self.macs, self.cycles) if layer is None else (layer["macs"], layer["cycles"])
        return float(macs / cycles / self.unit)

    def slots(self, layer: Mapping[str, Any]) -> float:
        """Cycles that a lane spends on an operand of a layer: one, where digits decide about nothing."""
        params = self.params
        lanes = params.cols * params.depth if params.weight_stationary else params.rows * params.cols * params.k_step
        return float(layer["cycles"] * lanes / (layer["steps"] * params.rows * params.cols))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        results, differ = self.results
        return {
            "engine": self.title,
            "packed": self.pack,
            "unit": self.unit,
            "peak": not self.params.data_dependent,
            "cycles": self.cycles,
            "macs": self.macs,
            "share": round(self.share(), 4),
            "results": results,
            "differ": differ,
            "passed": self.passed,
            "layers": [
                {**layer, "share": round(self.share(layer), 4), "slots": round(self.slots(layer), 3)}
                for layer in self.layers
            ],
        }


def run(
    params: EngineParams, integers: IntegerNetwork, pixels: Matrix, *, pack: bool, say: Callable[[str], None]
) -> Run:
    """Compute a crop on an engine's Verilog. Every layer is one job, up to :data:`MOST_WORDS` beats.

    Raises
    ------
    ToolError
        Where Verilator or a compiler is missing.
    """
    work = Upscaling(integers, pixels, pack)
    depth = _depth(params, work.topology)
    answer = run_workload(params, emit(params), workload=work, depth=depth, say=say)
    ways = [way(params, product, pack=pack) for product in work.topology]
    found = answer["network"]["layers"]
    layers = [{**each, **_model(own)} for each, own in zip(found, ways, strict=True)]
    return Run(params, pack, layers, answer["passed"])


def _model(own: Layer) -> dict[str, Any]:
    """Steps of K of all tiles of a layer, and what the model says of its cycles, where operands don't decide."""
    cycles = None if own.params.data_dependent else int(own.cycles)
    return {"steps": sum(count * k for count, k in own.streaks), "modelled": cycles}


def _depth(params: EngineParams, topology: Topology) -> int:
    """Words of the harness' memories that hold the operands and the results of any layer, packed or not."""
    flow = Dataflow(params)

    def beats(each: Layer) -> int:
        ins = sum(count * max(flow.a.beats(k), flow.b.beats(k)) for count, k in each.streaks)
        outs = sum(count * flow.c.beats(k) for count, k in each.streaks)
        return max(ins, outs)

    most = max(beats(way(params, product, pack=pack)) for product in topology for pack in (False, True))
    return min(1 << (most - 1).bit_length(), MOST_WORDS)


def digits(integers: IntegerNetwork, pixels: Matrix, encoder: str) -> list[float]:
    """Mean digits that are not zero of an operand of 8 bits of each layer, in an encoder."""
    sources = [inputs_of(pixels)[0], *integers.golden(pixels)[0][:-1]]
    form = OperandFormat(8, signed=True)
    return [float((encode(maps, encoder, form) != 0).sum(axis=-1).mean()) for maps in sources]

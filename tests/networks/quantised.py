"""Quantised graphs of every kind, and a machine of software that runs them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import ModelProto

from hdl.params import EngineParams
from sim_tb.golden import Matrix
from sim_tb.tiles import Tiles
from sim_tb.workloads.network import Placement
from sim_tb.workloads.workload import multiply_numpy
from tests.networks.graphs import model, node

RNG = np.random.default_rng(3)
F = np.float32


def numbers(kind: type, *shape: int) -> Matrix:
    limits = np.iinfo(kind)
    return RNG.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


def scales(count: int) -> Matrix:
    return RNG.uniform(0.001, 0.004, count).astype(F)


def qlinear_conv(kind: type = np.uint8) -> ModelProto:
    """Groups, stride, padding, a zero point, scales of channels, a bias; then a depthwise one of other bytes."""
    weights = {
        "xs": F(0.02), "xz": kind(7), "w": numbers(np.int8, 6, 2, 3, 3), "ws": scales(6), "wz": np.zeros(6, np.int8),
        "ys": F(0.05), "yz": kind(100), "b": RNG.integers(-4000, 4000, 6, dtype=np.int32),
        "v": numbers(np.int8, 6, 1, 3, 3), "vs": F(0.003), "vz": np.int8(0), "zs": F(0.1), "zz": kind(3),
    }  # fmt: skip
    nodes = [
        node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], ["y"], name="grouped", group=2,
             strides=[2, 1], pads=[1, 2, 0, 1]),
        node("QLinearConv", ["y", "ys", "yz", "v", "vs", "vz", "zs", "zz"], ["z"], name="depthwise", group=6,
             pads=[1, 1, 1, 1]),
    ]  # fmt: skip
    return model(nodes, {"x": (kind, [2, 4, 7, 6])}, {"z": (kind, 4)}, weights)


def qlinear_matmul() -> ModelProto:
    """Zero points on both sides; results that saturate, and lie half-way between two integers."""
    weights = {
        "as": F(0.5), "az": np.uint8(9), "w": RNG.integers(127, 136, (20, 9), np.uint8), "ws": F(0.25),
        "wz": np.uint8(131), "ys": F(1), "yz": np.uint8(120),
    }  # fmt: skip
    nodes = [node("QLinearMatMul", ["x", "as", "az", "w", "ws", "wz", "ys", "yz"], ["y"], name="ties")]
    return model(nodes, {"x": (np.uint8, [3, 5, 20])}, {"y": (np.uint8, 3)}, weights)


def integers() -> ModelProto:
    """Sums as they are; a product of two activations, and a quantiser that measures its input."""
    weights = {"w": numbers(np.int8, 12, 7), "v": numbers(np.uint8, 5, 2, 2, 2), "vz": np.uint8(120), "xz": np.uint8(3)}
    nodes = [
        node("DynamicQuantizeLinear", ["f"], ["q", "qs", "qz"]),
        node("MatMulInteger", ["q", "w", "qz"], ["a"], name="measured"),
        node("ConvInteger", ["x", "v", "xz", "vz"], ["b"], name="conv", dilations=[2, 1]),
        node("MatMulInteger", ["s", "t"], ["c"], name="heads"),
    ]
    inputs = {
        "f": (F, [4, 12]), "x": (np.uint8, [1, 2, 6, 5]), "s": (np.uint8, [2, 3, 6]), "t": (np.int8, [2, 6, 4])
    }  # fmt: skip
    outputs = {"a": (np.int32, 2), "b": (np.int32, 4), "c": (np.int32, 3)}
    return model(nodes, inputs, outputs, weights)


def between_floats() -> ModelProto:
    """Convolution with a ReLU, Gemm with its bias, and a product whose result stays a float."""
    weights = {
        "s": F(0.03), "z": np.uint8(10), "w": numbers(np.int8, 4, 3, 3, 3), "ws": scales(4), "wz": np.zeros(4, np.int8),
        "b": RNG.integers(-900, 900, 4, dtype=np.int32), "bs": (scales(4) * 0 + F(0.03) * 1),
        "ys": F(0.07), "yz": np.uint8(50), "flat": np.array([1, -1], np.int64),
        "g": numbers(np.int8, 6, 100), "gs": F(0.002), "gz": np.int8(0), "h": numbers(np.int8, 6, 3),
    }  # fmt: skip
    weights["bs"] = weights["s"] * weights["ws"]
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=0),
        node("DequantizeLinear", ["b", "bs"], ["bd"], axis=0),
        node("Conv", ["d", "wd", "bd"], ["c"], name="conv"),
        node("Relu", ["c"], ["r"]),
        node("QuantizeLinear", ["r", "ys", "yz"], ["rq"]),
        node("DequantizeLinear", ["rq", "ys", "yz"], ["rd"]),
        node("Reshape", ["rd", "flat"], ["e"]),
        node("QuantizeLinear", ["e", "ys", "yz"], ["eq"]),
        node("DequantizeLinear", ["eq", "ys", "yz"], ["ed"]),
        node("DequantizeLinear", ["g", "gs", "gz"], ["gd"]),
        node("Gemm", ["ed", "gd"], ["i"], name="gemm", transB=1),
        node("QuantizeLinear", ["i", "s", "z"], ["iq"]),
        node("DequantizeLinear", ["iq", "s", "z"], ["id"]),
        node("DequantizeLinear", ["h", "gs", "gz"], ["hd"]),
        node("MatMul", ["id", "hd"], ["y"], name="last"),
    ]
    return model(nodes, {"x": (F, [1, 3, 7, 7])}, {"y": (F, 2)}, weights)


GRAPHS: dict[str, Callable[[], ModelProto]] = {
    "qlinear_conv": qlinear_conv,
    "qlinear_conv_signed": lambda: qlinear_conv(np.int8),
    "qlinear_matmul": qlinear_matmul,
    "integers": integers,
    "between_floats": between_floats,
}


class Software:
    """A machine which checks that operands fit an engine, and computes without one."""

    def __init__(self, **engine: object) -> None:
        self.params = EngineParams.from_dict(engine)
        self.preloaded = False
        self.macs = 0

    def counters(self) -> dict[str, int]:
        return {"cycles": self.macs, "active": self.macs, "macs": self.macs}

    def say(self, text: str) -> None:
        pass

    async def run(self, work: Tiles) -> Matrix:
        return work.golden(self.params)

    async def multiply(self, activations: Matrix, weights: Matrix, initial: Matrix | None = None, /) -> Matrix:
        place = Placement(self.params)
        stored = weights + place.offset
        assert place.activation.min <= activations.min() <= activations.max() <= place.activation.max
        assert place.weight.min <= stored.min() <= stored.max() <= place.weight.max
        self.macs += activations.size * weights.shape[-1]
        return await multiply_numpy(activations, weights, initial)

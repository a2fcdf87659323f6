"""Layers in integers out of a quantised ONNX graph, with operands and results of a run in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.workloads.gemm import Convolution, Product
from sim_tb.workloads.quantised.integer import Crop, IntegerLayer
from sim_tb.workloads.quantised.nodes import IntegerNode, NoInteger
from sim_tb.workloads.quantised.sums import runtime_sums
from sim_tb.workloads.readers.graph import Graph
from sim_tb.workloads.readers.operators import attributes, transposed

__all__ = ["layers"]

BYTES = (np.dtype(np.int8), np.dtype(np.uint8))


def layers(
    graph: Graph, nodes: Sequence[tuple[Product, IntegerNode]], inputs: Mapping[str, Matrix], crop: Crop
) -> tuple[list[IntegerLayer], dict[str, str]]:
    """Layers as they are computed when the network runs on some inputs, and why others can't be on an engine.

    Raises
    ------
    ConfigError
        Where ONNX Runtime refuses the network or its inputs.
    """
    wanted = dict.fromkeys(name for _, node in nodes for name in node.names)
    known = {name: value for name in wanted if (value := graph.value(name)) is not None}
    known |= {name: inputs[name] for name in wanted if name in inputs}
    known |= graph.run(inputs, [name for name in wanted if name not in known])
    found, reasons = [], {}
    for product, node in nodes:
        try:
            found.append(_layer(graph, product, node, known, crop))
        except NoInteger as reason:
            reasons[product.name] = str(reason)
    return found, reasons


def _layer(graph: Graph, product: Product, node: IntegerNode, known: Mapping[str, Matrix], crop: Crop) -> IntegerLayer:
    """A layer, cropped."""
    a, b = known[node.a], known[node.b]
    if a.dtype not in BYTES or b.dtype not in BYTES:
        raise NoInteger(f"its operands are {a.dtype} and {b.dtype}, not bytes")
    zero = _scalar(known, node.a_zero, 0, "zero point")
    first = np.zeros(1, np.int64)
    rows, columns, groups = crop.of(product.m), crop.of(product.n), crop.of(product.groups)

    def vector(name: str, default: float) -> Matrix:
        """A value for each column, of shape (groups, 1, n)."""
        value = np.asarray(known[name] if name else [default])
        size = product.groups * product.n
        if value.size not in (1, product.n, size):
            raise NoInteger(f"{name} has {value.size} values for {size} columns")
        if value.size in (1, product.n):
            value = np.broadcast_to(value.reshape(1, 1, -1), (product.groups, 1, product.n))
        found: Matrix = value.reshape(product.groups, 1, product.n)[np.ix_(groups, first, columns)]
        return found

    zero_weight = vector(node.b_zero, 0).astype(np.int64)
    values = attributes(node.node)
    conv = product.conv
    if conv is not None:
        x = a.reshape(*a.shape[:2], conv.height, conv.width)
        filters = b.reshape(product.groups, product.n, -1).transpose(0, 2, 1)
        activations = _patches(x, conv, product.groups, zero, groups, rows)
    else:
        left, right = _matrices(product, values, a, b)
        activations, filters = left[np.ix_(groups, rows)], right
    weights = filters[np.ix_(groups, np.arange(product.k), columns)]
    scale, bias, low, high, zero_result = None, np.zeros(zero_weight.shape, np.int64), -(1 << 31), (1 << 31) - 1, 0
    if node.y_scale:
        y = known[node.y]
        if y.dtype not in BYTES:
            raise NoInteger(f"its results are {y.dtype}, not bytes")
        low, high = np.iinfo(y.dtype).min, np.iinfo(y.dtype).max
        zero_result = _scalar(known, node.y_zero, 0, "zero point")
        low = max(low, zero_result) if node.relu else low
        scale = np.float32(values.get("alpha", 1)) * _scale(known, node.a_scale) * vector(node.b_scale, 1)
        scale = scale / _scale(known, node.y_scale)
        bias = vector(node.bias, 0).astype(np.int64)
    else:
        y = known[node.y] if node.y else runtime_sums(graph, product, node.node, a, b, zero, known.get(node.b_zero))
    return IntegerLayer(
        product=product,
        activations=activations,
        weights=weights,
        zero_activation=zero,
        zero_weight=zero_weight,
        bias=bias,
        scale=scale,
        zero_result=zero_result,
        low=low,
        high=high,
        expected=_results(product, y)[np.ix_(groups, rows, columns)],
    )


def _scalar(known: Mapping[str, Matrix], name: str, default: int, what: str) -> int:
    value = np.asarray(known[name] if name else default)
    if value.size != 1:
        raise NoInteger(f"its {what} {name} has {value.size} values")
    return int(value.reshape(()))


def _scale(known: Mapping[str, Matrix], name: str) -> np.float32:
    value = known[name]
    if value.size != 1 or value.dtype != np.float32:
        raise NoInteger(f"its scale {name} is {value.dtype} of {value.size} values")
    return np.float32(value.reshape(()))


def _matrices(product: Product, values: Mapping[str, object], a: Matrix, b: Matrix) -> tuple[Matrix, Matrix]:
    """Operands of shapes (groups, m, k) and (groups, k, n)."""
    a, b = transposed(values, a, b)
    a, b = a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
    size = (product.groups, product.m, product.k), (product.groups, product.k, product.n)
    if b.ndim == 2:
        a, b = a.reshape(1, -1, a.shape[-1]), b[None]
    else:
        ahead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = (np.broadcast_to(each, ahead + each.shape[-2:]).reshape(-1, *each.shape[-2:]) for each in (a, b))
    if (a.shape, b.shape) != size:
        raise NoInteger("its weights are the first operand")
    return a, b


def _patches(x: Matrix, conv: Convolution, count: int, zero: int, groups: Matrix, rows: Matrix) -> Matrix:
    """Patches of maps of shape (batch, channels, height, width), of some groups and pixels: (groups, m, k).

    What lies outside of a map is zero, and so has the integer that stands for it.
    """
    top, left, bottom, right = conv.padding
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=zero)
    height, width = conv.output
    image, pixel = np.divmod(rows, height * width)
    down, across = np.divmod(pixel, width)
    channels = np.arange(conv.channels).reshape(count, -1, 1, 1)[groups][:, None]
    i = np.arange(conv.kernel[0])[:, None] * conv.dilation[0] + (down * conv.stride[0])[:, None, None, None]
    j = np.arange(conv.kernel[1])[None, :] * conv.dilation[1] + (across * conv.stride[1])[:, None, None, None]
    found: Matrix = padded[image[:, None, None, None], channels, i, j]
    return found.reshape(len(groups), len(rows), -1)


def _results(product: Product, y: Matrix) -> Matrix:
    """Results of shape (groups, m, n)."""
    if product.conv is None:
        return y.reshape(product.groups, product.m, product.n)
    y = y.reshape(len(y), product.groups, product.n, -1)
    return y.transpose(1, 0, 3, 2).reshape(product.groups, product.m, product.n)

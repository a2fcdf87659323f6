"""Operators of ONNX that are matrix products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from hdl.params import ConfigError, Problem
from sim_tb.workloads.gemm import Convolution, Product

__all__ = ["OTHER_PRODUCTS", "PRODUCTS", "Operator", "attributes", "convolution", "node_name", "transposed"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operator:
    """An operator that multiplies matrices.

    Parameters
    ----------
    a, b : int
        Which inputs are multiplied.
    product : callable
        ``product(name, attributes, a's shape, b's shape, a is constant, b is constant)`` gives the product.
    """

    a: int
    b: int
    product: Callable[[str, Mapping[str, Any], Shape, Shape, bool, bool], Product]


def node_name(node: Any) -> str:
    """What to call a node: its name, or, where it has none, that of its result."""
    return str(node.name or node.output[0])


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes: numbers, texts, and lists of them."""
    found = {}
    for each in node.attribute:
        found[each.name] = {1: each.f, 2: each.i, 3: each.s.decode(errors="replace"), 7: list(each.ints)}.get(each.type)
    return found


def transposed(values: Mapping[str, Any], a: Any, b: Any) -> tuple[Any, Any]:
    """Matrices as they are multiplied, where attributes say that they are stored the other way round."""
    return a.T if values.get("transA") else a, b.T if values.get("transB") else b


def convolution(name: str, values: Mapping[str, Any], a: Shape, b: Shape) -> Convolution:
    """The geometry of a convolution of maps of shape ``a`` with filters of shape ``b``, in one or two dimensions."""
    space = len(a) - 2
    if space not in (1, 2) or len(b) != len(a):
        raise ConfigError([Problem(name, f"a convolution in {max(space, 0)} dimensions is not supported", "1 or 2")])
    size, kernel = a[2:], b[2:]
    stride, dilation = (tuple(values.get(key) or (1,) * space) for key in ("strides", "dilations"))
    padding = tuple(values.get("pads") or (0,) * 2 * space)
    rule = values.get("auto_pad") or "NOTSET"
    if rule.startswith("SAME"):
        spare = [
            max(0, (-(-pixels // step) - 1) * step + gap * (taps - 1) + 1 - pixels)
            for pixels, step, gap, taps in zip(size, stride, dilation, kernel, strict=True)
        ]
        small, large = tuple(each // 2 for each in spare), tuple(each - each // 2 for each in spare)
        padding = small + large if rule == "SAME_UPPER" else large + small
    elif rule == "VALID":
        padding = (0,) * 2 * space
    if space == 1:
        size, kernel, stride, dilation = (1, *size), (1, *kernel), (1, *stride), (1, *dilation)
        padding = (0, padding[0], 0, padding[1])
    return Convolution(
        kernel=(kernel[0], kernel[1]),
        height=size[0],
        width=size[1],
        channels=a[1],
        stride=(stride[0], stride[1]),
        padding=(padding[0], padding[1], padding[2], padding[3]),
        dilation=(dilation[0], dilation[1]),
    )


def _conv(name: str, values: Mapping[str, Any], a: Shape, b: Shape, fixed_a: bool, fixed_b: bool) -> Product:
    conv = convolution(name, values, a, b)
    groups = values.get("group", 1)
    if b[1] * groups != conv.channels:
        text = f"filters of {b[1]} channels, in {groups} groups, don't fit maps of {conv.channels}"
        raise ConfigError([Problem(name, text)])
    kind = "ConvDepthwise" if groups == conv.channels > 1 else "Conv"
    m = a[0] * conv.output[0] * conv.output[1]
    return Product(name, kind, m, prod(b[1:]), b[0] // groups, groups, conv, fixed_b)


def _gemm(name: str, values: Mapping[str, Any], a: Shape, b: Shape, fixed_a: bool, fixed_b: bool) -> Product:
    (m, k), (inner, n) = (each[::-1] if values.get(key) else each for key, each in (("transA", a), ("transB", b)))
    _meet(name, k, inner)
    return Product(name, "Gemm", m, k, n, weights=fixed_a or fixed_b)


def _matmul(name: str, values: Mapping[str, Any], a: Shape, b: Shape, fixed_a: bool, fixed_b: bool) -> Product:
    """Dimensions before the last two are copies of the product, or more rows where they share their weights."""
    if not a or not b:
        raise ConfigError([Problem(name, "multiplies a number, and no matrix or vector")])
    a, b = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    if fixed_a and not fixed_b:
        a, b = (*b[:-2], b[-1], b[-2]), (*a[:-2], a[-1], a[-2])
    k, n = b[-2:]
    _meet(name, a[-1], k)
    if len(b) == 2:
        return Product(name, "MatMul", prod(a[:-1]), k, n, weights=fixed_a or fixed_b)
    return Product(name, "MatMul", a[-2], k, n, max(prod(a[:-2]), prod(b[:-2])), weights=fixed_a or fixed_b)


def _meet(name: str, columns: int, rows: int) -> None:
    """Raise ConfigError where two matrices have no product."""
    if columns != rows:
        raise ConfigError([Problem(name, f"rows of {columns} elements can't be multiplied by columns of {rows}")])


#: Operators by their names; those of ONNX Runtime's own have names that ONNX doesn't use.
PRODUCTS = {
    "Conv": Operator(0, 1, _conv),
    "ConvInteger": Operator(0, 1, _conv),
    "QLinearConv": Operator(0, 3, _conv),
    "Gemm": Operator(0, 1, _gemm),
    "QGemm": Operator(0, 3, _gemm),
    "MatMul": Operator(0, 1, _matmul),
    "MatMulInteger": Operator(0, 1, _matmul),
    "QLinearMatMul": Operator(0, 3, _matmul),
}
#: Operators that multiply matrices in a way that isn't read. A network without them would be another one.
OTHER_PRODUCTS = frozenset(
    (
        *("ConvTranspose", "DeformConv", "Einsum", "LSTM", "GRU", "RNN", "Attention"),
        *("FusedConv", "NhwcFusedConv", "FusedGemm", "FusedMatMul", "GemmFastGelu", "GemmFloat8"),
        *("MatMulNBits", "MatMulBnb4", "MatMulFpQ4", "MatMulIntegerToFloat"),
        *("DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention", "MultiHeadAttention", "GroupQueryAttention"),
        *(
            "DecoderMaskedMultiHeadAttention",
            "PackedAttention",
            "LongformerAttention",
            "SparseAttention",
            "MoE",
            "QMoE",
        ),
    )
)

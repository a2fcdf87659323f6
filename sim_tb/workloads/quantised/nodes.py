"""Nodes of ONNX graphs that multiply integers, and the tensors that say how.

There are two ways to write them: operators that take integers (QLinearConv, MatMulInteger and their like), and
operators of floats between DequantizeLinear and QuantizeLinear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sim_tb.workloads.readers.graph import Graph
from sim_tb.workloads.readers.operators import attributes

__all__ = ["IntegerNode", "NoInteger", "integer_node"]


class NoInteger(Exception):
    """Why a node's operands are no integers that an engine multiplies."""


@dataclass(frozen=True)
class IntegerNode:
    """A product of integers: names of tensors, empty where there is none.

    Parameters
    ----------
    node : onnx.NodeProto
    a, a_scale, a_zero, b, b_scale, b_zero : str
        Operands with what makes them real numbers; scales are left out where results are sums.
    bias : str
        In the unit of sums.
    y, y_scale, y_zero : str
        The result of which the product is a part; without a scale it is the sum. Empty where the graph has no integers
        of it as a tensor: sums are the last ones.
    relu : bool
        Results below zero become zero.
    """

    node: Any
    a: str
    b: str
    a_scale: str = ""
    a_zero: str = ""
    b_scale: str = ""
    b_zero: str = ""
    bias: str = ""
    y: str = ""
    y_scale: str = ""
    y_zero: str = ""
    relu: bool = False

    @property
    def names(self) -> list[str]:
        """All tensors."""
        names = (self.a, self.a_scale, self.a_zero, self.b, self.b_scale, self.b_zero, self.bias)
        return [name for name in (*names, self.y, self.y_scale, self.y_zero) if name]


def integer_node(graph: Graph, node: Any) -> IntegerNode:
    """How a product's node works in integers. Raises NoInteger where it doesn't."""
    inputs = [*node.input, *[""] * 9]
    if node.op_type in ("ConvInteger", "MatMulInteger"):
        a, b, a_zero, b_zero = inputs[:4]
        return IntegerNode(node, a, b, a_zero=a_zero, b_zero=b_zero, y=node.output[0])
    if node.op_type in ("QLinearConv", "QLinearMatMul"):
        a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero, bias = inputs[:9]
        return IntegerNode(node, a, b, a_scale, a_zero, b_scale, b_zero, bias, node.output[0], y_scale, y_zero)
    if node.op_type == "QGemm":
        a, a_scale, a_zero, b, b_scale, b_zero, bias, y_scale, y_zero = inputs[:9]
        y = node.output[0] if y_scale else ""
        return IntegerNode(node, a, b, a_scale, a_zero, b_scale, b_zero, bias, y, y_scale, y_zero)
    return _between_floats(graph, node)


def _between_floats(graph: Graph, node: Any) -> IntegerNode:
    """An operator of floats that come from integers, and become integers again."""
    a, a_scale, a_zero = _dequantised(graph, node.input[0])
    b, b_scale, b_zero = _dequantised(graph, node.input[1])
    bias = ""
    if len(node.input) > 2 and node.input[2]:
        bias, _, zero = _dequantised(graph, node.input[2])
        if zero and (value := graph.value(zero)) is not None and value.any():
            raise NoInteger("its bias has a zero point")
    found = IntegerNode(node, a, b, a_scale, a_zero, b_scale, b_zero, bias)
    follower, relu = _only_consumer(graph, node.output[0]), False
    if follower is not None and follower.op_type == "Relu":
        follower, relu = _only_consumer(graph, follower.output[0]), True
    if follower is None or follower.op_type != "QuantizeLinear":
        return found
    _, y_scale, y_zero = [*follower.input, ""][:3]
    return replace(found, y=follower.output[0], y_scale=y_scale, y_zero=y_zero, relu=relu)


def _dequantised(graph: Graph, name: str) -> tuple[str, str, str]:
    """The integers, the scale and the zero point of which a tensor was made."""
    node = graph.producer.get(name)
    if node is None or node.op_type != "DequantizeLinear":
        raise NoInteger(f"its operand {name} is in floating point")
    if attributes(node).get("block_size"):
        raise NoInteger(f"its operand {name} has scales of blocks")
    integers, scale, zero = [*node.input, ""][:3]
    return integers, scale, zero


def _only_consumer(graph: Graph, name: str) -> Any:
    """The node that takes a tensor; None where there are several, or the tensor is a result of the network."""
    nodes = graph.consumers.get(name, [])
    shown = any(each.name == name for each in graph.graph.output)
    return nodes[0] if len(nodes) == 1 and not shown else None

"""The matrix products of an ONNX graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from hdl.params import ConfigError, Problem
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.readers.content import Content
from sim_tb.workloads.readers.graph import Graph
from sim_tb.workloads.readers.operators import PRODUCTS, attributes, node_name

__all__ = ["read", "topology"]


def read(content: Content, *, batch: int, shapes: Mapping[str, tuple[int, ...]]) -> Topology:
    """The products of an ONNX file. Raises ConfigError with everything that is wrong."""
    return topology(Graph(content, shapes), batch=batch)


def topology(graph: Graph, *, batch: int = 1) -> Topology:
    """The products of a graph, and the operators that are none, but for those which compute constants.

    A batch multiplies the rows of activations; of a product of two activations it multiplies the products.
    """
    nodes = [node for node in graph.graph.node if not all(name in graph.constants for name in node.output)]
    found = [(node, PRODUCTS[node.op_type]) for node in nodes if node.op_type in PRODUCTS]
    shapes = graph.shapes(node.input[index] for node, operator in found for index in (operator.a, operator.b))
    products: list[Product] = []
    problems: list[Problem] = []
    for node, operator in found:
        a, b = node.input[operator.a], node.input[operator.b]
        fixed = a in graph.constants, b in graph.constants
        try:
            product = operator.product(node_name(node), attributes(node), shapes[a], shapes[b], *fixed)
            rows, copies = (batch, 1) if product.weights else (1, batch)
            products.append(replace(product, m=product.m * rows, groups=product.groups * copies))
        except ConfigError as error:
            name = node_name(node)
            problems += [
                each if each.where == name else Problem(f"{name}: {each.where}", each.message, each.hint)
                for each in error.problems
            ]
        except (IndexError, ValueError, ZeroDivisionError):  # of attributes and shapes that no ONNX file may have
            text = f"{node.op_type} of {shapes[a]} and {shapes[b]} has attributes or shapes that don't fit together"
            problems.append(Problem(node_name(node), text))
    graph.fail(problems)
    others = Counter(node.op_type for node in nodes if node.op_type not in PRODUCTS)
    content = graph.content
    return Topology(content.name, tuple(products), dict(others), content.path, content.sha256)

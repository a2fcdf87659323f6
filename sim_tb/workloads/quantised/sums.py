"""Sums of a layer whose results leave the integers in floating point: ONNX Runtime's, by an operator of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.workloads.gemm import Product
from sim_tb.workloads.quantised.nodes import NoInteger
from sim_tb.workloads.readers.graph import Graph, first_line, session
from sim_tb.workloads.readers.operators import attributes, transposed

__all__ = ["runtime_sums"]


def runtime_sums(
    graph: Graph, product: Product, node: Any, a: Matrix, b: Matrix, zero: int, zero_b: Matrix | None
) -> Matrix:
    """What ConvInteger, or MatMulInteger, gives for a layer's operands: its sums without the bias, in 32 bits."""
    helper, names = graph.onnx.helper, ["a", "b", "za", "zb"]
    zero_b = np.zeros(1, b.dtype) if zero_b is None else np.asarray(zero_b)
    if (zero_b != zero_b.flat[0]).any():
        raise NoInteger("its weights have several zero points, and its results leave the integers")
    kept = []
    if product.conv is not None:
        operator = "ConvInteger"
        kept = [each for each in node.attribute if each.name != "activation"]
    else:
        operator = "MatMulInteger"
        a, b = transposed(attributes(node), a, b)
    inner = helper.make_node(operator, names, ["y"])
    inner.attribute.extend(kept)
    fed = {"a": a, "b": b, "za": np.array(zero, a.dtype), "zb": np.array(zero_b.flat[0], b.dtype)}
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in fed.items()
    ]
    outputs = [helper.make_tensor_value_info("y", graph.onnx.TensorProto.INT32, None)]
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(helper.make_graph([inner], "sums", inputs, outputs), opset_imports=opsets, ir_version=8)
    try:
        found: Matrix = session(model).run(None, fed)[0]
    except Exception as error:  # onnxruntime's, of a dozen kinds
        raise NoInteger(f"ONNX Runtime has no {operator} of its operands: {first_line(error)}") from None
    return found

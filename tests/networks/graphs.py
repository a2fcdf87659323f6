"""Small ONNX graphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

#: Versions that the oldest ONNX Runtime we accept reads.
OPSET, IR = 17, 8

node = helper.make_node


def model(
    nodes: list[NodeProto],
    inputs: Mapping[str, tuple[Any, list]],
    outputs: Mapping[str, tuple[Any, int]],
    weights: Mapping[str, np.ndarray] | None = None,
) -> ModelProto:
    """A model; inputs by NumPy type and shape, outputs by NumPy type and number of dimensions."""

    def value(name: str, kind: Any, shape: list) -> Any:
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)

    graph = helper.make_graph(
        nodes,
        "graph",
        [value(name, *each) for name, each in inputs.items()],
        [value(name, kind, [None] * count) for name, (kind, count) in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR)


def write(path: Path, made: ModelProto) -> Path:
    path.write_bytes(made.SerializeToString())
    return path


def external(made: ModelProto, location: str) -> ModelProto:
    """The model with its weights in a file beside it, which isn't written."""
    for tensor in made.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", location
    return made

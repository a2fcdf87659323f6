"""The digits network as people have networks: an ONNX file in floating point, and images to quantise and run it by.

``python -m sim_tb.workloads.digits_onnx FOLDER`` writes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from hdl.params import BitloomError
from sim_tb.workloads.digits import PIXEL_TOP, trained
from sim_tb.workloads.readers.graph import tools

__all__ = ["write"]

#: Images that the network classifies at a time; version of ONNX's operators, and of its format.
BATCH, OPSET, FORMAT = 16, 17, 8


def write(folder: Path) -> list[Path]:
    """Write ``digits.onnx``, ``train.npy`` and ``test.npy``, and return their paths.

    The network takes 16 images of 64 pixels from 0 to 1, and gives a logit for each of ten digits.

    Raises
    ------
    ToolError
        If scikit-learn or onnx is missing.
    """
    onnx, _ = tools()
    pixels, _, test, weights = trained()
    helper, names = onnx.helper, ("hidden_weights", "logits_weights")
    nodes = [
        helper.make_node("Gemm", ["pixels", names[0]], ["hidden"], name="hidden"),
        helper.make_node("Relu", ["hidden"], ["positive"], name="relu"),
        helper.make_node("Gemm", ["positive", names[1]], ["logits"], name="logits"),
    ]
    size = pixels.shape[1]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [BATCH, size])],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [BATCH, weights[1].shape[1]])],
        [onnx.numpy_helper.from_array(w.astype(np.float32), name) for w, name in zip(weights, names, strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FORMAT)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("digits.onnx", "train.npy", "test.npy")]
    paths[0].write_bytes(model.SerializeToString())
    for path, some in zip(paths[1:], (~test, test), strict=True):
        images = (pixels[some] / PIXEL_TOP).astype(np.float32)
        np.save(path, images[: len(images) // BATCH * BATCH])
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sim_tb.workloads.digits_onnx FOLDER")
    try:
        print("\n".join(map(str, write(Path(sys.argv[1])))))
    except (BitloomError, OSError) as problem:
        sys.exit(f"digits_onnx: {problem}")

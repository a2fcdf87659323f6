"""The products of ONNX graphs, and graphs that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from hdl.params import ConfigError
from sim_tb.workloads.gemm import Topology
from sim_tb.workloads.readers import read
from tests.networks.graphs import external, model, node, write

F = np.float32
#: Graphs of published networks with weights that are computed, which the package brings along for tests.
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"


@pytest.fixture
def parse(tmp_path: Path):
    def parse(made: onnx.ModelProto, **options) -> Topology:
        return read(write(tmp_path / "net.onnx", made), **options)

    return parse


def conv(weights: tuple[int, ...], shape: list, **values) -> onnx.ModelProto:
    nodes = [node("Conv", ["x", "w"], ["c"], name="conv", **values), node("Relu", ["c"], ["y"])]
    return model(nodes, {"x": (F, shape)}, {"y": (F, len(shape))}, {"w": np.ones(weights, F)})


@pytest.mark.parametrize(
    ("weights", "shape", "values", "padding"),
    [
        ((8, 3, 3, 3), [2, 3, 9, 11], {}, (0, 0, 0, 0)),
        ((8, 3, 3, 5), [1, 3, 9, 11], {"pads": [1, 2, 0, 3], "strides": [2, 1]}, (1, 2, 0, 3)),
        ((8, 2, 3, 3), [1, 4, 9, 9], {"group": 2, "dilations": [2, 3]}, (0, 0, 0, 0)),
        ((4, 1, 3, 3), [1, 4, 9, 9], {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 3]}, (1, 0, 1, 0)),
        ((4, 4, 4, 4), [1, 4, 9, 9], {"auto_pad": "SAME_LOWER"}, (2, 2, 1, 1)),
        ((4, 4, 4, 4), [1, 4, 9, 9], {"auto_pad": "VALID"}, (0, 0, 0, 0)),
        ((5, 4, 3), [1, 4, 9], {"pads": [1, 1]}, (0, 1, 0, 1)),
    ],
)
def test_convolutions_are_as_large_as_onnx_runtime_makes_them(parse, weights, shape, values, padding) -> None:
    made = conv(weights, shape, **values)
    (product,) = topology = parse(made)
    from onnxruntime import InferenceSession

    result = InferenceSession(made.SerializeToString()).run(None, {"x": np.ones(shape, F)})[0]
    groups = values.get("group", 1)
    assert (product.m, product.n, product.groups) == (result.size // weights[0], weights[0] // groups, groups)
    assert product.k == np.prod(weights[1:])
    assert product.conv is not None
    assert product.conv.padding == padding
    assert product.input_elements == np.prod(shape)
    assert product.kind == ("ConvDepthwise" if groups == shape[1] else "Conv")
    assert topology.others == {"Relu": 1}


def test_products_of_matrices(parse) -> None:
    weights = {"w": np.ones((6, 5), F), "v": np.ones((5, 7), F), "u": np.ones((4, 3), F)}
    nodes = [
        node("Gemm", ["x", "w"], ["a"], name="gemm", transA=1),
        node("Transpose", ["v"], ["vt"]),
        node("MatMul", ["h", "vt"], ["b"], name="shared"),
        node("MatMul", ["h", "g"], ["c"], name="heads"),
        node("MatMul", ["u", "c"], ["d"]),
    ]
    inputs = {"x": (F, [6, 8]), "h": (F, [2, 3, 7]), "g": (F, [2, 7, 9])}
    topology = parse(model(nodes, inputs, {"a": (F, 2), "b": (F, 3), "d": (F, 3)}, weights), batch=2)
    found = [(each.name, each.kind, each.m, each.k, each.n, each.groups, each.weights) for each in topology]
    assert found == [
        ("gemm", "Gemm", 16, 6, 5, 1, True),
        ("shared", "MatMul", 12, 7, 5, 1, True),
        ("heads", "MatMul", 3, 7, 9, 4, False),
        ("d", "MatMul", 36, 3, 4, 1, True),
    ]
    assert topology.others == {}


def test_shapes_that_inference_does_not_know_come_from_a_run(parse) -> None:
    scale, zero = np.float32(0.5), np.uint8(3)
    nodes = [
        node("QLinearAdd", ["x", "s", "z", "x", "s", "z", "s", "z"], ["a"], domain="com.microsoft"),
        node("QLinearConv", ["a", "s", "z", "w", "s", "wz", "s", "z"], ["y"], name="conv"),
    ]
    weights = {"s": scale, "z": zero, "w": np.ones((4, 2, 3, 3), np.int8), "wz": np.int8(0)}
    made = model(nodes, {"x": (np.uint8, ["n", 2, 5, 5])}, {"y": (np.uint8, 4)}, weights)
    (product,) = parse(made, shapes={"x": (3, 2, 5, 5)})
    assert (product.m, product.k, product.n) == (27, 18, 4)


def test_published_networks() -> None:
    mine, theirs = read("resnet50"), read(LIGHT / "light_resnet50.onnx")
    assert theirs.macs == 4_089_184_256  # the stride of a stage is in its 3 x 3 convolution there
    assert sorted((each.k, each.n) for each in mine) == sorted((each.k, each.n) for each in theirs)
    shuffle = read(LIGHT / "light_shufflenet.onnx")
    assert {each.groups for each in shuffle} > {1, 4}
    assert shuffle.others["Transpose"] == 16


GOOD = conv((4, 2, 3, 3), [1, 2, 5, 5])


def changed(**values) -> onnx.ModelProto:
    return conv((4, 2, 3, 3), **values)


def of_opset(version: int) -> onnx.ModelProto:
    made = conv((4, 2, 3, 3), [1, 2, 5, 5])
    made.opset_import[0].version = version
    return made


def odd(more: int = 0) -> onnx.ModelProto:
    """Operators that nobody has."""
    nodes = [
        node("Frobnicate", ["x"], ["a"]),
        *(node("Frobnicate", ["x"], [f"b{i}"]) for i in range(more)),
        node("Conv", ["a", "w"], ["b"], name="conv"),
        node("Mystery", ["b"], ["y"], domain="acme"),
    ]
    return model(nodes, {"x": (F, [1, 2, 5, 5])}, {"y": (F, 4)}, {"w": np.ones((4, 2, 3, 3), F)})


def recurrent() -> onnx.ModelProto:
    nodes = [
        node("ConvTranspose", ["x", "w"], ["a"], name="up"),
        node("Einsum", ["a"], ["y"], name="sum", equation="abcd->ab"),
    ]
    return model(nodes, {"x": (F, [1, 4, 5, 5])}, {"y": (F, 2)}, {"w": np.ones((4, 2, 3, 3), F)})


def mixed() -> onnx.ModelProto:
    """An operator that nobody has, one that isn't read, and an open shape."""
    nodes = [node("Odd", ["x"], ["a"]), node("ConvTranspose", ["a", "w"], ["y"], name="up")]
    return model(nodes, {"x": (F, ["n", 4, 5, 5])}, {"y": (F, 4)}, {"w": np.ones((4, 2, 3, 3), F)})


def matmul(shape: list, weights: tuple[int, ...], operator: str = "MatMul") -> onnx.ModelProto:
    nodes = [node(operator, ["x", "w"], ["y"], name="fc")]
    return model(nodes, {"x": (F, shape)}, {"y": (F, len(shape))}, {"w": np.ones(weights, F)})


def without_products() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], {"x": (F, [1])}, {"y": (F, 1)})


def twins() -> onnx.ModelProto:
    nodes = [node("MatMul", ["x", "w"], ["a"], name="fc"), node("MatMul", ["a", "w"], ["y"], name="fc")]
    return model(nodes, {"x": (F, [3, 4])}, {"y": (F, 2)}, {"w": np.ones((4, 4), F)})


@pytest.mark.parametrize(
    ("made", "options", "messages"),
    [
        (
            changed(shape=["n", 2, "h", 5]),
            {},
            ["input x: has the shape (n, 2, h, 5), which is open", "--shape x=1,2,1,5"],
        ),
        (changed(shape=["n", 2, 5, 5]), {"shapes": {"x": (0, 2, 5, 5)}}, ["shape of x: 0,2,5,5 does not fit"]),
        (changed(shape=["n", 2, 5, 5]), {"shapes": {"x": (1, 2)}}, ["shape of x: 1,2 does not fit"]),
        (GOOD, {"shapes": {"y": (1,)}}, ["shape of y: the network has no such input (legal: x)"]),
        (odd(), {}, ["a: unsupported operator Frobnicate", "y: unsupported operator acme.Mystery"]),
        (odd(5), {}, ["a, b0, b1 and 3 more: unsupported operator Frobnicate"]),
        (of_opset(99), {}, ["is of opset 99, and onnx ", " knows opsets up to "]),
        (recurrent(), {}, ["up: ConvTranspose is a matrix product", "sum: Einsum is a matrix product"]),
        (mixed(), {}, ["unsupported operator Odd", "up: ConvTranspose is a matrix product", "input x: has the shape"]),
        (matmul([2, 5], (4, 3)), {}, ["fc: rows of 5 elements can't be multiplied by columns of 4"]),
        (matmul([], (4, 3)), {}, ["fc: multiplies a number"]),
        (matmul([2, 0], (4, 3)), {}, ["input x: has a size of 0"]),
        (matmul([-1, 4], (4, 3)), {}, ["input x: has the shape (?, 4), which is open"]),
        (matmul([2, 4, 4], (4, 3), "Gemm"), {}, ["fc: Gemm of (2, 4, 4) and (4, 3) has attributes or shapes"]),
        (changed(shape=[1, 4, 5, 5], group=0), {}, ["conv: filters of 2 channels, in 0 groups, don't fit maps of 4"]),
        (changed(shape=[1, 6, 5, 5], group=2), {}, ["conv: filters of 2 channels, in 2 groups, don't fit maps of 6"]),
        (without_products(), {}, ["no layer is a matrix product"]),
        (twins(), {}, ["fc: names 2 layers"]),
        (GOOD, {"batch": 1 << 30}, ["conv: has ", "multiply-accumulates"]),
        (changed(shape=[1, 2, 2, 2]), {}, ["conv: kernel: the kernel takes 3 of the map's height, which is 2"]),
        (conv((4, 2, 3, 3, 3), [1, 2, 5, 5, 5]), {}, ["conv: a convolution in 3 dimensions is not supported"]),
        (changed(shape=[1, 3, 5, 5]), {}, ["net.onnx: "]),
        (
            external(conv((4, 2, 3, 3), [1, 2, 5, 5]), "w.bin"),
            {},
            ["1 of its weights are in 'w.bin', which isn't there"],
        ),
        (external(conv((4, 2, 3, 3), [1, 2, 5, 5]), "../w.bin"), {}, ["which isn't there"]),
    ],
)
def test_what_is_wrong_is_said_at_once(parse, made, options, messages) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(made, **options)
    for message in messages:
        assert message in str(caught.value)


def test_an_output_whose_shape_is_not_said(parse) -> None:
    """ONNX Runtime takes such a file, and converters write it."""
    made = conv((4, 2, 3, 3), [1, 2, 5, 5])
    made.graph.output[0].type.tensor_type.ClearField("shape")
    (product,) = parse(made)
    assert (product.m, product.k, product.n) == (9, 18, 4)


@pytest.mark.parametrize("cut", [1, 40, 150, -1])
def test_truncated_and_foreign_files(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(GOOD.SerializeToString()[:cut])
    with pytest.raises(
        ConfigError, match=r"is neither ONNX nor a table of layers|is no valid ONNX|is empty|no product"
    ):
        read(path)
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(ConfigError, match="is neither ONNX nor a table of layers"):
        read(path)


def test_weights_beside_the_file(tmp_path: Path) -> None:
    made = external(conv((4, 2, 3, 3), [1, 2, 5, 5]), "w.bin")
    (tmp_path / "w.bin").write_bytes(np.ones((4, 2, 3, 3), F).tobytes())
    (product,) = read(write(tmp_path / "net.onnx", made))
    assert product.k == 18
    (tmp_path / "w.bin").write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"net\.onnx: "):
        read(tmp_path / "net.onnx")

"""Layers of quantised networks: on software and on the RTL, equal to ONNX Runtime's integers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from hdl.params import ConfigError, EngineParams
from sim_tb.run import run_workload
from sim_tb.workloads.quantised.inference import Inference
from sim_tb.workloads.quantised.integer import Crop, IntegerLayer
from sim_tb.workloads.quantised.prepare import Request, prepare
from sim_tb.workloads.workload import at_once
from tests.networks.graphs import model, node, write
from tests.networks.quantised import GRAPHS, F, Software
from tests.sim.engines import hardware, params

#: Formats of operands, A and B: one of them holds activations, the other weights.
FORMATS = [("s8", "s8"), ("u8", "s8"), ("s8", "u8"), ("u8", "u8"), ("s9", "s9"), ("s16", "s12")]
LAYERS = {
    "qlinear_conv": ["grouped", "depthwise"],
    "qlinear_conv_signed": ["grouped", "depthwise"],
    "qlinear_matmul": ["ties"],
    "integers": ["measured", "conv", "heads"],
    "between_floats": ["conv", "gemm", "last"],
}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Inference]:
    """Every graph's layers, for an engine that holds them."""
    folder = tmp_path_factory.mktemp("networks")
    return {
        name: prepare(Request(path=str(write(folder / f"{name}.onnx", make()))), EngineParams())
        for name, make in GRAPHS.items()
    }


def different(work: Inference, machine: Software) -> int:
    outputs = at_once(work.run(machine))
    assert [*outputs] == [layer.product.name for layer in work.layers]
    return sum(int((outputs[name] != expected).sum()) for name, expected in work.expected().items())


@pytest.mark.parametrize(("a", "b"), FORMATS)
@pytest.mark.parametrize("graph", LAYERS)
def test_integers_are_those_of_onnx_runtime(networks, graph: str, a: str, b: str) -> None:
    work = replace(networks[graph], records=[])
    assert [layer.product.name for layer in work.layers] == LAYERS[graph]
    assert different(work, Software(a=a, b=b, accumulator=40)) == 0
    assert all(record["mismatches"] == 0 and record["elements_checked"] > 2 for record in work.records)


def test_results_reach_the_ends_of_their_range_and_ties(networks) -> None:
    """The equality above says something of saturation and rounding."""
    (layer,) = networks["qlinear_matmul"].layers
    assert {0, 255} <= set(layer.expected.flat)
    a = layer.activations.astype(np.int64) - layer.zero_activation
    sums = a @ (layer.weights.astype(np.int64) - layer.zero_weight)
    assert layer.scale is not None
    ties = np.abs(sums * layer.scale % 1 - 0.5) < 1e-9
    inside = (layer.expected > 0) & (layer.expected < 255)
    assert (ties & inside).any()
    halves_up = np.floor(sums * layer.scale + 0.5) + layer.zero_result
    assert (halves_up != layer.expected)[ties & inside].any()


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: replace(layer, zero_activation=layer.zero_activation + 1),
        lambda layer: replace(layer, zero_weight=layer.zero_weight + 1),
        lambda layer: replace(layer, bias=layer.bias + 400),
        lambda layer: replace(layer, scale=layer.scale * F(1.02)),
        lambda layer: replace(layer, zero_result=layer.zero_result + 1),
        lambda layer: replace(layer, weights=layer.weights[:, ::-1]),
    ],
)
def test_what_is_wrong_in_a_layer_is_found(networks, change) -> None:
    work = networks["qlinear_conv"]
    wrong = replace(work, layers=(change(work.layers[0]),), records=[])
    assert different(wrong, Software()) > 0
    assert wrong.records[0]["mismatches"] > 0


def test_layers_are_stored_and_read(networks, tmp_path: Path) -> None:
    work = networks["between_floats"]
    work.save(tmp_path / "layers")
    again = Inference.load(tmp_path / "layers")
    assert (again.against, again.about) == (work.against, work.about)
    for one, other in zip(work.layers, again.layers, strict=True):
        assert one.product == other.product
        for name, value in vars(one).items():
            assert np.array_equal(value, getattr(other, name)), name


def test_a_crop_takes_evenly_spaced_parts(networks, tmp_path: Path) -> None:
    assert Crop(3).of(7).tolist() == [0, 3, 6]
    assert Crop(9).of(4).tolist() == Crop().of(4).tolist() == [0, 1, 2, 3]
    path = write(tmp_path / "net.onnx", GRAPHS["qlinear_conv"]())
    work = prepare(Request(path=str(path), crop=Crop(3), names=("depthwise",)), EngineParams())
    (layer,) = work.layers
    assert (layer.activations.shape, layer.weights.shape, layer.cropped) == ((3, 3, 9), (3, 9, 1), True)
    assert different(work, Software()) == 0


@pytest.mark.sim
@pytest.mark.parametrize("name", ["mac", "default", "mixed_sign"])
def test_on_the_rtl(networks, name: str, tmp_path: Path) -> None:
    """Every kind of layer on engines with and without initial values, and with formats of each kind."""
    layers: list[IntegerLayer] = []
    for graph, work in networks.items():
        layers += [
            replace(each, product=replace(each.product, name=f"{graph}_{each.product.name}")) for each in work.layers
        ]
    said: list[str] = []
    work = Inference(tuple(layers), about={"file": "all"})
    answer = run_workload(params(name), hardware(name), workload=work, say=said.append)
    assert answer["passed"], answer["problems"]
    assert (answer["workload"], answer["against"], answer["network"]["file"]) == ("network", "ONNX Runtime", "all")
    records = answer["network"]["layers"]
    assert [record["name"] for record in records] == [layer.product.name for layer in layers]
    assert sum(record["cycles"] for record in records) == answer["cycles"]
    assert {record["corrections"] for record in records} == {"initial values" if params(name).preload else "software"}
    for record, layer in zip(records, layers, strict=True):
        assert (record["mismatches"], record["elements_checked"]) == (0, layer.expected.size)
        assert record["macs"] == layer.macs
        assert 0 < record["utilization"] < 1
    assert any("layer" in line for line in said)


@pytest.mark.sim
def test_a_wrong_layer_fails_on_the_rtl(networks) -> None:
    (layer,) = networks["qlinear_matmul"].layers
    expected = layer.expected.copy()
    expected[0, 1, 2] ^= 1
    work = Inference((replace(layer, expected=expected),))
    answer = run_workload(params("mac"), hardware("mac"), workload=work)
    assert not answer["passed"]
    assert answer["mismatches"] == 1
    assert "1 of 135 ties differ from ONNX Runtime's" in answer["problems"]


def small_floats() -> onnx.ModelProto:
    rng = np.random.default_rng(5)
    weights = {"w": rng.normal(size=(4, 2, 3, 3)).astype(F), "v": rng.normal(size=(36, 5)).astype(F)}
    weights["flat"] = np.array([1, -1], np.int64)
    nodes = [
        node("Conv", ["x", "w"], ["a"], name="conv"),
        node("Sigmoid", ["a"], ["b"]),
        node("Reshape", ["b", "flat"], ["c"]),
        node("MatMul", ["c", "v"], ["y"], name="fc"),
    ]
    return model(nodes, {"x": (F, [1, 2, 5, 5])}, {"y": (F, 2)}, weights)


def test_a_network_of_floats_is_quantised(tmp_path: Path) -> None:
    path = write(tmp_path / "floats.onnx", small_floats())
    np.save(tmp_path / "data.npy", np.random.default_rng(1).normal(size=(6, 2, 5, 5)).astype(F))
    work = prepare(Request(path=str(path), calibration=tmp_path / "data.npy"), EngineParams())
    assert work.about["quantised"] == "by ONNX Runtime, on 6 inputs of data.npy"
    assert work.about["input"] == "first of data.npy"
    assert len(work.layers) == 2
    assert different(work, Software(a="u8", b="s8")) == 0


@pytest.mark.parametrize(
    ("array", "changes", "message"),
    [
        (None, {}, "is in floating point (--calibration FILE names inputs"),
        (
            np.ones((3, 2, 5, 5), F),
            {"names": ("cnov", "fc")},
            "layers: there is no layer 'cnov' (did you mean 'conv'?)",
        ),
        (np.ones((3, 2, 5, 4), F), {}, "x: an array of shape (3, 2, 5, 4) holds no inputs of shape (1, 2, 5, 5)"),
        (np.full((1, 2, 5, 5), np.nan, F), {}, "x: holds numbers that are not finite"),
        (np.full((1, 2, 5, 5), 1j), {}, "x: must be float32, not complex128"),
        (np.array([{}]), {}, "is no file of arrays of numbers"),
        ({"y": np.ones(1)}, {}, "y: the network has no such input"),
        ({"y": np.ones(1)}, {}, "x: there is no array of this input"),
    ],
)
def test_what_is_wrong_with_data_is_said(tmp_path: Path, array, changes: dict, message: str) -> None:
    path = write(tmp_path / "floats.onnx", small_floats())
    data = tmp_path / "data.npz"
    if isinstance(array, dict):
        np.savez(data, **array)
    elif array is not None:
        data = tmp_path / "data.npy"
        np.save(data, array, allow_pickle=True)
    request = Request(path=str(path), calibration=None if array is None else data, **changes)
    with pytest.raises(ConfigError) as caught:
        prepare(request, EngineParams())
    assert message in str(caught.value)


def test_layers_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "net.onnx", GRAPHS["qlinear_conv"]())
    with pytest.raises(ConfigError) as caught:
        prepare(Request(path=str(path)), EngineParams.from_dict({"a": "s4", "b": "s4", "accumulator": 20}))
    text = str(caught.value)
    assert "grouped: its activations range from" in text
    assert "depthwise: its weights range from" in text
    with pytest.raises(ConfigError, match=r"engine\.a: is bf16, and networks are computed in integers"):
        prepare(
            Request(path=str(path)),
            EngineParams.from_dict({"array": "matrix_2d", "scheme": "mac", "a": "bf16", "b": "bf16"}),
        )
    with pytest.raises(ConfigError, match="calibration: the network is quantised already"):
        prepare(Request(path=str(path), calibration=path), EngineParams())


def test_a_table_has_random_numbers() -> None:
    request = Request(path="mobilenet", names=("conv2_depthwise", "fc"), crop=Crop(5))
    work = prepare(request, EngineParams.from_dict({"a": "s8", "b": "u4"}))
    assert [layer.activations.shape for layer in work.layers] == [(5, 5, 9), (1, 1, 1024)]
    assert work.against == "NumPy"
    assert work.about["layers_of_network"] == 28
    assert different(work, Software(a="s8", b="u4")) == 0


def test_files_with_random_faults_are_refused_or_run(tmp_path: Path) -> None:
    """Bytes that changed, or are missing at the end: an error of ours, and never another."""
    rng = np.random.default_rng(11)
    path, refused = tmp_path / "net.onnx", 0
    for number in range(60):
        data = bytearray([*GRAPHS.values()][number % len(GRAPHS)]().SerializeToString())
        if number % 4 == 0:
            data = data[: rng.integers(len(data))]
        else:
            for place in rng.integers(len(data), size=number % 4):
                data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            prepare(Request(path=str(path)), EngineParams())
        except ConfigError:
            refused += 1
    assert 20 < refused < 60

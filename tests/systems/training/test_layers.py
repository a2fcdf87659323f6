"""Forward products and gradients of layers: against convolutions in plain loops, and what is no layer."""

from __future__ import annotations

from itertools import product as every
from typing import Any

import numpy as np
import pytest

from gen.stimuli import patterns
from hdl.params import FLOATS, ConfigError, EngineParams
from sim_tb.golden.float.matrix import numbers
from sim_tb.systems.training.check import LAYERS
from sim_tb.systems.training.layer import FORWARD, INPUT, WEIGHTS, Layer
from sim_tb.systems.training.networks import NETWORKS, topology
from sim_tb.systems.training.passes import forward, gradient_of_input, gradient_of_weights, rounding
from sim_tb.systems.training.rates import STEP, rates
from sim_tb.workloads.gemm import Convolution
from sim_tb.workloads.workload import at_once, numpy_multiplier

#: Beside those that run on the RTL: a stride of three in two groups, a kernel that is smaller than its stride, and the
#: first layer of DS-CNN, smaller.
MORE = (
    Layer.same("groups", (5, 5), 4, 6, 2, 3, groups=2, batch=2),
    Layer.same("shortcut", (6, 6), 2, 3, 1, 2),
    Layer(
        name="sound",
        conv=Convolution(kernel=(10, 4), height=13, width=9, channels=1, stride=(2, 2), padding=(4, 1, 5, 1)),
        filters=3,
    ),
)


async def exact(a: np.ndarray, b: np.ndarray) -> Any:
    return a @ b


def contributions(layer: Layer) -> list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Places of input, weight and output of every product of two numbers in a layer, in the order of a filter."""
    batch, height, width, _ = layer.input_shape
    _, rows, columns, filters = layer.output_shape
    (down, across), (top, left, *_) = layer.conv.stride, layer.conv.padding
    taps_down, taps_across, seen, _ = layer.weight_shape
    each = filters // layer.groups
    found = []
    for n, o, p, f in every(range(batch), range(rows), range(columns), range(filters)):
        for u, v, c in every(range(taps_down), range(taps_across), range(seen)):
            i, j = o * down + u - top, p * across + v - left
            if 0 <= i < height and 0 <= j < width:
                found.append(((n, i, j, f // each * seen + c), (u, v, c, f), (n, o, p, f)))
    return found


@pytest.mark.parametrize("layer", [*LAYERS, *MORE], ids=lambda layer: layer.name)
def test_all_passes_are_those_of_a_convolution_in_loops(layer: Layer) -> None:
    rng = np.random.default_rng(1)
    x, w, dy = (rng.normal(size=s) for s in (layer.input_shape, layer.weight_shape, layer.output_shape))
    y, dw, dx = np.zeros_like(dy), np.zeros_like(w), np.zeros_like(x)
    for at_x, at_w, at_y in contributions(layer):
        y[at_y] += x[at_x] * w[at_w]
        dw[at_w] += x[at_x] * dy[at_y]
        dx[at_x] += w[at_w] * dy[at_y]
    assert np.allclose(at_once(forward(layer, exact, x, w)), y)
    assert np.allclose(at_once(gradient_of_weights(layer, exact, x, dy)), dw)
    assert np.allclose(at_once(gradient_of_input(layer, exact, dy, w)), dx, atol=1e-6)


@pytest.mark.parametrize("form", FLOATS)
def test_the_order_of_additions_in_loops_gives_the_same_bits(form: str) -> None:
    """One product after the other in fp32, step k of a filter to sum k mod 3: no matrices, no golden model."""
    layer, rng = Layer.same("3x3", (4, 4), 2, 3, 3), np.random.default_rng(2)
    x, w = (rng.normal(size=s).astype(np.float32) for s in (layer.input_shape, layer.weight_shape))
    engine = EngineParams.from_dict({"scheme": "mac", "a": form, "b": form})
    found = at_once(forward(layer, rounding(FLOATS[form], numpy_multiplier(engine)), x, w))
    x, w = (numbers(FLOATS[form], patterns(FLOATS[form], each)) for each in (x, w))
    sums = np.zeros((*layer.output_shape, 3), np.float32)
    for at_x, (u, v, c, f), at_y in contributions(layer):
        turn = ((u * 3 + v) * 2 + c) % 3
        sums[(*at_y, turn)] += x[at_x] * w[u, v, c, f]
    assert np.array_equal(found.view(np.uint32), ((sums[..., 0] + sums[..., 1]) + sums[..., 2]).view(np.uint32))


def test_networks_have_the_published_sizes() -> None:
    """MLPerf Tiny's: 12.50 and 2.66 million multiply-accumulates forward, and no gradient of the images."""
    resnet8, ds_cnn = (layers(1) for layers in NETWORKS.values())
    assert [topology("n", each, FORWARD).macs for each in (resnet8, ds_cnn)] == [12_501_632, 2_656_768]
    assert topology("n", resnet8).macs == 3 * 12_501_632 - 16 * 27 * 1024 == 37_062_528
    assert topology("n", ds_cnn).macs == 3 * 2_656_768 - 64 * 40 * 125
    shapes = {(each.m, each.k, each.n) for layer in resnet8 for each in layer.products(FORWARD)}
    assert shapes == {
        *((1024, 27, 16), (1024, 144, 16), (256, 144, 32), (256, 288, 32), (256, 16, 32)),
        *((64, 288, 64), (64, 576, 64), (64, 32, 64), (1, 64, 10)),
    }


def test_passes_of_a_layer_have_as_many_products_of_numbers() -> None:
    """But for the input's gradient with padding, which a stride leaves out at the edges or not."""
    for layer in LAYERS:
        macs = {each: sum(product.macs for product in layer.products(each)) for each in (FORWARD, WEIGHTS, INPUT)}
        assert macs[FORWARD] == macs[WEIGHTS]
        assert layer.conv.stride != (1, 1) or macs[INPUT] == macs[FORWARD]


def test_rates_add_up() -> None:
    engine = EngineParams.from_dict({"scheme": "mac", "a": "bf16", "b": "bf16", "rows": 4, "cols": 4})
    found = rates(engine, NETWORKS["DS-CNN"](1))
    step = found.pop(STEP)
    assert step.macs == sum(each.macs for each in found.values())
    assert step.cycles == sum(each.cycles for each in found.values())
    for each in (step, *found.values()):
        assert 0 < each.padding < 1 > each.waiting > 0
        assert each.macs_per_clock < each.peak == 16
    packed = rates(engine, NETWORKS["DS-CNN"](1), pack=True)
    assert packed[STEP].cycles < step.cycles


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"filters": 0}, "one: filters must be an integer of at least 1, not 0"),
        ({"groups": 2}, "one: 3 input channels can't be cut into 2 groups"),
        ({"batch": 1.5}, "one: batch must be an integer of at least 1, not 1.5"),
    ],
)
def test_what_is_no_layer(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Layer.same(**{"name": "one", "size": (6, 6), "channels": 3, "filters": 4, "kernel": 3} | values)


def test_all_that_is_wrong_with_a_geometry_is_said() -> None:
    conv = Convolution(kernel=(2, 2), height=6, width=6, channels=1, padding=(2, 0, 0, 0), dilation=(2, 2))
    with pytest.raises(ConfigError) as caught:
        Layer(name="one", conv=conv, filters=1)
    assert [str(problem) for problem in caught.value.problems] == [
        "one: dilation must be 1, not 2: not trained",
        "one: padding (2, 0, 0, 0) must be less than the kernel, which is 2x2",
    ]


def test_arrays_of_wrong_shape_are_named() -> None:
    layer = Layer.same("one", (4, 4), 2, 3, 3)
    x, w, dy = (np.zeros(s, np.float32) for s in (layer.input_shape, layer.weight_shape, layer.output_shape))
    with pytest.raises(ConfigError, match=r"one: the input must be of shape \(1, 4, 4, 2\), not \(1, 4, 4, 3\)"):
        at_once(forward(layer, exact, dy, w))
    with pytest.raises(ConfigError, match="one: the output's gradient must be of shape"):
        at_once(gradient_of_weights(layer, exact, x, x))
    with pytest.raises(ConfigError) as caught:
        at_once(gradient_of_input(layer, exact, x, dy))
    assert len(caught.value.problems) == 2

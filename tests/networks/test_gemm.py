"""Products of layers, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hdl.params import ConfigError
from sim_tb.workloads.gemm import MAX_OPERATIONS, Convolution, Product, Topology

CONV = Convolution(kernel=(3, 5), height=9, width=11, channels=6, stride=(2, 1), padding=(1, 2, 1, 2))


def test_a_convolution_has_the_sizes_of_its_patches() -> None:
    padded = np.zeros((CONV.height + 2, CONV.width + 4))
    patches = np.lib.stride_tricks.sliding_window_view(padded, CONV.kernel)[::2]
    assert CONV.output == patches.shape[:2]
    assert CONV.taps == 15
    dilated = replace(CONV, kernel=(3, 3), dilation=(2, 3), stride=(1, 1))
    assert dilated.output == (9 + 2 - 4, 11 + 4 - 6)


def test_elements_are_those_of_maps_and_not_of_patches() -> None:
    pixels = CONV.output[0] * CONV.output[1]
    product = Product("conv", "Conv", m=2 * pixels, k=30, n=4, groups=3, conv=CONV)
    assert product.input_elements == 2 * 9 * 11 * 6
    assert product.weight_elements == 30 * 4 * 3
    assert product.output_elements == 2 * pixels * 12
    assert product.macs == 2 * pixels * 30 * 12
    assert Product("fc", "Gemm", 4, 5, 6).input_elements == 20


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"m": 0}, "conv: m must be an integer of at least 1, not 0"),
        ({"k": -3}, "conv: k must be an integer of at least 1, not -3"),
        ({"groups": True}, "conv: groups must be an integer"),
        ({"name": ""}, "name: name must be a text"),
        ({"k": 31}, "conv: k is 31, and a filter has 30 elements"),
        ({"m": 7}, "conv: m is 7, which is no multiple of 55 output pixels"),
        ({"groups": 4}, "conv: 6 channels can't be cut into 4 groups"),
        ({"n": MAX_OPERATIONS, "conv": None}, r"conv: has [\d,]+ multiply-accumulates .*a smaller batch"),
    ],
)
def test_a_product_says_what_is_wrong(changes: dict, text: str) -> None:
    good = Product("conv", "Conv", m=55, k=30, n=4, groups=3, conv=CONV)
    with pytest.raises(ConfigError, match=text):
        replace(good, **changes)


def test_a_convolution_reports_everything_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Convolution(kernel=(0, 3), height=-1, width=4, channels=1, stride=(1,), padding=(0, 0, -1, 0))
    assert [problem.where for problem in caught.value.problems] == ["kernel", "stride", "padding", "height"]
    with pytest.raises(ConfigError, match="the kernel takes 5 of the map's width, which is 4 with padding"):
        Convolution(kernel=(1, 3), height=4, width=4, channels=1, dilation=(1, 2))


def test_a_topology_has_each_name_once() -> None:
    fc = Product("fc", "Gemm", 4, 5, 6)
    topology = Topology("net", (fc, replace(fc, name="fc2")), {"Relu": 2})
    assert (len(topology), topology.macs) == (2, 240)
    assert [product.name for product in topology] == ["fc", "fc2"]
    with pytest.raises(ConfigError, match="fc: names 2 layers"):
        Topology("net", (fc, fc))
    with pytest.raises(ConfigError, match="no layer is a matrix product"):
        Topology("net", ())

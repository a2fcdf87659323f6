"""Packed layers: the product that is computed holds the results of the layer."""

from __future__ import annotations

from itertools import product as combinations

import numpy as np
import pytest

from sim_tb.mapping.packing import Packing, packings
from sim_tb.workloads.gemm import Convolution, Product


def convolution(groups: int, filters: int, **geometry: object) -> Product:
    conv = Convolution(**{"kernel": (3, 3), "height": 9, "width": 8, "channels": 2 * groups, **geometry})
    pixels = conv.output[0] * conv.output[1]
    return Product("layer", "Conv", 2 * pixels, 2 * conv.taps, filters, groups, conv)


LAYERS = {
    "plain": convolution(1, 4, padding=(1, 1, 1, 1)),
    "groups": convolution(3, 2),
    "stride": convolution(1, 3, stride=(2, 2), padding=(0, 1, 1, 0)),
    "dilation": convolution(2, 1, kernel=(2, 3), dilation=(3, 2)),
    "wide stride": convolution(2, 1, kernel=(1, 1), stride=(3, 2)),
}


def direct(layer: Product, maps: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The convolution by its definition: (images, height, width, groups, filters)."""
    conv = layer.conv
    height, width = conv.output
    out = np.zeros((len(maps), height, width, layer.groups, layer.n), np.int64)
    for y, x, tap_y, tap_x in combinations(range(height), range(width), *map(range, conv.kernel)):
        seen = maps[:, y * conv.stride[0] + tap_y * conv.dilation[0], x * conv.stride[1] + tap_x * conv.dilation[1]]
        out[:, y, x] += np.einsum("bgc,gcf->bgf", seen, filters[:, :, tap_y, tap_x])
    return out


@pytest.mark.parametrize("name", LAYERS)
def test_the_packed_product_is_the_layer(name: str) -> None:
    """Filters shifted in windows, and beside each other, as the packing says; all packings up to 16 columns."""
    layer, rng = LAYERS[name], np.random.default_rng(3)
    conv, images, own = layer.conv, 2, 2
    top, left, bottom, right = conv.padding
    maps = rng.integers(-9, 9, (images, conv.height, conv.width, layer.groups, own))
    filters = rng.integers(-9, 9, (layer.groups, own, *conv.kernel, layer.n))
    padded = np.pad(maps, ((0, 0), (top, bottom), (left, right), (0, 0), (0, 0)))
    expected, (height, width) = direct(layer, padded, filters), conv.output
    padded = np.pad(padded, ((0, 0), (0, 99), (0, 99), (0, 9), (0, 0)))
    seen = 0
    for packing in packings(layer, 16):
        down, across, together, packed = packing.down, packing.across, packing.groups, packing.packed
        rows, cols = packing.window(0), packing.window(1)
        for first in range(0, packed.groups * together, together):
            some = range(first, first + together)
            a = [
                padded[image, y * down * conv.stride[0] + row, x * across * conv.stride[1] + col, group, channel]
                for image, y, x in combinations(range(images), range(-(-height // down)), range(-(-width // across)))
                for group, row, col, channel in combinations(some, rows, cols, range(own))
            ]
            b = np.zeros((together, len(rows), len(cols), own, together, down, across, layer.n), np.int64)
            places = combinations(range(together), range(down), range(across), *map(range, conv.kernel))
            for group, y, x, tap_y, tap_x in places:
                if first + group < layer.groups:
                    row = rows.index(y * conv.stride[0] + tap_y * conv.dilation[0])
                    col = cols.index(x * conv.stride[1] + tap_x * conv.dilation[1])
                    b[group, row, col, :, group, y, x] = filters[first + group, :, tap_y, tap_x]
            c = np.reshape(a, (packed.m, packed.k)) @ b.reshape(packed.k, packed.n)
            c = c.reshape(images, -(-height // down), -(-width // across), together, down, across, layer.n)
            c = c.transpose(0, 1, 4, 2, 5, 3, 6).reshape(images, -(-height // down) * down, -1, together, layer.n)
            count = min(together, layer.groups - first)
            assert (c[:, :height, :width, :count] == expected[:, :, :, first : first + count]).all(), packing.words
        seen += 1
    assert seen > 2


def test_only_what_fits() -> None:
    for layer in LAYERS.values():
        assert all(packing.packed.n <= 16 for packing in packings(layer, 16))
    wide = Product("wide", "Gemm", 4, 4, 17)
    assert [packing.words for packing in packings(wide, 16)] == [""]


def test_no_pixels_without_geometry() -> None:
    heads = Product("heads", "MatMul", 64, 8, 2, groups=5)
    assert {packing.groups for packing in packings(heads, 16)} == {1, 2, 4, 5}
    packed = Packing(heads, 4).packed
    assert (packed.m, packed.k, packed.n, packed.groups) == (64, 32, 8, 2)

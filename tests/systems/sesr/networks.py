"""Small networks for the tests: random, but of the shapes that trained ones have."""

from __future__ import annotations

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.systems.sesr.integer import IntegerNetwork
from sim_tb.systems.sesr.network import Network, kernels
from sim_tb.systems.sesr.tail import Tail

__all__ = ["floating", "integers", "pixels"]


def shapes(layers: int, width: int) -> list[tuple[int, int]]:
    sizes = kernels(layers)
    ends = [1, *[width] * (layers + 1), 4]
    return [(size**2 * ends[i], ends[i + 1]) for i, size in enumerate(sizes)]


def floating(layers: int = 2, width: int = 4, seed: int = 1) -> Network:
    rng = np.random.default_rng(seed)
    return Network(tuple(rng.normal(0, k**-0.5, (k, n)).astype(np.float32) for k, n in shapes(layers, width)))


def integers(layers: int = 2, width: int = 4, seed: int = 1) -> IntegerNetwork:
    """Weights and tails over their whole ranges: results saturate at both ends."""
    rng = np.random.default_rng(seed)
    found = shapes(layers, width)
    weights = tuple(rng.integers(-127, 127, shape, endpoint=True) for shape in found)
    tails = []
    for i, (k, n) in enumerate(found):
        shift = rng.integers(18, 22, n)
        mult = np.clip((1 << shift) // (64 * int(k**0.5)), 1, 65535) + rng.integers(0, 9, n)
        plus = (1 << shift) if i >= layers else np.zeros(n, np.int64)
        tails.append(Tail(mult, shift, plus, relu=0 < i <= layers))
    return IntegerNetwork(weights, tuple(tails))


def pixels(height: int, width: int, seed: int = 1) -> Matrix:
    return np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)

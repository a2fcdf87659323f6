"""Integers out of the trained network: scales of weights and maps, and the factors of tails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hdl.params import ConfigError, Problem
from sim_tb.golden import Matrix
from sim_tb.systems.sesr.integer import IntegerNetwork
from sim_tb.systems.sesr.network import Network, names, to_input
from sim_tb.systems.sesr.photographs import LEARNED, photograph
from sim_tb.systems.sesr.resize import halve
from sim_tb.systems.sesr.tail import MULT_BITS, SHIFT_BITS, Tail

__all__ = ["calibration", "quantise"]

#: Greatest magnitude of an operand.
TOP = 127
#: Scales of maps are powers of this: the last bits of floating-point sums, which depend on the machine, mean nothing.
STEP = 2**0.125
#: Height and width of the middle of a photograph by which scales are chosen.
MIDDLE_OF = 96


def calibration() -> list[Matrix]:
    """The middle of each photograph that the network has learned from, halved, as uint8."""
    found = []
    for name in LEARNED:
        small = halve(photograph(name))
        y, x = ((side - min(side, MIDDLE_OF)) // 2 for side in small.shape)
        found.append(small[y : y + MIDDLE_OF, x : x + MIDDLE_OF])
    return found


def quantise(network: Network, images: Iterable[Matrix]) -> IntegerNetwork:
    """The network in integers; maps get the scales with the least squared error on some images (post-training).

    Raises
    ------
    ConfigError
        With the first layer whose values overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        runs = [network.maps(to_input(image)) for image in images]
    problems = [
        Problem(name, "gives values that are too large for single precision")
        for i, name in enumerate(names(len(network.weights) - 2))
        if not all(np.isfinite(maps[i]).all() for maps in runs)
    ]
    if problems:
        raise ConfigError(problems[:1])  # what follows the first has it from there
    scales = [_scale([maps[i].reshape(-1) for maps in runs]) for i in range(len(network.weights) - 1)]
    pixel = 1 / 255
    before, after = [pixel, *scales], [*scales, pixel]
    weights, tails = [], []
    for i, (found, source, result) in enumerate(zip(network.weights, before, after, strict=True)):
        values = found.astype(np.float64)
        steps = np.maximum(np.abs(values).max(axis=0), 1e-12) / TOP
        weights.append(np.rint(values / steps).astype(np.int64))
        last = i == len(network.weights) - 1
        other = pixel if last else scales[0] if i == len(network.weights) - 2 else 0.0
        tails.append(_tail(steps * source / result, other / result, relu=i > 0 and not last))
    return IntegerNetwork(tuple(weights), tuple(tails))


def _scale(values: Sequence[Matrix]) -> float:
    """The scale of a map."""
    every = np.concatenate(values).astype(np.float64)
    most = np.abs(every).max()
    top = int(np.ceil(np.log(max(most, 1e-12) / TOP) / np.log(STEP)))
    trials = [STEP ** (top - down) for down in range(24)]

    def error(scale: float) -> float:
        return float(((np.clip(np.rint(every / scale), -TOP - 1, TOP) * scale - every) ** 2).sum())

    return min(trials, key=error)


def _tail(factors: Matrix, other: float, *, relu: bool) -> Tail:
    """Integers for factors of a sum and of what is added: the greatest shift that the widths allow."""
    shift = np.floor(MULT_BITS - np.log2(factors * (1 + 2.0**-MULT_BITS))).astype(np.int64)
    if other:
        shift = np.minimum(shift, int(np.floor(31 - np.log2(other))))
    shift = np.clip(shift, 0, (1 << SHIFT_BITS) - 2)
    scale = 2.0**shift
    mult = np.minimum(np.rint(factors * scale), (1 << MULT_BITS) - 1).astype(np.int64)
    return Tail(mult, shift, np.rint(other * scale).astype(np.int64), relu)

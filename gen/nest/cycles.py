"""How long a tile takes: exact for dense nests, expected for nests that skip zeros."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.nest.check import Flow
from gen.nest.encoders import Density
from gen.nest.tile import Tile, loop_sizes
from hdl.params.nest import SKIPPING, Line, Nest

__all__ = ["Cycles", "cycles", "planes_kept", "shares_steps", "steps_kept", "time_steps"]

Floats = NDArray[np.float64]

#: Greatest K whose distribution is worked out; the mean of a longer tile grows with K, its deviation with the root.
LONGEST = 1 << 16


@dataclass(frozen=True)
class Cycles:
    """Cycles of a tile in a streak, when draining and loading overlap with computing.

    Parameters
    ----------
    dense : int
        If no digit were zero.
    row : float
        Mean of one row; the same as ``dense`` if nothing is skipped.
    tile : float
        Mean of the slowest row, for which the others wait at ``sync``.
    """

    dense: int
    row: float
    tile: float


def time_steps(nest: Nest, flow: Flow, tile: Tile, line: Line) -> int:
    """The product of the ``time`` loops around a line."""
    sizes = loop_sizes(nest, flow, tile)
    return math.prod(sizes[key] for loop, key in zip(line.loops, line.keys, strict=True) if loop.kind == "time")


def cycles(nest: Nest, flow: Flow, tile: Tile, density: Density) -> Cycles:
    """Cycles of a tile whose operands A have digits of this density.

    A plane ends when its last lane has seen all of its digits, so with lanes its mean is that of the slowest lane.
    The slowest of all rows is exact for one lane; with lanes the planes of an operand are taken as independent.
    """
    dense = max(time_steps(nest, flow, tile, line) for line in nest.lines)
    skips = {loop for line in nest.lines for loop in line.loops if loop.mode == SKIPPING}
    if not skips:
        return Cycles(dense, dense, dense)
    row, slowest = steps_kept(nest, flow, tile, density)
    others = [line for line in nest.lines if not skips & set(line.loops)]
    drained = max((time_steps(nest, flow, tile, line) for line in others), default=0)
    return Cycles(dense, max(row, drained), max(slowest, drained))


def shares_steps(nest: Nest) -> bool:
    """Rows, or lanes, skip only steps in which none of them has a digit."""
    encode = nest.encode
    depth = next((i for i, loop in enumerate(encode.loops) if loop.mode == SKIPPING), len(encode.loops))
    return any(loop.index not in (encode.loops[depth].index, nest.shared) for loop in encode.loops[depth + 1 :])


def planes_kept(nest: Nest, flow: Flow, tile: Tile, density: Density) -> list[float]:
    """For each weight, the probability that a step is not skipped: that of a digit in one of those that share it."""
    encode = nest.encode
    sizes = loop_sizes(nest, flow, tile)
    depth = next(i for i, loop in enumerate(encode.loops) if loop.mode == SKIPPING)
    apart = (encode.loops[depth].index, nest.shared)  # lanes have steps of their own, columns the same digits
    share = math.prod(sizes[key] for key in encode.keys[depth + 1 :] if key[0] not in apart)
    return [1 - (1 - probability) ** share if share > 1 else probability for probability in density.planes]


def steps_kept(nest: Nest, flow: Flow, tile: Tile, density: Density) -> tuple[float, float]:
    """Mean steps in which a loop that skips zeros is busy for a tile: of one row, and of the slowest row."""
    encode = nest.encode
    skipping = next(loop for loop in encode.loops if loop.mode == SKIPPING)
    sizes = loop_sizes(nest, flow, tile)
    pairs = list(zip(encode.loops, encode.keys, strict=True))
    outer, inner = pairs[: encode.loops.index(skipping)], pairs[encode.loops.index(skipping) + 1 :]
    at_once = math.prod(sizes[key] for _, key in inner if key[0] == "k")
    lanes = at_once if skipping.index == "k" else 1
    rows = math.prod(sizes[key] for loop, key in outer if loop.index == nest.own and loop.kind == "space")
    turns = math.prod(sizes[key] for loop, key in pairs if loop.index in "mn" and loop.kind == "time")
    k = min(tile.k, LONGEST)
    if at_once == 1 and not shares_steps(nest):
        row = _power(np.array(density.counts), k)
    else:
        row = np.ones(1)
        for probability in planes_kept(nest, flow, tile, density):
            row = _sum(row, _slowest(_power(np.array([1 - probability, probability]), -(-k // at_once)), lanes))
    mean, waiting = _mean(row), _mean(_slowest(row, rows)) - _mean(row)
    return turns * mean * tile.k / k, turns * (mean * tile.k / k + waiting * math.sqrt(tile.k / k))


def _sum(one: Floats, other: Floats) -> Floats:
    """The distribution of the sum of two independent values."""
    size = len(one) + len(other) - 1
    return np.maximum(np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size), size), 0.0)


def _power(distribution: Floats, count: int) -> Floats:
    """The distribution of a sum of ``count`` independent values."""
    size = (len(distribution) - 1) * count + 1
    return np.maximum(np.fft.irfft(np.fft.rfft(distribution, size) ** count, size), 0.0)


def _slowest(distribution: Floats, count: int) -> Floats:
    """The distribution of the greatest of ``count`` independent values."""
    reached = np.minimum(np.cumsum(distribution), 1.0) ** count
    return np.diff(reached, prepend=0.0)


def _mean(distribution: Floats) -> float:
    return float(np.arange(len(distribution)) @ distribution / distribution.sum())

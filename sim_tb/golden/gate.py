"""What a gate lets through: its random bits, the pixels that it prunes, and the product that is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.params.gate import MODES, PROBABILITY_BITS, GateParams
from sim_tb.golden.gemm import Matrix, gemm

__all__ = ["Draw", "draw", "gated_gemm", "random_bits"]

Bits = npt.NDArray[np.uint8]

#: The recurrence of the bits: each is the sum of those that came so many before it.
BEFORE = (64, 63, 61, 60)


def random_bits(state: int, count: int) -> Bits:
    """The next bits of the generator.

    Parameters
    ----------
    state : int
        64 bits, of which the highest was drawn first.
    count : int
        How many.
    """
    drawn = np.zeros(64 + count, np.uint8)
    drawn[:64] = [state >> place & 1 for place in reversed(range(64))]
    begin = 64
    while begin < len(drawn):
        # The square of the polynomial holds as well, with all distances doubled: the more bits there are, the more
        # follow from them at once.
        scale = 1 << ((begin // 64).bit_length() - 1)
        end = min(begin + min(BEFORE) * scale, len(drawn))
        for before in BEFORE:
            drawn[begin:end] ^= drawn[begin - before * scale : end - before * scale]
        begin = end
    return drawn[64:]


@dataclass(frozen=True)
class Draw:
    """What is drawn for some tiles.

    Parameters
    ----------
    runs : bool array of shape (tiles, K)
        The pixel is multiplied.
    decoys : int64 array of shape (tiles, K, M)
        What would be multiplied instead.
    """

    runs: npt.NDArray[np.bool_]
    decoys: Matrix

    def steps(self, mode: str) -> Matrix:
        """Steps that the array makes for each tile: shape (tiles,)."""
        if MODES[mode].constant:
            return np.full(len(self.runs), self.runs.shape[1])
        made: Matrix = self.runs[:, :-1].sum(axis=1) + 1  # the last step of a tile is always made
        return made


def draw(
    params: GateParams, mode: str, important: npt.NDArray[np.bool_], threshold: int, tiles: int, k: int, state: int
) -> Draw:
    """Draw for tiles that follow each other, from a state of the generator.

    Parameters
    ----------
    params : GateParams
    mode : str
        A name of ``MODES``.
    important : bool array of shape (pixels,)
    threshold : int
        A pixel that is not important runs where its number, of 0 to 255, is less.
    tiles, k : int
        Their number, and their inner size.
    state : int
    """
    rows, width = params.engine.rows, params.engine.a.width
    bits = random_bits(state, tiles * k * params.random_bits).reshape(tiles, k, params.random_bits)
    numbers = bits[..., :PROBABILITY_BITS] @ (1 << np.arange(PROBABILITY_BITS))
    map_of_k = np.zeros(k, bool)
    shared = min(k, len(important))
    map_of_k[:shared] = important[:shared]
    runs = map_of_k | (numbers < threshold) if MODES[mode].prunes else np.ones((tiles, k), bool)
    decoys = np.zeros((tiles, k, rows), np.int64)
    if params.decoy_bits:
        decoys = bits[..., PROBABILITY_BITS:].reshape(tiles, k, rows, width) @ (1 << np.arange(width, dtype=np.int64))
        if params.engine.a.signed:
            decoys -= (decoys >> (width - 1)) << width
    return Draw(runs, decoys)


def gated_gemm(params: GateParams, drawn: Draw, a: Matrix, b: Matrix) -> Matrix:
    """The products of what is left of A: arrays of shapes (tiles, M, K) and (tiles, K, N) give (tiles, M, N)."""
    return gemm(params.engine, np.where(drawn.runs[:, None, :], a, 0), b)

"""What a product takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Vectors"]


@dataclass(frozen=True)
class Vectors:
    """The vectors that a matrix is multiplied with, and where the results go.

    Parameters
    ----------
    source, result : int
        SRAM words of the first vector and its result.
    biased : bool
        The biases of all are where the first one's result goes.
    count, stride : int
        How many vectors, and the words from one to the next, and from one's result to the next one's.
    """

    source: int
    result: int
    biased: bool
    count: int = 1
    stride: int = 0

"""Matrices of bf16: the layout that takes less time, and the VMMs that multiply them with a vector."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gen.pim.compile.clocks import gains, pitch_of
from gen.pim.compile.code import Code
from gen.pim.compile.vectors import Vectors
from gen.pim.layout import Matrix
from hdl.params.pim import PimParams, chunks

__all__ = ["Bf16Matrix", "bf16_matrix"]


@dataclass(frozen=True)
class Bf16Matrix(Matrix):
    """A matrix as VMM wants it."""

    @property
    def group(self) -> int:
        """Slots that can't be parted: none."""
        return 1

    @property
    def first_words(self) -> int:
        """Words of the vector that are wanted first."""
        return self.chunks()[0][1]

    @property
    def slot_elements(self) -> int:
        """Weights that the columns of a slot have room for, with what stands between slots."""
        return self.columns // self.slots * self.params.lanes

    def chunks(self) -> list[tuple[int, int]]:
        """The column where each chunk begins, and the words of its inputs."""
        found, at = [], self.at
        for length in chunks(self.params, self.words):
            found.append((at, length))
            at += self.slots * (self.pitch or length)
        return found

    def begin(self, code: Code) -> None:
        """What a program does before its first product: nothing."""

    def emit(self, code: Code, vectors: Vectors, origin: int, slots: range | None = None) -> None:
        """The instructions of products with vectors, one after the other.

        Parameters
        ----------
        code : Code
        vectors : Vectors
        origin : int
            Columns from the place of the matrix to that of the one that is meant.
        slots : range, optional
            The slots that are wanted; all by default. A VMM a chunk multiplies some of them.
        """
        whole = slots is None or len(slots) == self.slots
        slots = range(self.slots) if slots is None else slots
        # The first vector's result takes the place of the biases: it comes last.
        for index in reversed(range(vectors.count)):
            source, result = (word + index * vectors.stride for word in (vectors.source, vectors.result))
            flags, bias = ((), vectors.result) if vectors.biased else (("zero",), 0)
            for column, length in [(self.at, self.words)] if whole else self.chunks():
                code.add(
                    "VMM",
                    *flags,
                    at=origin + column + slots.start * (self.pitch or length),
                    n=length,
                    slots=len(slots),
                    pitch=self.pitch,
                    a=source,
                    b=bias,
                    d=result,
                )
                source, flags, bias = source + length, (), result


def bf16_matrix(params: PimParams, outputs: int, inputs: int, at: int, layout: str, batch: int) -> Bf16Matrix:
    """A matrix from a column on, or with slots that begin rows, from the next row on.

    Parameters
    ----------
    params : PimParams
    outputs, inputs : int
    at : int
        The first column that is free.
    layout : str
        A key of :data:`gen.pim.compile.LAYOUTS`.
    batch : int
        Vectors, of which each has VMMs of its own: it makes no difference.
    """
    dense = Bf16Matrix(params, outputs, inputs, at)
    row = -(-at // params.row_cols) * params.row_cols
    apart = replace(dense, at=row, pitch=pitch_of(params, dense.words))
    return apart if layout == "rows" or (layout == "auto" and gains(dense, apart)) else dense

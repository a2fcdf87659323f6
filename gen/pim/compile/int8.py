"""Matrices of 8 bits: where they lie in the banks, and the instructions that multiply them with a vector.

Output j is computed in unit j mod units, as of every matrix. A column of ``2 * lanes`` integers meets two words of the
global buffer. Slots are worked on in groups: each slot's dot product is made in one and the same accumulator, and
SCALE_AB adds it, times the scale of the bank's output, to the accumulator of the slot. So the accumulators of a group
are preset and read at once, and change from banks to registers and back once. The column with the scales lies behind
those of its slot, so that it rarely needs a row of its own.

The input is cut into chunks as long as all global buffers. Of each chunk the columns of one slot, its scales the last
of them, follow those of the slot before, and groups follow each other so many columns apart. Between chunks sums are
rounded to bf16.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gen.pim.elements import Elements
from gen.pim.model.quantise import quantise
from gen.pim.placed import Placed
from hdl.params.pim import PimParams

__all__ = ["Chunk", "Int8Matrix", "buffer_words", "int8_matrix", "vectors_at_once"]


def buffer_words(params: PimParams, vectors: int = 1) -> int:
    """Words of the input that a chunk of a matrix of 8 bits has at most: two a column.

    A single vector has all global buffers, and several have one each.
    """
    words = params.gb_words * (params.buffers if vectors == 1 else 1)
    return words - words % 2


@dataclass(frozen=True)
class Chunk:
    """A part of the input: its number, its first word, its words, its columns in a slot, and those before it."""

    index: int
    first: int
    words: int
    columns: int
    at: int


@dataclass(frozen=True)
class Int8Matrix(Placed):
    """A matrix of 8 bits in the banks of a system, with the scales of its outputs.

    Parameters
    ----------
    params : PimParams
    outputs, inputs : int
    at : int
        The column of every bank where it begins.
    group : int
        Slots that are preset and read together. They have an accumulator for each vector, and one more is needed for
        each vector's dot products.
    apart : bool
        Every group begins with a row.
    vectors : int
        Vectors that are multiplied at once.
    """

    params: PimParams
    outputs: int
    inputs: int
    at: int = 0
    group: int = 1
    apart: bool = False
    vectors: int = 1

    @property
    def columns(self) -> int:
        """Columns of every bank that it takes."""
        return sum(self.extent(chunk) for chunk in self.chunks())

    @property
    def lengths(self) -> list[int]:
        """Words of each chunk."""
        return [chunk.words for chunk in self.chunks()]

    @property
    def pitches(self) -> list[int]:
        """Columns from one group to the next, for each chunk."""
        return [self.step(chunk) for chunk in self.chunks()]

    @property
    def last_columns(self) -> int:
        """Columns of a slot in the last chunk, that of the scales among them."""
        return -(-self.lengths[-1] // 2) + 1

    @property
    def slot_elements(self) -> int:
        """Weights that the columns of a slot have room for, with what stands between groups, and scales as columns."""
        return self.columns * 2 * self.params.lanes // self.slots

    @property
    def pitch(self) -> int:
        """Columns from a group of the first chunk to the next; 0 for as many as the group has."""
        return self.pitches[0] if self.apart else 0

    def chunks(self) -> Iterator[Chunk]:
        """The parts of the input, one after the other."""
        at, most = 0, buffer_words(self.params, self.vectors)
        for first in range(0, self.words, most):
            words = min(most, self.words - first)
            chunk = Chunk(first // most, first, words, -(-words // 2), at)
            yield chunk
            at += self.extent(chunk)

    def step(self, chunk: Chunk) -> int:
        """Columns from a group to the next."""
        columns = self.group * (chunk.columns + 1)
        row_cols = self.params.row_cols
        return -(-columns // row_cols) * row_cols if self.apart else columns

    def extent(self, chunk: Chunk) -> int:
        """Columns of all groups of a chunk."""
        whole, left = divmod(self.slots, self.group)
        last = self.step(chunk) if self.apart else left * (chunk.columns + 1)
        return whole * self.step(chunk) + (last if left else 0)

    def column(self, chunk: int, slot: int) -> int:
        """The column where a chunk of a slot begins."""
        part = list(self.chunks())[chunk]
        group, inside = divmod(slot, self.group)
        return self.at + part.at + group * self.step(part) + inside * (part.columns + 1)

    # --- numbers -----------------------------------------------------------------------------------------------------
    def place(self, values: Elements) -> Elements:
        """The columns that hold a matrix and its scales, each in the first lane of its column; the rest is zero.

        Parameters
        ----------
        values : uint16 array of shape (outputs, inputs)
            The bits of bf16 numbers, which are quantised output by output.

        Returns
        -------
        uint16 array of shape (channels, banks, columns, lanes)
            The integers are bytes, the first one of a pair the lower.

        Raises
        ------
        ConfigError
            If a weight is infinite or NaN.
        """
        params, lanes = self.params, self.params.lanes
        found = np.zeros((params.units, self.columns, lanes), np.uint16)
        integers = quantise(values.T)
        scales = np.zeros(self.slots * params.units, np.uint16)
        scales[: self.outputs] = integers.scales
        filled = np.zeros((self.slots * params.units, -(-self.words // 2) * 2 * lanes), np.int8)
        filled[: self.outputs, : self.inputs] = integers.values.T
        columns = filled.view("<u2").astype(np.uint16).reshape(self.slots, params.units, -1, lanes)
        for chunk in self.chunks():
            part = columns[:, :, chunk.first // 2 :][:, :, : chunk.columns]
            for slot in range(self.slots):
                begin = self.column(chunk.index, slot) - self.at
                found[:, begin : begin + chunk.columns] = part[slot]
                found[:, begin + chunk.columns, 0] = scales[slot * params.units :][: params.units]
        return found.reshape(params.channels, params.banks, self.columns, lanes)


# --- choice ----------------------------------------------------------------------------------------------------------
def int8_matrix(params: PimParams, batch: int, outputs: int, inputs: int, at: int, layout: str) -> Int8Matrix:
    """A matrix with the groups that take the least time, from a column on or from the next row on.

    Parameters
    ----------
    params : PimParams
        With several accumulators.
    batch : int
        Vectors that it is multiplied with.
    outputs, inputs : int
    at : int
        The first column that is free.
    layout : str
        A key of :data:`gen.pim.compile.LAYOUTS`.
    """
    dense = Int8Matrix(params, outputs, inputs, at, vectors=vectors_at_once(params, batch))
    row = replace(dense, at=-(-at // params.row_cols) * params.row_cols, apart=True)
    most = min(dense.slots, params.accumulators // dense.vectors - 1)
    # Of groups that are as many, the smallest ones: shorter programs.
    groups = sorted({-(-dense.slots // -(-dense.slots // group)) for group in range(1, most + 1)})
    found = [
        replace(each, group=group)
        for each, name in ((dense, "dense"), (row, "rows"))
        for group in groups
        if layout in (name, "auto")
    ]
    return min(found, key=clocks)


def vectors_at_once(params: PimParams, batch: int) -> int:
    """So many of a batch that a matrix is read as few times as can be, with two accumulators for each at least."""
    most = min(params.vectors, params.accumulators // 2, batch)
    return -(-batch // -(-batch // most))


def clocks(matrix: Int8Matrix) -> int:
    """Clocks of a product, less what is the same for all groups and layouts; see :mod:`gen.pim.compile.clocks`."""
    params, timing = matrix.params, matrix.params.timing
    closing = timing.trtp + timing.trp
    change = closing + timing.trcd_mac
    groups = -(-matrix.slots // matrix.group)
    found = 0
    for chunk in matrix.chunks():
        reading = 2 * timing.tmod + timing.tmac + timing.cl_reg
        busy = reading + matrix.group * params.parts * timing.tbl
        columns = matrix.group * (chunk.columns + 1)
        if matrix.apart:
            within = (columns - 1) // params.row_cols * change
            found += groups * (reading + within + max(change, closing + busy) - busy)
        else:
            found += groups * reading + matrix.slots * (chunk.columns + 1) * change // params.row_cols
    return found

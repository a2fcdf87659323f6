"""Where matrices and vectors lie, and how they get there from NumPy arrays and back.

A *unit* is a bank with its MAC unit; unit ``c * banks + b`` is bank b of channel c. A *slot* is a vector with one
element a unit. Output j of a matrix product is a dot product in unit j mod units, element j mod units of slot
j // units. The matrix lies at the same columns of every bank, in the order in which VMM reads it: the input is cut into
chunks as long as the global buffer, and of each chunk the columns of one slot follow those of the slot before; where
there is a pitch, that many columns behind its begin. For units with several accumulators, slots can come in groups, all
chunks of a group in front of those of the next one, and chunks can have another length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gen.pim.elements import Elements, bf16, numbers
from gen.pim.placed import Placed
from hdl.params import ConfigError, Problem
from hdl.params.pim import PimParams, words_of

__all__ = ["Matrix", "Memory", "to_words", "vector_of"]


@dataclass(frozen=True)
class Matrix(Placed):
    """A matrix in the banks of a system, for VMM: as many outputs as rows, as many inputs as columns.

    Parameters
    ----------
    params : PimParams
    outputs, inputs : int
        Its shape: ``y = values @ x`` with ``values`` of shape (outputs, inputs).
    at : int
        The column of every bank where it begins, ``row * row_cols + col``.
    pitch : int
        Columns from one slot of a chunk to the next; 0 for as many as the chunk has.
    chunk : int
        Words of a chunk; 0 for as many as a global buffer has.
    group : int
        Slots of a group; 0 for all of them, as VMM wants it.

    Raises
    ------
    ConfigError
        If a size is no positive number, or the pitch is below the longest chunk.
    """

    params: PimParams
    outputs: int
    inputs: int
    at: int = 0
    pitch: int = 0
    chunk: int = 0
    group: int = 0

    def __post_init__(self) -> None:
        problems = [
            Problem(f"matrix.{name}", f"must be an integer of at least {least}, not {value!r}")
            for name, least in (("outputs", 1), ("inputs", 1), ("at", 0), ("pitch", 0), ("chunk", 0), ("group", 0))
            for value in (getattr(self, name),)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least
        ]
        if not problems and 0 < self.pitch < (longest := self.lengths[0]):
            message = f"must be 0, or at least the {longest} columns of the longest chunk, not {self.pitch}"
            problems.append(Problem("matrix.pitch", message))
        if problems:
            raise ConfigError(problems)

    @property
    def lengths(self) -> list[int]:
        """Words of each chunk."""
        whole, rest = divmod(self.words, self.chunk or self.params.gb_words)
        return [self.chunk or self.params.gb_words] * whole + [rest] * bool(rest)

    @property
    def pitches(self) -> list[int]:
        """Columns from one slot to the next, for each chunk."""
        return [self.pitch or length for length in self.lengths]

    @property
    def columns(self) -> int:
        """Columns of every bank that it takes."""
        return self.slots * sum(self.pitches)

    def column(self, chunk: int, slot: int) -> int:
        """The column where a chunk of a slot begins."""
        first = slot // self.group * self.group if self.group else 0
        many, pitches = min(self.group or self.slots, self.slots - first), self.pitches
        return self.at + first * sum(pitches) + many * sum(pitches[:chunk]) + (slot - first) * pitches[chunk]

    @property
    def last_columns(self) -> int:
        """Columns of a slot in the last chunk."""
        return self.lengths[-1]

    @property
    def slot_elements(self) -> int:
        """Elements that the columns of a slot have room for, with what stands between slots."""
        return self.columns // self.slots * self.params.lanes

    def constants(self, name: str) -> str:
        """``.const`` lines for a program: ``<name>_row``, ``_col``, ``_words``, ``_slots``, ``_pitch`` and so on."""
        keys = ("row", "col", "words", "slots", "pitch", "result_words")
        return "".join(f".const {name}_{key} = {getattr(self, key)}\n" for key in keys)

    def place(self, values: npt.ArrayLike) -> Elements:
        """The columns that hold a matrix; what fills them up is zero.

        Parameters
        ----------
        values : array-like of shape (outputs, inputs)
            As :func:`gen.pim.elements.bf16` takes them.

        Returns
        -------
        uint16 array of shape (channels, banks, columns, lanes)

        Raises
        ------
        ConfigError
            If the shape is another, or the matrix goes beyond the last row of a bank.
        """
        params, given = self.params, bf16(values)
        _expect("matrix", given, (self.outputs, self.inputs))
        if self.at + self.columns > params.bank_cols:
            message = (
                f"takes columns {self.at} to {self.at + self.columns - 1} of every bank; there are {params.bank_cols}"
            )
            raise ConfigError([Problem("matrix", message)])
        filled = np.zeros((self.slots * params.units, self.words * params.lanes), np.uint16)
        filled[: self.outputs, : self.inputs] = given
        columns = filled.reshape(self.slots, params.units, self.words, params.lanes)
        found = np.zeros((params.units, self.columns, params.lanes), np.uint16)
        for words, slots, part in self._parts(found):
            part[:] = columns[slots, :, words].swapaxes(0, 1)
        return found.reshape(params.channels, params.banks, self.columns, params.lanes)

    def read(self, image: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The matrix that an image of the banks holds, from its first column on: the reverse of :meth:`place`.

        Parameters
        ----------
        image : uint16 array of shape (channels, banks, columns, lanes)
            ``--dump-memory``, for example.

        Returns
        -------
        float32 array of shape (outputs, inputs)
        """
        params, given = self.params, bf16(image)
        most = given.shape[2] if given.ndim == 4 else 0
        _expect("image", given, (params.channels, params.banks, max(most, self.at + self.columns), params.lanes))
        columns = given.reshape(params.units, -1, params.lanes)[:, self.at : self.at + self.columns]
        found = np.empty((self.slots, params.units, self.words, params.lanes), np.uint16)
        for words, slots, part in self._parts(columns):
            found[slots, :, words] = part.swapaxes(0, 1)
        matrix = found.reshape(self.slots * params.units, -1)
        return numbers(matrix[: self.outputs, : self.inputs])

    def _parts(self, columns: Elements) -> Iterator[tuple[slice, slice, Elements]]:
        """Each chunk of each group: its words of the input, its slots, and its part of the matrix.

        That is a view of ``columns``, which has the shape (units, columns, lanes), as (units, slots, words, lanes).
        """
        lanes, units = self.params.lanes, self.params.units
        for first in range(0, self.slots, self.group or self.slots):
            many, start = min(self.group or self.slots, self.slots - first), 0
            for chunk, (length, pitch) in enumerate(zip(self.lengths, self.pitches, strict=True)):
                at = self.column(chunk, first) - self.at
                part = columns[:, at : at + many * pitch].reshape(units, many, pitch, lanes)
                yield slice(start, start + length), slice(first, first + many), part[:, :, :length]
                start += length

    def source(self, x: npt.ArrayLike) -> Elements:
        """The words of an input vector, shape (words, lanes), zeros behind it."""
        given = bf16(x)
        _expect("input", given, (self.inputs,))
        return to_words(self.params, given)

    def bias(self, values: npt.ArrayLike) -> Elements:
        """The words of a vector of biases, shape (result_words, lanes): whole slots, zeros behind it."""
        given = bf16(values)
        _expect("bias", given, (self.outputs,))
        filled = np.zeros(self.slots * self.params.units, np.uint16)
        filled[: self.outputs] = given
        return filled.reshape(-1, self.params.lanes)

    def result(self, words: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The result of a product, shape (outputs,), from its words as a program leaves or sends them."""
        given = bf16(words)
        if given.ndim != 2 or given.shape[1] != self.params.lanes or len(given) * self.params.lanes < self.outputs:
            message = f"must have the shape ({self.result_words}, {self.params.lanes}), not {given.shape}"
            raise ConfigError([Problem("result", message)])
        return numbers(given.reshape(-1)[: self.outputs])


class Memory:
    """What the banks hold before a program runs: matrices one behind the other, each from a new row on.

    Parameters
    ----------
    params : PimParams
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self._parts: list[tuple[int, Elements]] = []
        self._columns = 0

    def place(self, values: npt.ArrayLike, pitch: int = 0) -> Matrix:
        """Add a matrix of shape (outputs, inputs), with the pitch of :class:`Matrix`; says where it lies.

        Raises
        ------
        ConfigError
            If it is no matrix of numbers, or goes beyond the last row.
        """
        given = bf16(values)
        if given.ndim != 2:
            raise ConfigError([Problem("matrix", f"must have the shape (outputs, inputs), not {given.shape}")])
        at = -(-self._columns // self.params.row_cols) * self.params.row_cols
        outputs, inputs = given.shape
        matrix = Matrix(self.params, outputs, inputs, at, pitch)
        self._parts.append((at, matrix.place(given)))
        self._columns = at + matrix.columns
        return matrix

    @property
    def image(self) -> Elements:
        """The first columns of every bank, shape (channels, banks, columns, lanes): what ``--memory`` wants."""
        params = self.params
        found = np.zeros((params.channels, params.banks, self._columns, params.lanes), np.uint16)
        for at, part in self._parts:
            found[:, :, at : at + part.shape[2]] = part
        return found


def to_words(params: PimParams, values: npt.ArrayLike) -> Elements:
    """A vector as words of a stream or of SRAM, shape (words, lanes); zeros fill the last one up."""
    given = bf16(values)
    if given.ndim != 1:
        raise ConfigError([Problem("vector", f"must have one dimension, not the shape {given.shape}")])
    filled = np.zeros(words_of(params, len(given)) * params.lanes, np.uint16)
    filled[: len(given)] = given
    return filled.reshape(-1, params.lanes)


def vector_of(words: npt.ArrayLike, elements: int) -> npt.NDArray[np.float32]:
    """The first elements of words: the reverse of :func:`to_words`."""
    given = bf16(words).reshape(-1)
    if not 0 <= elements <= len(given):
        raise ConfigError([Problem("elements", f"must be 0 to {len(given)}, as many as there are, not {elements}")])
    return numbers(given[:elements])


def _expect(what: str, given: Elements, shape: tuple[int, ...]) -> None:
    if given.shape != shape:
        raise ConfigError([Problem(what, f"must have the shape {shape}, not {given.shape}")])

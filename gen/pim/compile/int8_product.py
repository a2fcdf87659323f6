"""Products with a matrix of 8 bits, and the instructions that compute them.

A group of slots has an accumulator for each vector of each slot: those of the first slot come first. Behind those of
the last slot are the ones of dot products, which SCALE_AB adds to them, times the scales.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gen.pim.compile.code import Code, Loop
from gen.pim.compile.int8 import Chunk, Int8Matrix
from gen.pim.compile.product import Operands

__all__ = ["Int8Product"]


@dataclass(frozen=True)
class Int8Product:
    """A product with a matrix in the banks, for every sequence of a batch.

    Parameters
    ----------
    matrix : Int8Matrix
    batch : int
    """

    matrix: Int8Matrix
    batch: int

    @property
    def summed(self) -> int:
        """Elements of the input after which sums are rounded to bf16: those of whole columns."""
        return next(self.matrix.chunks()).columns * 2 * self.matrix.params.lanes

    def emit(
        self,
        code: Code,
        operands: Operands,
        *,
        origin: int = 0,
        slots: range | None = None,
        ahead: Callable[[range], None] | None = None,
    ) -> None:
        """Compute slots of the result; see :meth:`gen.pim.compile.product.Product.emit`.

        ``slots`` begin with a group's first one, and ``ahead`` is asked for the words of the first chunk, then for the
        others.
        """
        matrix = self.matrix
        if ahead:
            for words in pairwise(sorted({0, matrix.lengths[0], matrix.words})):
                ahead(range(*words))
        slots, chunks = slots or range(matrix.slots), list(matrix.chunks())
        self._begin(code, operands, (origin + matrix.column(0, slots.start)) // matrix.params.row_cols)
        # The first sequence takes the place of the biases: it comes last.
        for start in reversed(range(0, self.batch, matrix.vectors)):
            sequences = range(start, min(start + matrix.vectors, self.batch))
            _emit(_Part(matrix, code, operands, sequences), chunks, origin, slots)

    def emit_pieces(self, code: Code, operands: Operands, pieces: Sequence[range]) -> Iterator[range]:
        """Compute the slots of a single vector's result in pieces, each when the one before has been taken."""
        matrix = self.matrix
        *before, last = matrix.chunks()
        self._begin(code, operands, matrix.row)
        if before:
            _emit(_Part(matrix, code, operands, range(1)), before, 0, range(matrix.slots))
        for piece in pieces:
            skipped = piece.start * matrix.params.slot_words
            biases = None if operands.biases is None else operands.biases + skipped
            own = replace(operands, result=operands.result + skipped, biases=biases)
            _emit(_Part(matrix, code, own, range(1)), [last], 0, piece, load=piece is pieces[0])
            yield piece

    def _begin(self, code: Code, operands: Operands, row: int) -> None:
        """Open the first row; accumulators that nothing is preset in become zeros, which products leave behind."""
        matrix = self.matrix
        dots = matrix.group * matrix.vectors
        first = 0 if operands.biases is None else dots
        code.add("ACT_AB", mask=code.everyone, row=row)
        code.add("WR_BIAS", "zero", mask=code.everyone, acc=first, n=dots + matrix.vectors - first)


def _emit(part: _Part, chunks: list[Chunk], origin: int, slots: range, *, load: bool = True) -> None:
    """Slots of some chunks, in loops over those that are alike; their vectors come first, or are there."""
    for run in _runs(chunks):
        chunk = run[0]
        column = origin + part.matrix.column(chunk.index, slots.start)
        with part.code.loop(len(run), columns=part.matrix.extent(chunk), a=chunk.words) as turn:
            if load:
                part.load(chunk, turn)
            part.groups(chunk, column, len(slots), turn)


def _runs(chunks: list[Chunk]) -> list[list[Chunk]]:
    """Chunks with the same instructions: the first one, those as long as each other, and what is left."""
    found = [chunks[:1]]
    for chunk in chunks[1:]:
        if found[-1][0].words == chunk.words and found[-1][0].first:
            found[-1].append(chunk)
        else:
            found.append([chunk])
    return found


class _Part:
    """Emits the products of some sequences' vectors with chunks of a matrix; the first slot goes to ``result``.

    Parameters
    ----------
    matrix : Int8Matrix
    code : Code
    operands : Operands
    sequences : range
    """

    def __init__(self, matrix: Int8Matrix, code: Code, operands: Operands, sequences: range) -> None:
        self.matrix, self.code, self.slot_words = matrix, code, matrix.params.slot_words
        self.count, self.stride = len(sequences), operands.stride
        self.source = operands.source + sequences.start * operands.stride
        self.result = operands.result + sequences.start * operands.stride
        self.biases = operands.biases

    def load(self, chunk: Chunk, turn: Loop) -> None:
        """Parts of the inputs go to the global buffers; beside an odd word, any number will do."""
        words = chunk.words
        for index in range(self.count):
            a, gb = self.source + chunk.first + index * self.stride, index * self.matrix.params.gb_words
            self._add("WR_GB", a=a, n=words, gb=gb, move={"a": [turn]})
            if words % 2:
                self._add("WR_GB", a=a + words - 1, n=1, gb=gb + words, move={"a": [turn]})

    def groups(self, chunk: Chunk, column: int, slots: int, turn: Loop) -> None:
        """Slots from a column on, group by group."""
        size = self.matrix.group
        step, words = self.matrix.step(chunk), size * self.slot_words
        whole, left = divmod(slots, size)
        if whole:
            with self.code.loop(whole, columns=step, a=words, d=words) as group:
                self._group(chunk, column, 0, size, (turn, group))
        if left:
            self._group(chunk, column + whole * step, whole * words, left, (turn,))

    def _group(self, chunk: Chunk, column: int, word: int, slots: int, loops: tuple[Loop, ...]) -> None:
        """So many slots: presets, dot products and scales one after the other, and all results."""
        matrix, count, columns = self.matrix, self.count, chunk.columns
        dot, rows, inner = matrix.group * matrix.vectors, {"row": loops}, loops[1:]
        if chunk.first or self.biases is not None:
            # The first chunk begins from the same biases for all sequences, the others from what is there.
            place, apart = (self.result, self.stride) if chunk.first else (self.biases or 0, 0)
            for acc, n, more, stride in self._accumulators(slots, apart):
                a = place + word + more
                self._add("WR_BIAS", a=a, acc=acc, n=n, stride=stride, move={"a": inner})
        for slot in range(slots):
            at = column + slot * (columns + 1)
            to = slot * matrix.vectors
            self._add("MAC_AB", "int8", at=at, n=columns, gb=0, acc=dot, vectors=count, move=rows)
            self._add("SCALE_AB", at=at + columns, lane=0, acc=dot, to=to, n=count, move=rows)
        if matrix.apart:
            # The next group's row opens while results are read.
            row = (column + matrix.step(chunk)) // matrix.params.row_cols
            self._add("ACT_AB", row=row, move=rows)
        for acc, n, more, stride in self._accumulators(slots, self.stride):
            self._add("RD_MAC", d=self.result + word + more, acc=acc, n=n, stride=stride, move={"d": inner})

    def _accumulators(self, slots: int, stride: int) -> Iterator[tuple[int, int, int, int]]:
        """All accumulators of results: the first of each piece, how many, the first one's words and the next one's."""
        if self.matrix.vectors == 1:
            yield 0, slots, 0, self.slot_words
            return
        for slot in range(slots):
            yield slot * self.matrix.vectors, self.count, slot * self.slot_words, stride

    def _add(self, name: str, *flags: str, **values: Any) -> None:
        """An instruction for all channels."""
        self.code.add(name, *flags, mask=self.code.everyone, **values)

"""Products with a matrix: of one vector, or of one of each sequence of a batch, and the instructions that compute them.

With one accumulator a unit, a product is a VMM. With several, slots come a *block* at a time: as many as there are
accumulators for, each vector's dot products in accumulators of their own, so that a row's columns are read without a
break and channels switch to registers once a block. Vectors of several sequences are in a global buffer each and meet
every column together, as many at once as the hardware multiplies.

Between the chunks of a long input, sums stay in the accumulators where a block's slots lie together (*groups* of a
matrix, :class:`gen.pim.layout.Matrix`), or are no more than a block. For several sequences, whose vectors take the
buffers, all slots meet a chunk while it is there; what they have so far goes to SRAM and comes back as a preset,
rounded to bf16, as in a VMM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from gen.pim.compile.code import Code, Loop
from gen.pim.layout import Matrix
from hdl.params.pim import PimParams

__all__ = ["Operands", "Product", "block_of", "shaped", "together"]


def together(params: PimParams, batch: int) -> int:
    """Sequences whose vectors meet a column while its row is open."""
    return min(batch, params.buffers, params.accumulators)


def block_of(params: PimParams, batch: int) -> int:
    """Slots of a block."""
    return params.accumulators // together(params, batch)


def shaped(params: PimParams, batch: int, outputs: int, inputs: int, at: int, *, items: bool = False) -> Matrix:
    """A matrix as its products want it.

    Parameters
    ----------
    params : PimParams
    batch : int
        Sequences.
    outputs, inputs, at : int
        As for :class:`gen.pim.layout.Matrix`.
    items : bool
        Its rows are read as items: slots of a chunk lie together, whatever the groups.
    """
    if params.accumulators == 1 or together(params, batch) > 1:
        return Matrix(params, outputs, inputs, at)
    if items:
        return Matrix(params, outputs, inputs, at, chunk=params.buffer_words)
    return Matrix(params, outputs, inputs, at, group=params.accumulators)


@dataclass(frozen=True)
class Operands:
    """Where a product's vectors are in SRAM: those of the first sequence, and the words from one to the next.

    Parameters
    ----------
    source, result : int
    stride : int
    biases : int, optional
        Where the biases of the first slot are, if there are any: where the result of the first sequence goes, or
        where nothing is written.
    """

    source: int
    result: int
    stride: int
    biases: int | None = None


@dataclass(frozen=True)
class Product:
    """A product with a matrix in the banks, for every sequence of a batch.

    Parameters
    ----------
    matrix : Matrix
    batch : int
    """

    matrix: Matrix
    batch: int

    @property
    def params(self) -> PimParams:
        """The system."""
        return self.matrix.params

    @property
    def stays(self) -> bool:
        """Sums stay in the accumulators from the first chunk to the last."""
        matrix, block = self.matrix, block_of(self.params, self.batch)
        return len(matrix.lengths) == 1 or (self.params.accumulators > 1 and (matrix.group or matrix.slots) <= block)

    @property
    def summed(self) -> int:
        """Elements of the input after which sums are rounded to bf16."""
        matrix = self.matrix
        return (matrix.words if self.stays else matrix.lengths[0]) * self.params.lanes

    def emit(
        self,
        code: Code,
        operands: Operands,
        *,
        origin: int = 0,
        slots: range | None = None,
        ahead: Callable[[range], None] | None = None,
    ) -> None:
        """Compute slots of the result.

        Parameters
        ----------
        code : Code
        operands : Operands
        origin : int
            Columns that are added to those of the matrix.
        slots : range, optional
            All of them by default.
        ahead : function, optional
            It emits what computes some words of all inputs, given as a range, and is called once for all of them, with
            those of later chunks when channels have work on earlier ones.
        """
        slots = slots or range(self.matrix.slots)
        many = together(self.params, self.batch)
        waiting = _Ahead(self.matrix, ahead)
        # The first sequence takes the place of the biases: it comes last.
        for first in reversed(range(0, self.batch, many)):
            sequences = range(first, min(first + many, self.batch))
            if self.params.accumulators == 1:
                waiting.before(1)
                waiting.before(len(self.matrix.lengths))
                self._macros(code, operands, origin, slots, first)
            else:
                _Blocks(code, self, operands, origin, sequences, waiting).emit(slots)

    def emit_pieces(self, code: Code, operands: Operands, pieces: Sequence[range]) -> Iterator[range]:
        """Compute the slots of a single vector's result in pieces, each when the one before has been taken."""
        first = len(self.matrix.lengths) - 1
        if first and self.params.accumulators == 1:
            # All slots meet all chunks but the last.
            self._macro(code, operands, 0, range(self.matrix.slots), range(first), 0)
            operands = replace(operands, biases=operands.result)
        for piece in pieces:
            skipped = piece.start * self.params.slot_words
            biases = None if operands.biases is None else operands.biases + skipped
            own = replace(operands, result=operands.result + skipped, biases=biases)
            if self.params.accumulators == 1:
                self._macro(code, own, 0, piece, range(first, first + 1), 0)
            else:
                self.emit(code, own, slots=piece)
            yield piece

    def _macros(self, code: Code, operands: Operands, origin: int, slots: range, sequence: int) -> None:
        """VMM: one for all chunks, or where not all slots are wanted, one for each."""
        chunks = len(self.matrix.lengths)
        if len(slots) == self.matrix.slots:
            self._macro(code, operands, origin, slots, range(chunks), sequence)
        else:
            for chunk in range(chunks):
                self._macro(code, operands, origin, slots, range(chunk, chunk + 1), sequence)

    def _macro(self, code: Code, operands: Operands, origin: int, slots: range, chunks: range, sequence: int) -> None:
        """One VMM, which begins from the biases, or from what chunks before these have left."""
        matrix, own = self.matrix, sequence * operands.stride
        start = sum(matrix.lengths[: chunks.start])
        result = operands.result + own
        bias = result if chunks.start else operands.biases
        code.add(
            "VMM",
            *(("zero",) if bias is None else ()),
            at=origin + matrix.column(chunks.start, slots.start),
            n=sum(matrix.lengths[chunks.start : chunks.stop]),
            slots=len(slots),
            pitch=matrix.pitch,
            a=operands.source + own + start,
            b=bias or 0,
            d=result,
        )


class _Ahead:
    """What computes the chunks of an input, as far as it has not been emitted."""

    def __init__(self, matrix: Matrix, emit: Callable[[range], None] | None) -> None:
        self.matrix, self.emit, self.done = matrix, emit, 0

    def before(self, chunk: int) -> None:
        """Emit what computes the words in front of a chunk."""
        words = sum(self.matrix.lengths[:chunk])
        if self.emit and words > self.done:
            self.emit(range(self.done, words))
            self.done = words


class _Blocks:
    """Emits a product of some sequences, block by block.

    ``result`` is where the first of the slots that are wanted goes.
    """

    def __init__(
        self, code: Code, product: Product, operands: Operands, origin: int, sequences: range, waiting: _Ahead
    ) -> None:
        self.code, self.product, self.operands, self.origin, self.sequences = code, product, operands, origin, sequences
        self.waiting = waiting
        self.matrix, self.params = product.matrix, product.params
        self.many = len(sequences)
        self.slots = range(0)

    def emit(self, slots: range) -> None:
        """All chunks block by block, or where sums don't stay, all blocks chunk by chunk."""
        params, size = self.params, block_of(self.params, self.product.batch)
        chunks = range(len(self.matrix.lengths))
        self.slots = slots
        self.code.add("ACT_AB", mask=self.code.everyone, row=self._column(0, slots.start) // params.row_cols)
        if self.operands.biases is None:
            used = min(size, len(slots)) * self.many
            self.code.add("WR_BIAS", "zero", mask=self.code.everyone, acc=0, n=used)
        for some in [chunks] if self.product.stays else [range(chunk, chunk + 1) for chunk in chunks]:
            # Vectors of as many chunks stay in the buffers from the first block on.
            kept = len(some) * self.many <= params.buffers
            once = kept or len(slots) <= size
            self.waiting.before(some[0] + 1 if once else some[-1] + 1)
            for first, blocks, load in self._turns(size, kept):
                self._emit_blocks(first, min(size, slots.stop - first), blocks, some, load)

    def _turns(self, size: int, kept: bool) -> Iterator[tuple[int, int, bool]]:
        """Blocks that a loop can have in common: their first slot, how many they are, and whether they load vectors."""
        slots = self.slots
        whole, rest = divmod(len(slots), size)
        first = slots.start
        if kept and whole:
            yield first, 1, True
            first, whole = first + size, whole - 1
        if whole:
            yield first, whole, not kept
        if rest:
            yield first + whole * size, 1, not kept or len(slots) < size

    def _emit_blocks(self, first: int, many: int, blocks: int, chunks: range, load: bool) -> None:
        """Blocks of so many slots each, one behind the other."""
        params, code = self.params, self.code
        step = self._column(chunks[0], first + many) - self._column(chunks[0], first) if blocks > 1 else 0
        words = many * params.slot_words
        with code.loop(blocks, columns=step, a=words, d=words) as loop:
            if chunks[0] or self.operands.biases is not None:
                self._preset(range(first, first + many), chunks[0] == 0, loop)
            for chunk in chunks:
                if load:
                    self._load(chunk)
                self._multiply(range(first, first + many), chunk, loop)
                if load and blocks == 1:
                    self.waiting.before(chunk + 2)
            self._open_next(first + many, chunks, step, loop)
            self._read(range(first, first + many), loop)

    def _column(self, chunk: int, slot: int) -> int:
        return self.origin + self.matrix.column(chunk, slot)

    def _buffer(self, chunk: int, vector: int) -> int:
        """The word of the global buffers where a chunk of a sequence's vector is: chunks take turns."""
        params = self.params
        if self.matrix.lengths[0] > params.gb_words:  # one chunk takes them all
            return 0
        turn = chunk % (params.buffers // self.many)
        return (turn * self.many + vector) * params.gb_words

    def _load(self, chunk: int) -> None:
        """A chunk of every sequence's vector."""
        operands = self.operands
        start = sum(self.matrix.lengths[:chunk])
        for index, sequence in enumerate(self.sequences):
            a, n = operands.source + sequence * operands.stride + start, self.matrix.lengths[chunk]
            self.code.add("WR_GB", mask=self.code.everyone, a=a, n=n, gb=self._buffer(chunk, index))

    def _multiply(self, slots: range, chunk: int, loop: Loop) -> None:
        """The columns of a chunk of some slots meet all vectors, as many at once as the hardware multiplies."""
        for index, slot in enumerate(slots):
            for vector in range(0, self.many, self.params.vectors):
                self.code.add(
                    "MAC_AB",
                    mask=self.code.everyone,
                    at=self._column(chunk, slot),
                    n=self.matrix.lengths[chunk],
                    gb=self._buffer(chunk, vector),
                    acc=index * self.many + vector,
                    vectors=min(self.params.vectors, self.many - vector),
                    move={"row": [loop]},
                )

    def _open_next(self, slot: int, chunks: range, step: int, loop: Loop) -> None:
        """Open the row in which the next block begins, if it always is another one, while accumulators are read."""
        size = self.params.row_cols
        last = self._column(chunks[-1], slot - 1) + self.matrix.lengths[chunks[-1]] - 1
        if slot < self.slots.stop:
            following = self._column(chunks[0], slot)
        elif chunks[-1] + 1 < len(self.matrix.lengths):
            following = self._column(chunks[-1] + 1, self.slots.start)
        else:
            return
        if step % size == 0 and following // size != last // size:
            self.code.add("ACT_AB", mask=self.code.everyone, row=following // size, move={"row": [loop]})

    # --- accumulators ------------------------------------------------------------------------------------------------
    def _preset(self, slots: range, first: bool, loop: Loop) -> None:
        """Begin from biases, the same for all sequences, or from what the chunks before have left in the result."""
        operands = self.operands
        if first:
            self._move("WR_BIAS", "a", slots, operands.biases or 0, 0, loop)
        else:
            self._move("WR_BIAS", "a", slots, self._own, operands.stride, loop)

    @property
    def _own(self) -> int:
        """Where the result of the first of these sequences goes."""
        return self.operands.result + self.sequences.start * self.operands.stride

    def _read(self, slots: range, loop: Loop) -> None:
        """Results to their places."""
        self._move("RD_MAC", "d", slots, self._own, self.operands.stride, loop)

    def _move(self, name: str, operand: str, slots: range, begin: int, apart: int, loop: Loop) -> None:
        """All accumulators of a block and the slots at one place, or of each slot and its places, ``apart`` words."""
        size, everyone = self.params.slot_words, self.code.everyone
        for index in [0] if self.many == 1 else range(len(slots)):
            place = begin + (slots.start + index - self.slots.start) * size
            n, stride = (len(slots), size) if self.many == 1 else (self.many, apart)
            move = {operand: [loop]}
            self.code.add(name, mask=everyone, acc=index * self.many, n=n, stride=stride, move=move, **{operand: place})

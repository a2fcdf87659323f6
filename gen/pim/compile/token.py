"""The instructions that take a decoder one token further."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import zip_longest

from gen.pim.compile.attention import Attend
from gen.pim.compile.clocks import searches
from gen.pim.compile.code import Code
from gen.pim.compile.layers import Run, Seen, runs, seen
from gen.pim.compile.placement import Placement
from gen.pim.compile.registers import BEST, EPS, FOUND, SCALE, SHARE, TOKEN
from gen.pim.compile.sram import Sram
from gen.pim.layout import Matrix
from gen.pim.model import Learned
from hdl.params.pim import Instruction, chunks, words_of

__all__ = ["token_pieces"]

#: Instructions of activations, by their names in a decoder.
ACTIVATIONS = {"gelu": "VGELUE", "gelu_tanh": "VGELU", "relu": "VRELU", "silu": "VSILU"}


def token_pieces(
    placement: Placement, sram: Sram, position: int, *, token: int | None, predict: bool, logits: bool, overlap: bool
) -> list[list[tuple[Instruction, str]]]:
    """Process the token at a position; see :meth:`gen.pim.compile.Compiled.programs`.

    Returns
    -------
    list of lists of (Instruction, str)
        Pieces that run one after the other and can be programs of their own: the embedding, layers, the prediction;
        with each instruction what it is for.
    """
    found = []
    maker = _Token(placement, sram, position, overlap)
    with maker.code.of("embedding"):
        maker.embed(token)
    found.append(maker.code.labelled)
    for run in runs(seen(placement.decoder, placement.tokens, position)):
        maker = _Token(placement, sram, position, overlap)
        maker.layers(run)
        found.append(maker.code.labelled)
    if predict or logits:
        maker = _Token(placement, sram, position, overlap)
        maker.predict(logits)
        found.append(maker.code.labelled)
    return found


class _Token:
    """Emits the work on one token."""

    def __init__(self, placement: Placement, sram: Sram, position: int, overlap: bool) -> None:
        self.overlap = overlap
        self.at, self.sram, self.position = placement, sram, position
        self.decoder, self.params = placement.decoder, placement.params
        self.code = Code(placement.params)

    @property
    def apart(self) -> bool:
        """The vectors of a layer's second normalisation can be read while the first one's are in use."""
        return self.overlap and self.sram.gain_2 != self.sram.gain

    @property
    def ahead(self) -> bool:
        """A layer reads the first vectors of the next one; the last layer reads what lies where those would be."""
        at = self.at
        end = max(piece.at + piece.words for name in ("norm_1", "norm_1.bias") for piece in at.vectors.get(name, ()))
        return self.apart and self.decoder.layers * at.layer_columns + end <= at.rows * self.params.row_cols

    # --- both ends ---------------------------------------------------------------------------------------------------
    def embed(self, token: int | None) -> None:
        """The token's embedding, with that of the position where one is added: x. Otherwise what rotates heads."""
        at, sram, add, width = self.at, self.sram, self.code.add, self.decoder.width
        if token is not None:
            add("SETR", r=TOKEN, value=token)
        for register, number in ((EPS, width * self.decoder.norm.epsilon), (SHARE, 1 / width)):
            add("SETR", r=register, value=_bits(number))
        if at.embedding:
            add("RD_ITEM", at=at.embedding.at, n=at.embedding.words, r=TOKEN, d=sram.x)
        else:
            done = 0
            for column, length in _chunks(at.output):
                add("RD_ITEM", at=column, n=at.output.pitch or length, r=TOKEN, d=sram.x + done)
                done += length
        unit, column = at.positions.find(self.params, self.position)
        if isinstance(self.decoder.positions, Learned):
            self.code.add_unit("RD_SB", unit, at=column, n=at.positions.words, d=sram.y)
            add("VADD", a=sram.x, b=sram.y, d=sram.x, n=width)
        else:
            self.code.add_unit("RD_SB", unit, at=column, n=at.positions.words, d=sram.shared)
            self._repeat_turn()

    def _repeat_turn(self) -> None:
        """Cosines, sines and negative sines of the position for every head: each part of a half repeats."""
        sram, heads = self.sram, self.at.heads
        words, half = heads.part_words, heads.turned * heads.part_words
        count = heads.line_words // words
        for part in range(heads.turned):
            with self.code.loop(count, d=words) as head:
                for table in range(3):
                    a = sram.shared + table * half + part * words
                    d = sram.turn + table * sram.turn_words + part * heads.line_words
                    self.code.add("VMOV", a=a, d=d, n=words * self.params.lanes, move={"d": [head]})

    def predict(self, logits: bool) -> None:
        """The logits of the next token, and the most likely one."""
        self._gain("norm", self.sram.gain, 0)
        self._normalise("norm", self.sram.gain)
        last = searches(self.at.output) if self.overlap and len(self.sram.pieces) == 1 else 0
        if last:
            self._search_beside(last)
            if logits:
                self._send(self.sram.pieces[0])
            return
        for piece in self.sram.pieces:
            with self.code.of("output"):
                self._logits(piece)
            if logits:
                self._send(piece)
            with self.code.of("choice"):
                self._choose(piece)

    def _send(self, piece: range) -> None:
        """The logits of a piece, to the host."""
        with self.code.of("output"):
            self.code.add("OUT", a=self.sram.shared, n=words_of(self.params, self._tokens(piece)))

    def _tokens(self, piece: range) -> int:
        """Tokens in some slots of logits."""
        units = self.params.units
        return min(self.decoder.vocabulary - piece.start * units, len(piece) * units)

    def _search_beside(self, last: int) -> None:
        """The logits, and the most likely token: what most of them give is found while two last pieces come."""
        sram, slots, add = self.sram, self.at.output.slots, self.code.add
        cuts = (slots - 2 * last, slots - last, slots)
        most, left = range(cuts[0]), range(cuts[0], slots)
        a, n = sram.shared + left.start * self.params.slot_words, self._tokens(left)
        steps = (
            lambda: add("ARGMAX", r=TOKEN, a=sram.shared, n=self._tokens(most)),
            lambda: add("RMAX", r=BEST, a=sram.shared, n=self._tokens(most)),
        )
        self._read("output.bias", sram.shared, 0)
        self._multiply(self.at.output, "output", sram.y, sram.shared, 0, cuts, steps)
        with self.code.of("choice"):
            add("ARGMAX", r=FOUND + 1, a=a, n=n)
            add("RMAX", r=FOUND, a=a, n=n)
            add("SKEEP", r=BEST, s=FOUND, value=left.start * self.params.units)

    def _choose(self, piece: range) -> None:
        """The most likely token of a piece, or of all pieces so far."""
        add, shared, pieces = self.code.add, self.sram.shared, self.sram.pieces
        count = self._tokens(piece)
        if piece is pieces[0]:
            add("ARGMAX", r=TOKEN, a=shared, n=count)
        else:
            add("ARGMAX", r=FOUND + 1, a=shared, n=count)
        if len(pieces) > 1:
            add("RMAX", r=BEST if piece is pieces[0] else FOUND, a=shared, n=count)
        if piece is not pieces[0]:
            add("SKEEP", r=BEST, s=FOUND, value=piece.start * self.params.units)

    def _logits(self, piece: range) -> None:
        """The logits of some slots."""
        sram, params, matrix = self.sram, self.params, self.at.output
        if len(sram.pieces) == 1:
            self._read("output.bias", sram.shared, 0)
            self._multiply(matrix, "output", sram.y, sram.shared, 0)
            return
        self._read("output.bias", sram.shared, 0, piece.start * params.slot_words, len(piece) * params.slot_words)
        zero = not self.decoder.output_bias
        for chunk, begin in enumerate(range(0, matrix.words, params.gb_words)):
            self._some(matrix, begin, piece, sram.y, sram.shared, 0, zero=zero and chunk == 0)

    # --- layers ------------------------------------------------------------------------------------------------------
    def layers(self, run: Run) -> None:
        """Layers that repeat, as a loop over rows."""
        length = len(run.period)
        if self.ahead and run.first == 0:
            self._gain("norm_1", self.sram.gain, 0)
        with self.code.rows(run.turns, length * self.at.layer_rows):
            for index, each in enumerate(run.period):
                self._layer((run.first + index) * self.at.layer_columns, each)

    def _layer(self, origin: int, each: Seen) -> None:
        """Add attention(norm(x)) and MLP(norm(x)) to x, both of the same x where they are parallel.

        Vectors are read where the channels would wait for the vector unit.
        """
        sram, layer = self.sram, self.at.layer

        def read_ahead() -> None:
            self._read("mix.bias", sram.z, origin)
            self._gain("norm_2", sram.gain_2, origin)

        self.code.add("SETR", r=SCALE, value=_bits(each.scale))
        if not self.ahead:
            self._gain("norm_1", sram.gain, origin)
        self._normalise("norm_1", sram.gain)
        self._read("attend.bias", sram.shared, origin)
        if self.apart:
            read_ahead()
        self._multiply(layer["attend"], "attend", sram.y, sram.shared, origin)
        Attend(self.code, self.at, sram, each, origin, overlap=self.overlap).emit(None if self.apart else read_ahead)
        self._multiply(layer["mix"], "mix", sram.mixed, sram.z, origin)
        self._add()
        if not self.decoder.parallel:
            self._normalise("norm_2", sram.gain_2)
        self._mlp(origin)
        self._add()

    def _mlp(self, origin: int) -> None:
        """Leave down(activation(up(y))) in z; where there is a gate, the activation takes it, and multiplies up(y)."""
        sram, layer = self.sram, self.at.layer
        self._read("up.bias", sram.shared, origin)
        if self.ahead:
            self._gain("norm_1", sram.gain, origin + self.at.layer_columns)
        self._multiply(layer["up"], "up", sram.y, sram.shared, origin)
        self._read("down.bias", sram.z, origin)
        for piece in self._pieces():
            self._activate(piece)
        self._multiply(layer["down"], "down", sram.shared, sram.z, origin)

    def _pieces(self) -> list[range]:
        """Words that are activated at a time: with overlap, those that channels want first, then all others."""
        words = words_of(self.params, self.decoder.mlp.inner)
        first = chunks(self.params, words)[0]
        return [range(first), range(first, words)] if self.overlap and first < words else [range(words)]

    def _activate(self, piece: range) -> None:
        """Activate words of up(y), and multiply the gate's with those that they open."""
        mlp, params = self.decoder.mlp, self.params
        a, n = self.sram.shared + piece.start, min(len(piece) * params.lanes, mlp.inner - piece.start * params.lanes)
        with self.code.of("activation"):
            self.code.add(ACTIVATIONS[mlp.activation], a=a, d=a, n=n)
            if mlp.gated:
                self.code.add("VMUL", a=a, b=a + words_of(params, mlp.inner), d=a, n=n)

    # --- steps -------------------------------------------------------------------------------------------------------
    def _read(self, name: str, word: int, origin: int, first: int = 0, words: int | None = None) -> None:
        """Bring a vector, or words of it from the first one on, to SRAM, if there is such a vector."""
        at = 0
        for piece in self.at.vectors.get(name, ()):
            begin = max(first, at)
            end = at + piece.words if words is None else min(first + words, at + piece.words)
            if begin < end:
                column = origin + piece.at + begin - at
                with self.code.of("vectors"):
                    self.code.add_unit("RD_SB", piece.unit, at=column, n=end - begin, d=word + begin - first)
            at += piece.words

    def _multiply(
        self,
        matrix: Matrix,
        name: str,
        source: int,
        result: int,
        origin: int,
        cuts: Sequence[int] = (),
        between: Sequence[Callable[[], None]] = (),
    ) -> None:
        """A product with a matrix; its bias, if it has one, is where the result goes.

        With ``cuts`` its slots become complete in pieces that end there, with something between any two of them.
        """
        zero = f"{name}.bias" not in self.at.vectors
        slots = range(matrix.slots)
        with self.code.of(name):
            if not cuts:
                self._vmm(matrix, origin + matrix.at, matrix.words, slots, source, result, zero=zero)
                return
            last = (matrix.words - 1) // self.params.gb_words * self.params.gb_words
            if last:
                self._vmm(matrix, origin + matrix.at, last, slots, source, result, zero=zero)
            start = 0
            for cut, then in zip_longest(cuts, between):
                d = result + start * self.params.slot_words
                self._some(matrix, last, range(start, cut), source, d, origin, zero=zero and not last)
                start = cut
                if then:
                    then()

    def _some(
        self, matrix: Matrix, word: int, slots: range, source: int, result: int, origin: int, *, zero: bool
    ) -> None:
        """What one chunk of the input, from a word on, adds to some slots."""
        length = min(self.params.gb_words, matrix.words - word)
        before = matrix.slots * (word // self.params.gb_words) * (matrix.pitch or self.params.gb_words)
        at = origin + matrix.at + before + slots.start * (matrix.pitch or length)
        self._vmm(matrix, at, length, slots, source + word, result, zero=zero)

    def _vmm(self, matrix: Matrix, at: int, n: int, slots: range, source: int, result: int, *, zero: bool) -> None:
        flags, b = (("zero",), 0) if zero else ((), result)
        self.code.add("VMM", *flags, at=at, n=n, slots=len(slots), pitch=matrix.pitch, a=source, b=b, d=result)

    def _gain(self, name: str, word: int, origin: int) -> None:
        """Bring the vectors of a normalisation to SRAM, if there is such a normalisation."""
        self._read(name, word, origin)
        self._read(f"{name}.bias", word + self.at.width_words, origin)

    def _normalise(self, name: str, gain: int) -> None:
        """Leave norm(x) in y."""
        sram, width = self.sram, self.decoder.width
        beta = gain + self.at.width_words
        with self.code.of("normalisation"):
            if f"{name}.bias" in self.at.vectors:
                self.code.add("LAYERNORM", a=sram.x, b=gain, beta=beta, d=sram.y, n=width, eps=EPS, share=SHARE)
            else:
                self.code.add("RMSNORM", a=sram.x, b=gain, d=sram.y, n=width, eps=EPS, share=SHARE)

    def _add(self) -> None:
        """Add z to x: the residual connection."""
        with self.code.of("residual"):
            self.code.add("VADD", a=self.sram.x, b=self.sram.z, d=self.sram.x, n=self.decoder.width)


def _chunks(matrix: Matrix) -> list[tuple[int, int]]:
    """The column where each chunk of a matrix begins, and the words of its inputs."""
    found, at = [], matrix.at
    for length in chunks(matrix.params, matrix.words):
        found.append((at, length))
        at += matrix.slots * (matrix.pitch or length)
    return found


def _bits(number: float) -> int:
    """Single precision as a register holds it."""
    found: int = struct.unpack("<I", struct.pack("<f", number))[0]
    return found

"""The instructions that take a decoder one token further."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise

from gen.pim.compile.attention import Attend, attend
from gen.pim.compile.clocks import searches
from gen.pim.compile.code import Code, Pieces
from gen.pim.compile.context import Context
from gen.pim.compile.kinds import Stored
from gen.pim.compile.layers import Run, Seen, runs, seen
from gen.pim.compile.placement import Placement
from gen.pim.compile.product import Operands
from gen.pim.compile.registers import EPS, FOUND, SCALE, SHARE, TOKEN, token_of
from gen.pim.compile.sram import Sram
from gen.pim.model import Learned
from hdl.params.pim import Instruction, words_of

__all__ = ["token_pieces"]

#: Instructions of activations, by their names in a decoder.
ACTIVATIONS = {"gelu": "VGELUE", "gelu_tanh": "VGELU", "relu": "VRELU", "silu": "VSILU"}


def token_pieces(
    placement: Placement,
    sram: Sram,
    position: int,
    *,
    token: Sequence[int] | None,
    predict: bool,
    logits: bool,
    overlap: bool,
    known: Pieces,
) -> list[list[tuple[Instruction, str]]]:
    """Process the token of every sequence at a position; see :meth:`gen.pim.compile.Compiled.programs`.

    ``known`` is what those of other positions, and all else the same, were made of.

    Returns
    -------
    list of lists of (Instruction, str)
        Pieces that run one after the other and can be programs of their own: the embedding, layers, the prediction;
        with each instruction what it is for.
    """
    found = []
    maker = _Token(placement, sram, position, overlap, known)
    with maker.code.of("embedding"):
        maker.embed(token)
    found.append(maker.code.labelled)
    for run in runs(seen(placement.decoder, placement.tokens, position)):
        maker = _Token(placement, sram, position, overlap, known)
        maker.layers(run)
        found.append(maker.code.labelled)
    if predict or logits:
        maker = _Token(placement, sram, position, overlap, known)
        maker.code.piece(("predict", logits), lambda: maker.predict(logits))
        found.append(maker.code.labelled)
    return found


class _Token:
    """Emits the work on one token of every sequence."""

    def __init__(self, placement: Placement, sram: Sram, position: int, overlap: bool, known: Pieces) -> None:
        self.overlap = overlap
        self.at, self.sram, self.position = placement, sram, position
        self.decoder, self.params = placement.decoder, placement.params
        self.code = Code(placement.params, known)

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
    def embed(self, tokens: Sequence[int] | None) -> None:
        """The tokens' embeddings, with that of the position where one is added: x. Otherwise what rotates heads."""
        at, sram, add, width = self.at, self.sram, self.code.add, self.decoder.width
        for index, token in enumerate(tokens or ()):
            add("SETR", r=token_of(index), value=token)
        for index, each in enumerate(sram.sequences):
            self._fetch(token_of(index), each.x)
        for register, number in ((EPS, width * self.decoder.norm.epsilon), (SHARE, 1 / width)):
            add("SETR", r=register, value=_bits(number))
        unit, column = at.positions.find(self.params, self.position)
        if isinstance(self.decoder.positions, Learned):
            self.code.add_unit("RD_SB", unit, at=column, n=at.positions.words, d=sram.y)
            for each in sram.sequences:
                add("VADD", a=each.x, b=sram.y, d=each.x, n=width)
        else:
            self.code.add_unit("RD_SB", unit, at=column, n=at.positions.words, d=sram.shared)
            self._repeat_turn()

    def _fetch(self, register: int, word: int) -> None:
        """The embedding of the token in a register."""
        at, add = self.at, self.code.add
        if at.embedding:
            add("RD_ITEM", at=at.embedding.at, n=at.embedding.words, r=register, d=word)
            return
        for chunk, length in enumerate(at.output.lengths):
            add("RD_ITEM", at=at.output.column(chunk, 0), n=at.output.pitches[chunk], r=register, d=word)
            word += length

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
        alone = self.overlap and (len(self.sram.pieces), self.sram.batch) == (1, 1)
        if alone and (pieces := self._last_pieces()):
            self._search_beside(pieces)
            if logits:
                self._send(self.sram.pieces[0])
            return
        for piece in self.sram.pieces:
            with self.code.of("output"):
                self._logits(piece)
            if logits:
                self._send(piece)
            with self.code.of("choice"):
                for index in range(self.sram.batch):
                    self._choose(index, piece)

    def _send(self, piece: range) -> None:
        """The logits of a piece, to the host."""
        with self.code.of("output"):
            for each in self.sram.sequences:
                self.code.add("OUT", a=each.shared, n=words_of(self.params, self._tokens(piece)))

    def _tokens(self, piece: range) -> int:
        """Tokens in some slots of logits."""
        units = self.params.units
        return min(self.decoder.vocabulary - piece.start * units, len(piece) * units)

    def _last_pieces(self) -> list[range]:
        """The slots of the logits as most of them and two last pieces, of whole groups; nothing if it doesn't pay."""
        slots, group = self.at.output.slots, self.at.output.group or 1
        last = searches(self.at.output)
        ends = [0, *((slots - count) // group * group for count in (2 * last, last)), slots]
        return [range(*each) for each in pairwise(ends)] if last and ends == sorted(set(ends)) else []

    def _search_beside(self, pieces: list[range]) -> None:
        """The logits, and the most likely token: what most of them give is found while two last pieces come."""
        sram, add = self.sram, self.code.add
        left = range(pieces[1].start, pieces[2].stop)
        a, most = sram.shared + left.start * self.params.slot_words, self._tokens(pieces[0])
        self._read("output.bias", sram.shared, 0)
        with self.code.of("output"):
            operands = Operands(sram.y, sram.shared, 0, sram.shared if self.decoder.output_bias else None)
            computed = self.at.product(self.at.output).emit_pieces(self.code, operands, pieces)
            next(computed)
            add("ARGMAX", r=TOKEN, a=sram.shared, n=most)
            next(computed)
            add("RMAX", r=TOKEN - 1, a=sram.shared, n=most)
            next(computed)
        with self.code.of("choice"):
            add("ARGMAX", r=FOUND + 1, a=a, n=self._tokens(left))
            add("RMAX", r=FOUND, a=a, n=self._tokens(left))
            add("SKEEP", r=TOKEN - 1, s=FOUND, value=left.start * self.params.units)

    def _choose(self, index: int, piece: range) -> None:
        """The most likely token of a piece, or of all pieces so far, for a sequence."""
        add, pieces, token = self.code.add, self.sram.pieces, token_of(index)
        a, count = self.sram.shared + index * self.sram.stride, self._tokens(piece)
        add("ARGMAX", r=token if piece is pieces[0] else FOUND + 1, a=a, n=count)
        if len(pieces) > 1:
            add("RMAX", r=token - 1 if piece is pieces[0] else FOUND, a=a, n=count)
        if piece is not pieces[0]:
            add("SKEEP", r=token - 1, s=FOUND, value=piece.start * self.params.units)

    def _logits(self, piece: range) -> None:
        """The logits of some slots, of every sequence."""
        size = self.params.slot_words
        self._read("output.bias", self.sram.shared, 0, piece.start * size, len(piece) * size)
        self._multiply(self.at.output, "output", self.sram.y, self.sram.shared, 0, piece)

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
        sram = self.sram
        self.code.piece(("first", origin, each.scale), lambda: self._first(origin, each.scale))
        caches = (origin + index * self.at.cache_columns for index in range(sram.batch))
        sequences = [
            Attend(Context(self.code, self.at, own, each, at, self.overlap))
            for own, at in zip(sram.sequences, caches, strict=True)
        ]
        attend(sequences, None if self.apart else lambda: self._read_ahead(origin), overlap=self.overlap)
        self.code.piece(("last", origin), lambda: self._last(origin))

    def _read_ahead(self, origin: int) -> None:
        """Bring what a layer needs behind its attention."""
        self._read("mix.bias", self.sram.bias_z, origin)
        self._gain("norm_2", self.sram.gain_2, origin)

    def _first(self, origin: int, scale: float) -> None:
        """What comes before a layer's attention."""
        sram = self.sram
        self.code.add("SETR", r=SCALE, value=_bits(scale))
        if not self.ahead:
            self._gain("norm_1", sram.gain, origin)
        self._normalise("norm_1", sram.gain)
        self._read("attend.bias", sram.bias, origin)
        if self.apart:
            self._read_ahead(origin)
        self._multiply(self.at.layer["attend"], "attend", sram.y, sram.shared, origin)

    def _last(self, origin: int) -> None:
        """What comes behind it."""
        sram = self.sram
        self._multiply(self.at.layer["mix"], "mix", sram.mixed, sram.z, origin)
        self._add()
        if not self.decoder.parallel:
            self._normalise("norm_2", sram.gain_2)
        self._mlp(origin)
        self._add()

    def _mlp(self, origin: int) -> None:
        """Leave down(activation(up(y))) in z; where there is a gate, the activation takes it, and multiplies up(y)."""
        sram, layer = self.sram, self.at.layer
        self._read("up.bias", sram.bias, origin)
        if self.ahead:
            self._gain("norm_1", sram.gain, origin + self.at.layer_columns)
        self._multiply(layer["up"], "up", sram.y, sram.shared, origin)
        self._read("down.bias", sram.bias_z, origin)
        if self.overlap:
            self._multiply(layer["down"], "down", sram.shared, sram.z, origin, ahead=self._activate)
        else:
            self._activate(range(layer["down"].words))
            self._multiply(layer["down"], "down", sram.shared, sram.z, origin)

    def _activate(self, piece: range) -> None:
        """Activate words of up(y), and multiply the gate's with those that they open."""
        mlp, params = self.decoder.mlp, self.params
        n = min(len(piece) * params.lanes, mlp.inner - piece.start * params.lanes)
        with self.code.of("activation"):
            for each in self.sram.sequences:
                a = each.shared + piece.start
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
        matrix: Stored,
        name: str,
        source: int,
        result: int,
        origin: int,
        slots: range | None = None,
        ahead: Callable[[range], None] | None = None,
    ) -> None:
        """A product with a matrix; the bias of logits, if they have one, is where the first sequence's go."""
        places = {"mix": self.sram.bias_z, "down": self.sram.bias_z, "output": result}
        biases = places.get(name, self.sram.bias) if f"{name}.bias" in self.at.vectors else None
        operands = Operands(source, result, self.sram.stride, biases)
        with self.code.of(name):
            self.at.product(matrix).emit(self.code, operands, origin=origin, slots=slots, ahead=ahead)

    def _gain(self, name: str, word: int, origin: int) -> None:
        """Bring the vectors of a normalisation to SRAM, if there is such a normalisation."""
        self._read(name, word, origin)
        self._read(f"{name}.bias", word + self.at.width_words, origin)

    def _normalise(self, name: str, gain: int) -> None:
        """Leave norm(x) in y."""
        sram, width, add = self.sram, self.decoder.width, self.code.add
        beta = gain + self.at.width_words
        with self.code.of("normalisation"):
            for each in sram.sequences:
                if f"{name}.bias" in self.at.vectors:
                    add("LAYERNORM", a=each.x, b=gain, beta=beta, d=each.y, n=width, eps=EPS, share=SHARE)
                else:
                    add("RMSNORM", a=each.x, b=gain, d=each.y, n=width, eps=EPS, share=SHARE)

    def _add(self) -> None:
        """Add z to x: the residual connection."""
        with self.code.of("residual"):
            for each in self.sram.sequences:
                self.code.add("VADD", a=each.x, b=each.z, d=each.x, n=self.decoder.width)


def _bits(number: float) -> int:
    """Single precision as a register holds it."""
    found: int = struct.unpack("<I", struct.pack("<f", number))[0]
    return found

"""Where a decoder lies: its matrices, vectors and caches in the banks, its activations in the controller's SRAM.

A unit is a bank with its MAC unit, and everything is at the same columns in every unit, so that one instruction
addresses them all (research: PIM-GPT, arXiv 2310.09385, mapping).

* Matrices lie as VMM wants them (:mod:`gen.pim.layout`).
* What is read as a whole goes round the units: item i (the vectors of layer i, position i, the key of token i) lies in
  one piece in unit i mod units, so that a row of every bank holds consecutive tokens.
* Element j of a value lies in unit j mod units, and consecutive tokens are consecutive elements of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gen.pim.gpt.shape import GptShape, layer_tensors
from gen.pim.layout import Matrix
from hdl.params import ConfigError, Problem
from hdl.params.pim import PimParams, words_of

__all__ = ["Placement", "Round", "Sram"]

#: Tokens that a bf16 number can count exactly.
COUNTED = 256


@dataclass(frozen=True)
class Round:
    """Items that go round the units: the column where the first ones begin, and the columns of each."""

    at: int
    words: int

    def place(self, params: PimParams, item: int) -> tuple[int, int, int]:
        """Channel, bank and column of an item."""
        turn, unit = divmod(item, params.units)
        channel, bank = divmod(unit, params.banks)
        return channel, bank, self.at + turn * self.words


@dataclass(frozen=True)
class Sram:
    """The SRAM words where activations begin, and the scores' words a head.

    ``x`` is the residual stream, ``y`` what is made from it and goes back to it, ``vectors`` the vectors at hand. What
    attention, MLP, and the two ends of the network use takes the same place, one after the other.
    """

    x: int
    y: int
    vectors: int
    #: Attention: queries, keys and values; the heads' outputs; scores, and then probabilities, one head after another.
    qkv: int
    mixed: int
    scores: int
    score_words: int
    #: MLP.
    wide: int
    #: Both ends: 0, 1, 2, ..; -1, -1, ..; one word; the token as a vector; the logits.
    numbers: int
    ones: int
    token: int
    one_hot: int
    logits: int
    end: int


class Placement:
    """Where a decoder lies in a system.

    Parameters
    ----------
    shape : GptShape
    params : PimParams

    Attributes
    ----------
    matrices : dict
        The :class:`Matrix` of every tensor that is one by its name; ``wte`` gives the logits, ``lookup`` embeddings.
    constants, final, layers, positions : Round
        One item with 0, 1, 2, .. and -1, -1, ..; one with the last normalisation; every layer's vectors; ``wpe``.
    keys, values : list
        For every layer a Round, and the column where values begin.
    weight_columns, columns : int
        Columns of a bank without and with the caches.
    sram : Sram

    Raises
    ------
    ConfigError
        With every size that doesn't divide, and every memory that is too small.
    """

    def __init__(self, shape: GptShape, params: PimParams) -> None:
        self.shape, self.params = shape, params
        if problems := list(self._sizes()):
            raise ConfigError(problems)
        self.columns = 0
        self.matrices = {"lookup": self._matrix(shape.vocabulary, shape.width)}
        for name, sizes in shape.tensors.items():
            if len(sizes) == 2 and name not in ("wte", "wpe"):
                self.matrices[name] = self._matrix(*sizes)
        self.matrices["wte"] = self._matrix(shape.width, shape.vocabulary)
        self.constants = self._round(2 * words_of(params, shape.vocabulary), 1)
        self.final = self._round(2 * self.width_words, 1)
        self.layers = self._round(sum(self.vector_words.values()), shape.layers)
        self.positions = self._round(self.width_words, shape.context)
        self.weight_columns = self.columns
        self.value_words = words_of(params, shape.context)
        self.keys = [self._round(self.width_words, shape.context) for _ in range(shape.layers)]
        self.values = [self._region(self.slots(shape.width) * self.value_words) for _ in range(shape.layers)]
        self.sram = self._sram()
        if problems := list(self._room()):
            raise ConfigError(problems)

    # --- sizes -------------------------------------------------------------------------------------------------------
    def _sizes(self) -> Iterator[Problem]:
        shape, params = self.shape, self.params
        for name, value in (("width", shape.width), ("inner", shape.inner), ("vocabulary", shape.vocabulary)):
            if value % params.lanes:
                yield Problem(f"gpt.{name}", f"must be a multiple of the system's lanes = {params.lanes}, not {value}")
        if shape.vocabulary > COUNTED:
            message = f"must be at most {COUNTED}, which bf16 counts exactly, not {shape.vocabulary}"
            yield Problem("gpt.vocabulary", message)
        size = shape.head_width
        for name, unit in (("lanes", params.lanes), ("banks", params.banks)):
            if size % unit:
                message = f"must leave each head a multiple of the system's {name} = {unit}, not {size} elements"
                yield Problem("gpt.heads", message)
        if size > params.gb_words * params.lanes:
            message = f"leaves each head {size} elements, but a global buffer holds {params.gb_words * params.lanes}"
            yield Problem("gpt.heads", message)

    def slots(self, outputs: int) -> int:
        """Slots of a vector with so many elements."""
        return -(-outputs // self.params.units)

    def slot_words(self, outputs: int) -> int:
        """SRAM words of a vector of whole slots."""
        return self.slots(outputs) * self.params.slot_words

    @property
    def width_words(self) -> int:
        """Words of a vector as wide as the residual stream."""
        return self.shape.width // self.params.lanes

    @property
    def vector_words(self) -> dict[str, int]:
        """The words of each of a layer's vectors, in their order; biases have whole slots."""
        sizes = layer_tensors(self.shape.width, self.shape.inner)
        return {
            name: self.width_words if name.startswith("ln") else self.slot_words(size[0])
            for name, size in sizes.items()
            if len(size) == 1
        }

    # --- banks -------------------------------------------------------------------------------------------------------
    def _region(self, columns: int) -> int:
        """The first column of the next region, which begins with a row."""
        start = -(-self.columns // self.params.row_cols) * self.params.row_cols
        self.columns = start + columns
        return start

    def _matrix(self, inputs: int, outputs: int) -> Matrix:
        matrix = Matrix(self.params, outputs, inputs)
        return replace(matrix, at=self._region(matrix.columns))

    def _round(self, words: int, items: int) -> Round:
        return Round(self._region(words * -(-items // self.params.units)), words)

    # --- SRAM --------------------------------------------------------------------------------------------------------
    def _sram(self) -> Sram:
        shape, width = self.shape, self.width_words
        residual, tokens = self.slot_words(shape.width), words_of(self.params, shape.vocabulary)
        x, y, vectors = 0, residual, 2 * residual
        shared = vectors + max(self.layers.words, self.final.words)
        mixed = shared + max(self.slot_words(3 * shape.width), 2 * width + residual)
        score_words = max(self.slot_words(shape.context), words_of(self.params, shape.context))
        scores = mixed + residual
        ones, token = shared + tokens, shared + 2 * tokens
        one_hot = token + words_of(self.params, 2)
        logits = one_hot + tokens
        ends = (
            scores + shape.heads * score_words,
            shared + self.slot_words(shape.inner),
            logits + self.slot_words(shape.vocabulary),
        )
        return Sram(
            x=x,
            y=y,
            vectors=vectors,
            qkv=shared,
            mixed=mixed,
            scores=scores,
            score_words=score_words,
            wide=shared,
            numbers=shared,
            ones=ones,
            token=token,
            one_hot=one_hot,
            logits=logits,
            end=max(ends),
        )

    def _room(self) -> Iterator[Problem]:
        params = self.params
        if self.columns > params.bank_cols:
            rows = -(-self.columns // params.row_cols)
            caches = -(-(self.columns - self.weight_columns) // params.row_cols)
            message = f"must be at least {rows}, not {params.rows}: {rows - caches} of weights and {caches} of caches"
            yield Problem("pim.rows", message)
        if self.sram.end > params.sram_words:
            yield Problem("pim.sram_words", f"must be at least {self.sram.end}, not {params.sram_words}")

"""Where a decoder lies in the banks: matrices, vectors, caches and tables.

A unit is a bank with its MAC unit, and everything is at the same columns in every unit, so that one instruction
addresses them all. Every layer takes the same whole number of rows and looks the same inside, so that a loop over rows
is a loop over layers; behind the layers lies what is needed once a token.

* Matrices lie as VMM wants them (:mod:`gen.pim.layout`): one behind the other, or every slot from a new row on. Those
  of 8 bits lie with their scales, slots in groups (:mod:`gen.pim.compile.int8`).
* Vectors (gains and biases) are cut into pieces of a row, which go round the units, a bank of every channel first.
* What is read as a whole goes round the units: item i (position i, the key of token i) lies in one piece in unit i mod
  units, so that a row of every bank holds consecutive tokens.
* Element j of a value lies in unit j mod units, and consecutive tokens are consecutive elements of a row.
* Keys and values of 8 bits take half as many columns, and have scales (:mod:`gen.pim.compile.caches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gen.pim.compile.caches import CACHES
from gen.pim.compile.heads import Heads
from gen.pim.compile.int8_product import Int8Product
from gen.pim.compile.kinds import KINDS, LAYOUTS, Stored
from gen.pim.compile.product import Product
from gen.pim.model import Decoder, Learned
from hdl.params.pim import PimParams, words_of

__all__ = ["LAYOUTS", "Items", "Piece", "Placement", "place"]


@dataclass(frozen=True)
class Items:
    """Items that go round the units: the column where the first ones begin, and the columns of each."""

    at: int
    words: int

    def find(self, params: PimParams, item: int) -> tuple[int, int]:
        """Unit and column of an item."""
        turn, unit = divmod(item, params.units)
        return unit, self.at + turn * self.words


@dataclass(frozen=True)
class Piece:
    """Words of a vector that lie together: their unit, their first column, and how many they are."""

    unit: int
    at: int
    words: int


@dataclass(frozen=True)
class Placement:
    """A decoder in the banks of a system. What belongs to layers is where the first layer has it.

    Parameters
    ----------
    params : PimParams
    decoder : Decoder
    heads : Heads
    tokens : int
        For which the caches have room.
    batch : int
        Sequences, each with caches of its own.
    weights : str
        What matrices are stored as, a key of ``WEIGHTS``.
    caches : str
        What keys and values are stored as, a key of ``CACHES``.
    layer : mapping
        The matrices of a layer by name: ``attend`` (queries, keys and values), ``mix``, ``up`` (with the gate before
        it, where there is one), ``down``.
    output : Matrix
        It gives the logits.
    vectors : mapping
        The pieces of each vector by name: those of a layer, and ``norm``, ``norm.bias`` and ``output.bias``.
    keys : Items
        Those of the first sequence.
    values, value_words : int
        The column where its values begin, and the columns of a slot of them.
    scales : int or None
        The column of unit 0 where the scales of its values begin, if they have any: a vector over tokens.
    embedding, positions : Items or None
        Embeddings in bf16, where the output matrix does not have them; vectors of positions, or their cosines and
        sines.
    layer_rows : int
        Rows of a layer, of which ``cache_rows`` are caches, those of a sequence behind those of the one before.
    rows : int
        Of everything.
    """

    params: PimParams
    decoder: Decoder
    heads: Heads
    tokens: int
    batch: int
    weights: str
    caches: str
    layer: Mapping[str, Stored]
    output: Stored
    vectors: Mapping[str, tuple[Piece, ...]]
    keys: Items
    values: int
    value_words: int
    scales: int | None
    embedding: Items | None
    positions: Items
    layer_rows: int
    cache_rows: int
    rows: int

    @property
    def width_words(self) -> int:
        """Words of a vector as wide as the residual stream."""
        return words_of(self.params, self.decoder.width)

    def product(self, matrix: Stored) -> Product | Int8Product:
        """What multiplies a matrix with the vectors of all sequences."""
        return KINDS[self.weights].product(matrix, self.batch)

    def slots(self, elements: int) -> int:
        """Slots of a vector with so many elements."""
        return -(-elements // self.params.units)

    def slot_words(self, elements: int) -> int:
        """SRAM words of a vector of whole slots."""
        return self.slots(elements) * self.params.slot_words

    @property
    def layer_columns(self) -> int:
        """Columns from a layer to the next."""
        return self.layer_rows * self.params.row_cols

    @property
    def cache_columns(self) -> int:
        """Columns from a sequence's caches to those of the next one."""
        return self.cache_rows // self.batch * self.params.row_cols


def place(
    decoder: Decoder,
    params: PimParams,
    tokens: int,
    layout: str,
    batch: int = 1,
    weights: str = "bf16",
    caches: str = "bf16",
) -> Placement:
    """Lay a decoder out, whether the banks are large enough or not.

    Parameters
    ----------
    decoder : Decoder
    params : PimParams
    tokens : int
        Tokens for which the caches have room.
    layout : str
        A key of ``LAYOUTS``.
    batch : int
        Sequences.
    weights : str
        A key of ``WEIGHTS``.
    caches : str
        A key of ``CACHES``.
    """
    if layout == "auto":
        apart = _Placer(decoder, params, tokens, "auto", batch, weights, caches).placement()
        return apart if apart.rows <= params.rows else place(decoder, params, tokens, "dense", batch, weights, caches)
    return _Placer(decoder, params, tokens, layout, batch, weights, caches).placement()


class _Placer:
    """Puts one thing behind the other."""

    def __init__(
        self, decoder: Decoder, params: PimParams, tokens: int, layout: str, batch: int, weights: str, caches: str
    ) -> None:
        self.decoder, self.params, self.tokens = decoder, params, tokens
        self.layout, self.batch, self.weights, self.caches = layout, batch, weights, caches
        self.heads = Heads(params, decoder, CACHES[caches].packed)
        self.columns = 0
        self.vectors: dict[str, tuple[Piece, ...]] = {}

    def placement(self) -> Placement:
        decoder, params, heads = self.decoder, self.params, self.heads
        mlp, attention = decoder.mlp, decoder.attention
        up = words_of(params, mlp.inner) * params.lanes + mlp.inner if mlp.gated else mlp.inner
        layer = {
            "attend": self._matrix(heads.outputs, decoder.width),
            "mix": self._matrix(decoder.width, heads.mixed),
            "up": self._matrix(up, decoder.width),
            "down": self._matrix(decoder.width, mlp.inner),
        }
        norms = ("norm_1",) if decoder.parallel else ("norm_1", "norm_2")
        biases = [
            *(["attend"] if attention.input_bias else []),
            *(["mix"] if attention.output_bias else []),
            *(["up", "down"] if mlp.bias else []),
        ]
        self._vectors({**self._norms(*norms), **{f"{name}.bias": layer[name].result_words for name in biases}})
        weights = self._row()
        keys = self._items(heads.key_columns, self.tokens)
        value_words = -(-words_of(params, self.tokens) // heads.packed)
        values = self._region(-(-heads.values // params.units) * value_words)
        # Over whole slots of tokens, as probabilities are.
        scale_words = -(-self.tokens // params.units) * params.slot_words
        scales = self._region(scale_words) if heads.packed > 1 else None
        layer_rows = weights + self.batch * (self._row() - weights)
        self.columns = layer_rows * params.row_cols * decoder.layers
        output = self._matrix(decoder.vocabulary, decoder.width, items=True)
        ends = {"output.bias": output.result_words} if decoder.output_bias else {}
        self._vectors({**self._norms("norm"), **ends})
        width = words_of(params, decoder.width)
        # A row of integers in the output matrix is no vector that could be fetched.
        shared = decoder.tied and self.weights == "bf16"
        embedding = None if shared else self._items(width, decoder.vocabulary)
        turn = 3 * heads.turned * heads.part_words
        learned = isinstance(decoder.positions, Learned)
        positions = self._items(width if learned else turn, self.tokens)
        return Placement(
            params=params,
            decoder=decoder,
            heads=heads,
            tokens=self.tokens,
            batch=self.batch,
            weights=self.weights,
            caches=self.caches,
            layer=MappingProxyType(layer),
            output=output,
            vectors=MappingProxyType(self.vectors),
            keys=keys,
            values=values,
            value_words=value_words,
            scales=scales,
            embedding=embedding,
            positions=positions,
            layer_rows=layer_rows,
            cache_rows=layer_rows - weights,
            rows=self._row(),
        )

    def _norms(self, *names: str) -> dict[str, int]:
        width = words_of(self.params, self.decoder.width)
        found = dict.fromkeys(names, width)
        return found if self.decoder.norm.kind == "rms" else {**found, **{f"{name}.bias": width for name in names}}

    def _row(self) -> int:
        """Begin a row; its number."""
        rows = -(-self.columns // self.params.row_cols)
        self.columns = rows * self.params.row_cols
        return rows

    def _region(self, columns: int) -> int:
        """The first column of the next region, which begins with a row."""
        start = self._row() * self.params.row_cols
        self.columns = start + columns
        return start

    def _matrix(self, outputs: int, inputs: int, *, items: bool = False) -> Stored:
        make = KINDS[self.weights].matrix
        found = make(self.params, self.batch, outputs, inputs, self.columns, self.layout, items)
        self.columns = found.at + found.columns
        return found

    def _vectors(self, sizes: Mapping[str, int]) -> None:
        """Put vectors of so many words into pieces of a row, which go round the units."""
        row_cols, units = self.params.row_cols, self.params.units
        start = self._region(0)
        count = 0
        for name, words in sizes.items():
            pieces = []
            for first in range(0, words, row_cols):
                # Banks of a channel come last: while one channel is read, others go on.
                turn, place = divmod(count, units)
                bank, channel = divmod(place, self.params.channels)
                at = start + turn * row_cols
                pieces.append(Piece(channel * self.params.banks + bank, at, min(row_cols, words - first)))
                count += 1
            self.vectors[name] = tuple(pieces)
        self.columns = start + -(-count // units) * row_cols

    def _items(self, words: int, count: int) -> Items:
        return Items(self._region(words * -(-count // self.params.units)), words)

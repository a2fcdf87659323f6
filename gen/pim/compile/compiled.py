"""A decoder compiled for a system."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gen.pim.compile.caches import CACHES, lacking
from gen.pim.compile.code import Pieces
from gen.pim.compile.image import check, parts
from gen.pim.compile.int8 import buffer_words
from gen.pim.compile.kinds import LAYOUTS
from gen.pim.compile.placement import Placement, place
from gen.pim.compile.registers import MOST
from gen.pim.compile.sram import Sram, arrange
from gen.pim.compile.token import token_pieces
from gen.pim.elements import Elements
from gen.pim.model import Decoder
from gen.pim.model.quantise import WEIGHTS, Quantised, quantised
from gen.pim.program import Program
from hdl.params import ConfigError, Problem, near_name
from hdl.params.pim import FIELDS, Instruction, PimParams, instruction

__all__ = ["Compiled", "compile_decoder"]

#: Tokens that caches have room for, unless another number is asked for.
USUAL_TOKENS = 1024
#: Accumulators of the system that is told what weights of 8 bits would take.
ACCUMULATORS = 8


@dataclass(frozen=True)
class Compiled:
    """A decoder in a system. Made by :func:`compile_decoder`.

    Parameters
    ----------
    placement : Placement
        Where everything lies in the banks.
    sram : Sram
        Where activations lie in the controller's SRAM.
    overlap : bool
        Programs let the vector unit work while channels do. They are longer: those of a system whose program memory
        is too small for that are as without.
    """

    placement: Placement
    sram: Sram
    overlap: bool = True

    @property
    def params(self) -> PimParams:
        """The system."""
        return self.placement.params

    @property
    def decoder(self) -> Decoder:
        """The decoder."""
        return self.placement.decoder

    @cached_property
    def _known(self) -> tuple[Pieces, Pieces]:
        """What programs were made of so far, those without overlap and those with it."""
        return {}, {}

    @property
    def summed(self) -> dict[str, int]:
        """Elements of the input after which sums of each product are rounded to bf16: of a layer's, and ``output``."""
        matrices = {**self.placement.layer, "output": self.placement.output}
        return {name: self.placement.product(matrix).summed for name, matrix in matrices.items()}

    def programs(
        self, position: int, *, token: int | Sequence[int] | None = None, predict: bool = True, logits: bool = False
    ) -> tuple[Program, ...]:
        """Programs that process the token at a position, one after the other; those before it are in the caches.

        With a batch that is a token of every sequence, all of them at the same position.

        Parameters
        ----------
        position : int
            From 0.
        token : int or sequence of int, optional
            The token, or that of every sequence. Without it, scalar register 1 has it, or registers 1, 3, 5 ...
            (:func:`gen.pim.compile.token_of`): the prediction before left it there, or the host wrote it.
        predict : bool
            Leave the most likely next token in that register. Otherwise only the caches are extended.
        logits : bool
            Predict, and send the logits as words, element i that of token i: of each sequence one after the other, or
            of each sequence's first piece, then their second pieces, and so on.

        Raises
        ------
        ConfigError
            If there is no such position or token, or the program memory is too small for a single layer.
        """
        pieces = self._pieces(position, token=token, predict=predict, logits=logits)
        return tuple(Program.of(self.params, [one for one, _ in piece]) for piece in pieces)

    def operations(
        self, position: int, *, token: int | Sequence[int] | None = None, predict: bool = True, logits: bool = False
    ) -> tuple[tuple[str, ...], ...]:
        """What the instructions of :meth:`programs` are for: keys of :data:`gen.pim.compile.OPERATIONS`."""
        pieces = self._pieces(position, token=token, predict=predict, logits=logits)
        return tuple(tuple(operation for _, operation in piece) for piece in pieces)

    def _pieces(
        self, position: int, *, token: int | Sequence[int] | None, predict: bool, logits: bool
    ) -> list[list[tuple[Instruction, str]]]:
        """The instructions of each program, with what they are for."""
        tokens, batch = self.placement.tokens, self.placement.batch
        if not 0 <= position < tokens:
            raise ConfigError([Problem("position", f"must be 0 to {tokens - 1}, not {position}")])
        given = [token] * batch if isinstance(token, int) else token
        self._check_tokens(given or ())
        room = self.params.program_words
        for overlap in (True, False)[not self.overlap :]:
            pieces = token_pieces(
                self.placement,
                self.sram,
                position,
                token=given,
                predict=predict,
                logits=logits,
                overlap=overlap,
                known=self._known[overlap],
            )
            longest = max(map(len, pieces))
            if longest < room:
                break
        else:
            message = f"must be at least {longest + 1}, the longest piece of a token, not {room}"
            raise ConfigError([Problem("pim.program_words", message)])
        found: list[list[tuple[Instruction, str]]] = []
        for piece in pieces:
            if not found or len(found[-1]) + len(piece) >= room:
                found.append([])
            found[-1] += piece
        return [[*each, (instruction("HALT"), "control")] for each in found]

    def _check_tokens(self, tokens: Sequence[int]) -> None:
        """Raise ConfigError unless there is a token for every sequence, or none at all."""
        vocabulary, batch = self.decoder.vocabulary, self.placement.batch
        for token in tokens:
            if not 0 <= token < vocabulary:
                raise ConfigError([Problem("token", f"must be 0 to {vocabulary - 1}, not {token}")])
        if tokens and len(tokens) != batch:
            raise ConfigError([Problem("token", f"must be one of each of the {batch} sequences, not {len(tokens)}")])

    def parts(self, weights: Mapping[str, Elements]) -> Iterator[tuple[int, Elements]]:
        """What the banks hold before the first token, piece by piece; whatever is left out is zero.

        Parameters
        ----------
        weights : mapping of uint16 arrays
            Bf16 tensors as their bits, named and shaped as :meth:`gen.pim.model.Decoder.tensors` says: a
            :class:`gen.pim.model.weights.Checkpoint`, or arrays.

        Returns
        -------
        iterator of (int, uint16 array of shape (units, columns, lanes))
            The first column of each piece, and its columns in the banks of all units.

        Raises
        ------
        ConfigError
            With every tensor that doesn't fit the decoder.
        """
        check(self.placement, weights)
        return parts(self.placement, weights)

    def image(self, weights: Mapping[str, Elements]) -> Elements:
        """All banks before the first token, shape (channels, banks, columns, lanes); see :meth:`parts`.

        The caches are zeros: they must hold finite numbers, as what is not filled yet is multiplied by a probability
        of zero.
        """
        params = self.params
        found = np.zeros((params.units, self.placement.rows * params.row_cols, params.lanes), np.uint16)
        for first, columns in self.parts(weights):
            found[:, first : first + columns.shape[1]] = columns
        return found.reshape(params.channels, params.banks, -1, params.lanes)

    def stored(self, weights: Mapping[str, Elements]) -> Mapping[str, Elements | Quantised]:
        """A decoder's tensors in the precision that the banks have them in, as references take them."""
        return quantised(self.decoder, weights) if self.placement.weights == "int8" else weights

    @property
    def image_bytes(self) -> int:
        """Bytes of :meth:`image`."""
        params = self.params
        return self.placement.rows * params.row_cols * params.units * params.word_bits // 8


def compile_decoder(
    decoder: Decoder,
    params: PimParams,
    tokens: int | None = None,
    layout: str = "auto",
    batch: int = 1,
    weights: str = "bf16",
    caches: str = "bf16",
    *,
    overlap: bool = True,
) -> Compiled:
    """Lay a decoder out in a system.

    Parameters
    ----------
    decoder : Decoder
    params : PimParams
    tokens : int, optional
        Tokens that the caches have room for; the decoder's context by default, but at most 1,024.
    layout : str
        A key of :data:`gen.pim.compile.LAYOUTS`.
    batch : int
        Sequences that programs take one token further together, each with caches and activations of its own.
    weights : str
        A key of :data:`gen.pim.compile.WEIGHTS`: what matrices are stored as.
    caches : str
        A key of :data:`gen.pim.compile.CACHES`: what keys and values are stored as.
    overlap : bool
        Let the vector unit work while channels do; otherwise one thing follows the other.

    Raises
    ------
    ConfigError
        With everything that the system is too small for, by how much, and what would fit.
    """
    problems = []
    tokens = min(decoder.context, USUAL_TOKENS) if tokens is None else tokens
    if isinstance(tokens, bool) or not isinstance(tokens, int) or not 1 <= tokens <= decoder.context:
        problems.append(Problem("tokens", f"must be 1 to the {decoder.context} of the model's context, not {tokens!r}"))
    choices: tuple[tuple[str, str, Collection[str]], ...] = (
        ("layout", layout, LAYOUTS),
        ("weights", weights, WEIGHTS),
        ("caches", caches, CACHES),
    )
    for key, value, known in choices:
        if value not in known:
            message = f"must be one of {', '.join(known)}, not {value!r}"
            problems.append(Problem(key, message, near_name(value, known)))
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= MOST:
        message = f"must be 1 to {MOST}, as each sequence's token is in a scalar register, not {batch!r}"
        problems.append(Problem("batch", message))
    if weights == "int8":
        problems += _int8(params)
    if caches == "int8":
        problems += [each for each in lacking(params) if each.where not in {problem.where for problem in problems}]
    if problems:
        raise ConfigError(problems)
    placement = place(decoder, params, tokens, layout, batch, weights, caches)
    problems = [*_fields(placement), *_rows(placement, layout)]
    try:
        sram = arrange(placement, overlap=overlap)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return Compiled(placement, sram, overlap)


def _int8(params: PimParams) -> Iterator[Problem]:
    """What a system lacks for weights of 8 bits."""
    if not params.int8:
        yield Problem("pim.int8", "must be true for weights of 8 bits, not false", "--set int8=true, for example")
    if params.accumulators < 2:
        message = f"must be at least 2 for weights of 8 bits, not {params.accumulators}"
        yield Problem(
            "pim.accumulators", message, "one makes dot products, and the others hold what scales make of them"
        )
    if buffer_words(params) < 2:
        yield Problem("pim.gb_words", f"must be at least 2 for weights of 8 bits, not {params.gb_words}")


def _fields(placement: Placement) -> Iterator[Problem]:
    """Sizes that no instruction of this system can address."""
    params, heads, decoder = placement.params, placement.heads, placement.decoder
    if heads.head_words > params.gb_words:
        message = f"must hold a head's query of {heads.head_words} words, not {params.gb_words}"
        yield Problem("pim.gb_words", message)
    longest = (1 << FIELDS["n"].width) - 1
    for name, elements in (("width", decoder.width), ("inner width", decoder.mlp.inner), ("heads", heads.mixed)):
        most = longest * params.lanes
        if elements > most:
            yield Problem(f"decoder's {name}", f"must be at most the {most} elements of a VMM, not {elements}")
    wide = (1 << FIELDS["row"].width - 1) - 1
    if placement.layer_rows > wide:
        yield Problem("rows of a layer", f"must be at most {wide}, the step of a loop, not {placement.layer_rows}")


def _rows(placement: Placement, layout: str) -> Iterator[Problem]:
    """A decoder that the banks have no room for."""
    params, decoder, rows = placement.params, placement.decoder, placement.rows
    if rows <= params.rows:
        return
    caches = decoder.layers * placement.cache_rows
    message = f"must be at least {rows}, not {params.rows}: {rows - caches} of weights and {caches} of caches"
    message += f" ({rows / params.rows:.2f} times as many as there are)"
    yield Problem("pim.rows", message, "; ".join(_ways_out(placement, layout)))


def _ways_out(placement: Placement, layout: str) -> Iterator[str]:
    """What would make a decoder fit."""
    params, decoder, batch = placement.params, placement.decoder, placement.batch
    weights, caches = placement.weights, placement.caches

    def channels(system: PimParams, weights: str) -> str | None:
        for count in range(system.channels + 1, 25):
            try:
                wider = replace(system, channels=count)
            except ConfigError:
                continue
            if place(decoder, wider, placement.tokens, layout, batch, weights, caches).rows <= params.rows:
                return f"{count} channels"
        return None

    if more := channels(params, weights):
        yield f"{more} would do"
    if weights == "bf16":
        able = replace(params, int8=True, accumulators=max(ACCUMULATORS, params.accumulators))
        rows = place(decoder, able, placement.tokens, layout, batch, "int8", caches).rows
        fits = "would fit"
        if rows > params.rows:
            fits = "would fit in " + more if (more := channels(able, "int8")) else "would not fit either"
        yield f"weights of 8 bits would take {rows} rows in all, and {fits}"
    if caches == "bf16":
        able = replace(params, int8=True)
        rows = place(decoder, able, placement.tokens, layout, batch, weights, "int8").rows
        if rows <= params.rows:
            yield f"caches of 8 bits would take {rows} rows in all, and would fit"

    def room(tokens: int) -> int:
        return place(decoder, params, tokens, layout, batch, weights, caches).rows

    if room(1) <= params.rows:
        low, high = 1, placement.tokens
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if room(middle) <= params.rows else (low, middle)
        yield f"fewer tokens would do, {low} at most"
    if batch > 1:
        most = next((each for each in range(batch - 1, 0, -1) if _rows_of(placement, each) <= params.rows), 0)
        if most:
            yield f"a batch of {most} would do"


def _rows_of(placement: Placement, batch: int) -> int:
    """Rows with another number of sequences."""
    each = placement.cache_rows // placement.batch
    return placement.rows - placement.decoder.layers * each * (placement.batch - batch)

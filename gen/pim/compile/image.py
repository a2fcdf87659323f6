"""What the banks hold before the first token: a decoder's weights where its placement has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gen.pim.compile.angles import turns
from gen.pim.compile.heads import Indices
from gen.pim.compile.kinds import Stored
from gen.pim.compile.placement import Items, Placement
from gen.pim.elements import Elements, bf16
from gen.pim.model import Rotary
from gen.pim.model.quantise import matrices, unfit
from hdl.params import ConfigError, Problem, near_name
from hdl.params.pim import words_of

__all__ = ["check", "parts"]

#: The tensors of a layer that each of its products with a matrix has, side by side.
SOURCES = {"attend": ("query", "key", "value"), "mix": ("mix",), "up": ("gate", "up"), "down": ("down",)}


def check(placement: Placement, weights: Mapping[str, Elements]) -> None:
    """Raise ConfigError with every tensor that is missing, unknown, of a wrong shape, not bf16, or can't be stored."""
    known = placement.decoder.tensors()
    eight = set(matrices(placement.decoder)) if placement.weights == "int8" else set()
    problems = [
        Problem(name, "is no tensor of this decoder", near_name(name, known)) for name in weights if name not in known
    ]
    for name, shape in known.items():
        found = weights.get(name)
        if found is None:
            problems.append(Problem(name, "is missing"))
        elif found.shape != shape:
            problems.append(Problem(name, f"must have the shape {shape}, not {found.shape}"))
        elif found.dtype != np.uint16:
            problems.append(Problem(name, f"must hold the bits of bf16 numbers (uint16), not {found.dtype}"))
        elif name in eight and (problem := unfit(name, found.T if name == "embedding" else found)):
            problems.append(problem)
    if problems:
        raise ConfigError(problems)


def parts(placement: Placement, weights: Mapping[str, Elements]) -> Iterator[tuple[int, Elements]]:
    """Everything that is not zero, piece by piece, as the tensors are asked for.

    Parameters
    ----------
    placement : Placement
    weights : mapping of uint16 arrays
        By the names and with the shapes of :meth:`gen.pim.model.Decoder.tensors`, as the bits of bf16 numbers.

    Yields
    ------
    (int, uint16 array of shape (units, columns, lanes))
        The first column, and what is in it and the next ones in the banks of all units.
    """
    decoder = placement.decoder
    for layer in range(decoder.layers):
        origin, names = layer * placement.layer_columns, f"{layer}."
        for name, matrix in placement.layer.items():
            yield origin + matrix.at, _matrix(placement, name, matrix, names, weights)
        vectors = {}
        for name in placement.vectors:
            if name.startswith("norm_"):
                vectors[name] = weights[names + name]
            elif (stem := name.removesuffix(".bias")) in SOURCES:
                vectors[name] = _outputs(placement, stem, _side_by_side(stem, names, weights, ".bias"))
        yield _vectors(placement, vectors, origin)
    output = weights["embedding"] if decoder.tied else weights["output"].T
    yield placement.output.at, _stored(placement.output, output)
    yield _vectors(placement, {name: weights[name] for name in placement.vectors if name in weights}, 0)
    if placement.embedding:
        yield _items(placement, placement.embedding, weights["embedding"])
    if isinstance(decoder.positions, Rotary):
        size = placement.heads.turned * placement.heads.part_words * placement.params.lanes
        table = bf16(turns(decoder.positions, placement.tokens))
        table = np.pad(table, ((0, 0), (0, 0), (0, size - table.shape[2])))
        yield _items(placement, placement.positions, table.reshape(placement.tokens, -1))
    else:
        first = decoder.positions.offset
        yield _items(placement, placement.positions, weights["positions"][first : first + placement.tokens])


def _side_by_side(name: str, names: str, weights: Mapping[str, Elements], kind: str = "") -> Elements:
    """The tensors of a product, the outputs of one behind those of the other; only the ones that there are."""
    found = [weights[f"{names}{each}{kind}"] for each in SOURCES[name] if f"{names}{each}{kind}" in weights]
    return np.concatenate(found, axis=-1)


def _matrix(placement: Placement, name: str, matrix: Stored, names: str, weights: Mapping[str, Elements]) -> Elements:
    values = _outputs(placement, name, _side_by_side(name, names, weights)).T
    return _stored(matrix, _taken(values, placement.heads.columns()) if name == "mix" else values)


def _outputs(placement: Placement, name: str, values: Elements) -> Elements:
    """A product's outputs (the last axis) in the order in which they are used, with the zeros between them."""
    if name == "attend":
        return _taken(values, placement.heads.rows())
    inner = placement.decoder.mlp.inner
    if name == "up" and placement.decoder.mlp.gated:
        gap = words_of(placement.params, inner) * placement.params.lanes - inner
        return np.insert(values, [inner] * gap, 0, axis=-1)
    return values


def _taken(values: Elements, indices: Indices) -> Elements:
    """Elements of the last axis by their indices, and zeros for -1."""
    return np.where(indices < 0, np.uint16(0), values[..., indices])


def _stored(matrix: Stored, values: Elements) -> Elements:
    """The columns of a matrix of shape (outputs, inputs)."""
    return matrix.place(values).reshape(matrix.params.units, matrix.columns, matrix.params.lanes)


def _words(placement: Placement, values: Elements, words: int) -> Elements:
    """Vectors, shape (..., elements), as N words each, filled up with zeros."""
    lanes = placement.params.lanes
    missing = words * lanes - values.shape[-1]
    filled = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])
    return filled.reshape(*values.shape[:-1], words, lanes)


def _vectors(placement: Placement, vectors: Mapping[str, Elements], origin: int) -> tuple[int, Elements]:
    """The pieces of some vectors."""
    params = placement.params
    pieces = [piece for name in vectors for piece in placement.vectors[name]]
    first = min(piece.at for piece in pieces)
    last = max(piece.at + piece.words for piece in pieces)
    found = np.zeros((params.units, last - first, params.lanes), np.uint16)
    for name, values in vectors.items():
        words = _words(placement, values, sum(piece.words for piece in placement.vectors[name]))
        done = 0
        for piece in placement.vectors[name]:
            found[piece.unit, piece.at - first : piece.at - first + piece.words] = words[done : done + piece.words]
            done += piece.words
    return origin + first, found


def _items(placement: Placement, items: Items, values: Elements) -> tuple[int, Elements]:
    """Items of shape (count, elements)."""
    params = placement.params
    turns = -(-len(values) // params.units)
    found = np.zeros((turns * params.units, items.words, params.lanes), np.uint16)
    found[: len(values)] = _words(placement, values, items.words)
    by_unit = found.reshape(turns, params.units, items.words, params.lanes).swapaxes(0, 1)
    return items.at, by_unit.reshape(params.units, turns * items.words, params.lanes)

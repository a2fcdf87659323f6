"""What the banks hold before the first token: a decoder's weights where its placement has them."""

from __future__ import annotations

import numpy as np

from gen.pim.elements import Elements
from gen.pim.gpt.placement import Placement, Round
from gen.pim.gpt.shape import Weights
from hdl.params.pim import PimParams

__all__ = ["image"]


def image(placement: Placement, weights: Weights) -> Elements:
    """The first columns of every bank.

    Parameters
    ----------
    placement : Placement
    weights : mapping of uint16 arrays
        Bf16 tensors as their bits, named and shaped as ``placement.shape.tensors`` says.

    Returns
    -------
    uint16 array of shape (units, weight_columns, lanes)
        Unit ``c * banks + b`` is bank b of channel c.

    Raises
    ------
    ConfigError
        With every tensor that doesn't fit the shape.
    """
    shape, params = placement.shape, placement.params
    shape.check(weights)
    found = np.zeros((params.units, placement.weight_columns, params.lanes), np.uint16)
    named = {**weights, "lookup": weights["wte"], "wte": weights["wte"].T}
    for name, matrix in placement.matrices.items():
        stored = matrix.place(named[name].T).reshape(params.units, matrix.columns, params.lanes)
        found[:, matrix.at : matrix.at + matrix.columns] = stored
    count = shape.vocabulary
    numbers = np.arange(count, dtype=np.float32).view(np.uint32) >> 16  # exact up to 256
    constants = np.concatenate([numbers, np.full(count, 0xBF80)]).astype(np.uint16)
    _put_item(params, found, placement.constants, 0, constants)
    _put_item(params, found, placement.final, 0, np.concatenate([weights["ln_f/g"], weights["ln_f/b"]]))
    for layer in range(shape.layers):
        vectors = [
            _filled(weights[f"h{layer}/{name}"], words * params.lanes) for name, words in placement.vector_words.items()
        ]
        _put_item(params, found, placement.layers, layer, np.concatenate(vectors))
    for position in range(shape.context):
        _put_item(params, found, placement.positions, position, weights["wpe"][position])
    return found


def _put_item(params: PimParams, found: Elements, items: Round, item: int, values: Elements) -> None:
    channel, bank, column = items.place(params, item)
    found[channel * params.banks + bank, column : column + items.words] = values.reshape(items.words, params.lanes)


def _filled(values: Elements, size: int) -> Elements:
    """A vector with zeros behind it."""
    return np.concatenate([values, np.zeros(size - len(values), np.uint16)])

"""Weights of 8 bits: every output of a matrix has a scale, and its weights are integers times this scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gen.pim.elements import Elements, numbers
from gen.pim.model.decoder import Decoder
from hdl.params import ConfigError, Problem

__all__ = ["MOST", "WEIGHTS", "Quantised", "matrices", "quantise", "quantised", "unfit"]

#: What matrices can be stored as.
WEIGHTS = {
    "bf16": "as the checkpoint has them, rounded to bf16",
    "int8": "integers of 8 bits, with a bf16 scale for every output of a matrix",
}
#: The greatest magnitude of a weight.
MOST = 127
#: The least scale: what is smaller counts as zero.
LEAST = 2.0**-126
#: Numbers that are divided at a time.
_AT_ONCE = 1 << 24


@dataclass(frozen=True)
class Quantised:
    """A matrix as integers: output j is the sum over i of ``x[i] * values[i, j]``, times ``scales[j]``.

    Parameters
    ----------
    values : int8 array of shape (inputs, outputs)
        From -127 to 127.
    scales : uint16 array of shape (outputs,)
        The bits of bf16 numbers: zero where all values are.
    """

    values: npt.NDArray[np.int8]
    scales: Elements


def unfit(name: str, weights: Elements) -> Problem | None:
    """Why a matrix of shape (inputs, outputs) can't have 8 bits; None if it can."""
    wrong = (weights & 0x7F80 == 0x7F80).any(axis=0)
    if not wrong.any():
        return None
    message = f"has a weight of output {int(wrong.argmax())} that is infinite or NaN"
    return Problem(name, message, "it can't be a weight of 8 bits")


def matrices(decoder: Decoder) -> Iterator[str]:
    """The tensors that are quantised; a tied embedding is one, as the output matrix."""
    for layer in range(decoder.layers):
        for matrix in decoder.layer_matrices():
            yield f"{layer}.{matrix.name}"
    yield "embedding" if decoder.tied else "output"


def quantise(weights: Elements) -> Quantised:
    """The nearest integers, ties to even, times the least bf16 scale with which the greatest weight is 127 at most.

    Zeros among the inputs change no scale, and the order of inputs and outputs makes no difference.

    Parameters
    ----------
    weights : uint16 array of shape (inputs, outputs)
        The bits of bf16 numbers.

    Raises
    ------
    ConfigError
        If a weight is infinite or NaN.
    """
    if problem := unfit("matrix", weights):
        raise ConfigError([problem])
    greatest = numbers((weights & 0x7FFF).max(axis=0)).astype(np.float64)
    scales = np.where(greatest == 0, 0, np.maximum(_above(greatest / MOST), LEAST)).astype(np.float32)
    values = np.empty(weights.shape, np.int8)
    divisors = np.where(scales == 0, np.float32(1), scales)
    step = max(1, _AT_ONCE // weights.shape[1])
    for first in range(0, len(weights), step):
        part = slice(first, first + step)
        # Quotients of two bf16 numbers are never so near to a tie that single precision rounds them to it.
        values[part] = np.rint(numbers(weights[part]) / divisors)
    return Quantised(values, (scales.view(np.uint32) >> np.uint32(16)).astype(np.uint16))


def _above(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The least number of 8 significant bits that is not below."""
    fraction, exponent = np.frexp(x)
    found: npt.NDArray[np.float64] = np.ldexp(np.ceil(fraction * 256), exponent - 8)
    return found


def quantised(decoder: Decoder, weights: Mapping[str, Elements]) -> dict[str, Elements | Quantised]:
    """A decoder's tensors with its matrices of 8 bits.

    Embedding, positions, gains and biases stay. A tied output matrix becomes a tensor of its own, ``output``: it is
    quantised, and the embedding is not.

    Parameters
    ----------
    decoder : Decoder
    weights : mapping of uint16 arrays
        Bf16 tensors as their bits, named and shaped as ``decoder.tensors()`` says.
    """
    found: dict[str, Elements | Quantised] = {name: weights[name] for name in weights}
    for name in matrices(decoder):
        if name == "embedding":
            found["output"] = quantise(weights[name].T)
        else:
            found[name] = quantise(weights[name])
    return found

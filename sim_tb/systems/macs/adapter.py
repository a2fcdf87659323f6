"""The adapter in floating point: its sizes, its weights as they are drawn, and what it computes of six sources."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

__all__ = ["FULL", "SMALL", "SOURCES", "Adapter", "Sizes", "layer_norm"]

Floats = NDArray[np.float64]
#: Sources that a mixture is separated into: rows of every product.
SOURCES = 6
_ERF = np.frompyfunc(erf, 1, 1)


@dataclass(frozen=True)
class Sizes:
    """Widths of the adapter.

    Parameters
    ----------
    embedding, hidden, token : int
        Of what comes in, between the two layers, and of what goes out.
    heads : tuple of (int, int)
        Widths of the projections to keys and values, and how many attention layers have them.
    """

    embedding: int
    hidden: int
    token: int
    heads: tuple[tuple[int, int], ...]


#: As in MACS with Stable Diffusion 1.4, and a small one of the same form.
FULL = Sizes(512, 2048, 768, ((320, 5), (640, 5), (1280, 6)))
SMALL = Sizes(64, 256, 96, ((40, 5), (80, 5), (160, 6)))


@dataclass(frozen=True)
class Adapter:
    """Weights, random as before any training: uniform after Glorot, without gains and offsets of LayerNorm.

    Parameters
    ----------
    sizes : Sizes
    position : array of shape (SOURCES, embedding)
    w1, w2 : arrays
        Of the layers.
    b1, b2 : arrays
    heads : tuple of (array, array)
        Of keys and values, a pair of each width.
    """

    sizes: Sizes
    position: Floats
    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats
    heads: tuple[tuple[Floats, Floats], ...]

    @classmethod
    def drawn(cls, sizes: Sizes, seed: int) -> Adapter:
        """Of a seed."""
        rng = np.random.default_rng([seed, 1])

        def glorot(inputs: int, outputs: int) -> Floats:
            limit = np.sqrt(6 / (inputs + outputs))
            return rng.uniform(-limit, limit, (inputs, outputs))

        def bias(inputs: int, outputs: int) -> Floats:
            found: Floats = rng.uniform(-1, 1, outputs) / np.sqrt(inputs)
            return found

        e, h, t = sizes.embedding, sizes.hidden, sizes.token
        position = rng.normal(0, 0.02, (SOURCES, e))
        layers = (glorot(e, h), bias(e, h), glorot(h, t), bias(h, t))
        return cls(sizes, position, *layers, tuple((glorot(t, n), glorot(t, n)) for n, _ in sizes.heads))

    def hidden(self, embeddings: Floats) -> Floats:
        """What the first layer gives of embeddings (sets, SOURCES, embedding)."""
        found: Floats = layer_norm(embeddings + self.position) @ self.w1 + self.b1
        return found

    def tokens(self, embeddings: Floats) -> Floats:
        """The tokens (sets, SOURCES, token)."""
        values = self.hidden(embeddings)
        return layer_norm(gelu(values) @ self.w2 + self.b2)


def gelu(values: Floats) -> Floats:
    """X (1 + erf(x / sqrt 2)) / 2."""
    found: Floats = values * (1 + _ERF(values / np.sqrt(2)).astype(np.float64)) / 2
    return found


def layer_norm(values: Floats) -> Floats:
    """Mean 0 and variance 1 along the last axis."""
    centred = values - values.mean(axis=-1, keepdims=True)
    found: Floats = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True))
    return found

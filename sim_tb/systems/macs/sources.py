"""Embeddings of synthetic sources and of their mixture, and the order in which sources matter."""

from __future__ import annotations

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.systems.macs.adapter import SOURCES, Floats
from sim_tb.systems.macs.fixed import TOP

__all__ = ["draw", "order", "quantised"]

#: Standard deviation of what a mixture has beside its sources, as a part of one of those.
REST = 0.3


def draw(width: int, count: int, seed: int) -> tuple[Floats, Floats]:
    """Sets of sources (count, SOURCES, width) and their mixtures (count, width), all of length 1.

    Sources have random directions, and are mixed with random weights between 0 and 1.
    """
    rng = np.random.default_rng([seed, 2])
    sources = _unit(rng.normal(size=(count, SOURCES, width)))
    weights = rng.uniform(0, 1, (count, SOURCES, 1))
    rest = REST * _unit(rng.normal(size=(count, 1, width)))
    return sources, _unit((weights * sources).sum(axis=1, keepdims=True) + rest)[:, 0]


def quantised(embeddings: Floats, top: float) -> Matrix:
    """Eight bits, of which the greatest stands for ``top``."""
    found: Matrix = np.clip(np.rint(embeddings / top * TOP), -TOP, TOP).astype(np.int64)
    return found


def order(similarity: Matrix) -> Matrix:
    """Sources (..., SOURCES) by how similar they are to the mixture, the most similar first."""
    found: Matrix = np.argsort(-similarity, axis=-1, kind="stable")
    return found


def _unit(values: Floats) -> Floats:
    found: Floats = values / np.linalg.norm(values, axis=-1, keepdims=True)
    return found

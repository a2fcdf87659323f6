"""Decoders with random weights that tests share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gen.pim.gpt import GptShape
from hdl.params.pim import PRESETS, PimParams
from sim_tb.golden.float import narrow, widen
from sim_tb.golden.gpt import Decoder, Double, Single

TINY = PRESETS["tiny"]
#: One layer that fits the preset as it is.
TOY = GptShape(layers=1, heads=2, width=16, context=40, vocabulary=32)


def random_weights(shape: GptShape, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights that make activations of about 1."""
    return {
        name: narrow((0.3 * rng.standard_normal(sizes) + name.endswith("/g")).astype(np.float32))
        for name, sizes in shape.tensors.items()
    }


def exact(shape: GptShape, weights: dict[str, np.ndarray], params: PimParams) -> Decoder:
    """The decoder bit for bit."""
    arithmetic = Single(params.lanes, params.gb_words * params.lanes, params.vector_lanes)
    return Decoder(weights, shape.heads, arithmetic, shape.epsilon)


def double(shape: GptShape, weights: dict[str, np.ndarray]) -> Decoder:
    """The decoder in float64."""
    return Decoder(weights, shape.heads, Double(), shape.epsilon)


def distance(bits: np.ndarray, numbers: np.ndarray) -> float:
    """One less the cosine between two vectors."""
    found = widen(bits).astype(np.float64)
    return 1 - float(found @ numbers / np.linalg.norm(found) / np.linalg.norm(numbers))


def system(**sizes: int) -> PimParams:
    """The tiny system with other sizes, and enough memory."""
    return replace(TINY, **{"rows": 1024, **sizes})

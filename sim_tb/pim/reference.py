"""A decoder on vectors: in float64, and in the arithmetic of the PIM controller bit for bit.

It knows the decoder's description and nothing of instructions, memories or placement: what a program computes is
compared with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gen.pim.model import Decoder, Learned, Rotary
from gen.pim.model.quantise import Quantised
from sim_tb.pim.arithmetic import Arithmetic, Double, Elements, Numbers, Sections, Single

__all__ = ["Reference", "Weights", "double", "single"]

#: A tensor's bf16 numbers as their bits, or a matrix of 8 bits.
Weights = Elements | Quantised


class Reference:
    """Takes tokens one after the other, and keeps their keys and values.

    Parameters
    ----------
    decoder : Decoder
    weights : mapping of uint16 arrays or Quantised
        Bf16 tensors as their bits, named and shaped as ``decoder.tensors()`` says; or what
        :func:`gen.pim.model.quantise.quantised` has made of them.
    arithmetic : Arithmetic
    """

    def __init__(self, decoder: Decoder, weights: Mapping[str, Weights], arithmetic: Arithmetic) -> None:
        self.decoder, self.arithmetic = decoder, arithmetic
        self.weights = {name: _read(arithmetic, weights[name]) for name in weights}
        self.keys: list[list[Numbers]] = [[] for _ in range(decoder.layers)]
        self.values: list[list[Numbers]] = [[] for _ in range(decoder.layers)]

    def logits(self, token: int) -> Numbers:
        """Process a token; one number for every token that may follow."""
        w, ar, decoder = self.weights, self.arithmetic, self.decoder
        x = w["embedding"][token]
        if isinstance(decoder.positions, Learned):
            x = ar.add(x, w["positions"][len(self.keys[0]) + decoder.positions.offset])
        for layer in range(decoder.layers):
            y = self._norm(f"{layer}.norm_1", x)
            x = ar.add(x, self._attention(layer, y))
            if not decoder.parallel:
                y = self._norm(f"{layer}.norm_2", x)
            x = ar.add(x, self._mlp(layer, y))
        matrix = w["output"] if "output" in w else w["embedding"].T
        return ar.linear("output", self._norm("norm", x), matrix, w.get("output.bias"))

    def _norm(self, name: str, x: Numbers) -> Numbers:
        return self.arithmetic.norm(self.decoder.norm, x, self.weights[name], self.weights.get(f"{name}.bias"))

    def _linear(self, product: str, name: str, x: Numbers) -> Numbers:
        return self.arithmetic.linear(product, x, self.weights[name], self.weights.get(f"{name}.bias"))

    def _mlp(self, layer: int, y: Numbers) -> Numbers:
        mlp, ar = self.decoder.mlp, self.arithmetic
        up = self._linear("up", f"{layer}.up", y)
        if mlp.gated:
            wide = ar.multiply(ar.activation(mlp.activation, self._linear("up", f"{layer}.gate", y)), up)
        else:
            wide = ar.activation(mlp.activation, up)
        return self._linear("down", f"{layer}.down", wide)

    def _attention(self, layer: int, y: Numbers) -> Numbers:
        attention, ar, w = self.decoder.attention, self.arithmetic, self.weights
        q, k, v = (
            self._linear("attend", f"{layer}.{name}", y).reshape(-1, attention.head_width)
            for name in ("query", "key", "value")
        )
        position = len(self.keys[layer])
        self.keys[layer].append(ar.store(self._turned(k, position)))
        self.values[layer].append(ar.store(v))
        q = self._turned(q, position)
        window = attention.windows[layer]
        tokens = ar.places(range(max(0, position + 1 - window) if window else 0, position + 1), window)
        keys = np.stack([self.keys[layer][token] for token in tokens], axis=1)
        values = np.stack([self.values[layer][token] for token in tokens], axis=1)
        mixed = []
        for head, query in enumerate(q):
            group = head // (attention.heads // attention.groups)
            shares = ar.softmax(ar.scores(keys[group], query, self._sections), attention.scale[layer])
            mixed.append(ar.mix(shares, values[group]))
        return ar.join(np.array(mixed), w[f"{layer}.mix"], w.get(f"{layer}.mix.bias"), attention.groups)

    # --- rotary positions --------------------------------------------------------------------------------------------
    @property
    def _sections(self) -> Sections:
        positions, width = self.decoder.positions, self.decoder.attention.head_width
        if isinstance(positions, Learned):
            return [range(width)]
        pairs, step = positions.width // 2, 2 if positions.interleaved else 1
        start = 1 if positions.interleaved else pairs
        return [
            [step * pair for pair in range(pairs)],
            [start + step * pair for pair in range(pairs)],
            list(range(positions.width, width)),
        ]

    def _turned(self, heads: Numbers, position: int) -> Numbers:
        """Queries or keys of all heads, each pair turned by the angle of the position."""
        rotary, ar = self.decoder.positions, self.arithmetic
        if not isinstance(rotary, Rotary):
            return heads
        angles = np.array([position * _speed(rotary, pair) for pair in range(rotary.width // 2)])
        cos, sin, minus = (ar.exact(each) for each in (np.cos(angles), np.sin(angles), -np.sin(angles)))
        first, second, _ = self._sections
        a, b = heads[:, first], heads[:, second]
        found = heads.copy()
        found[:, first] = ar.multiply_add(a, cos, ar.multiply(b, minus))
        found[:, second] = ar.multiply_add(b, cos, ar.multiply(a, sin))
        return found


def _speed(rotary: Rotary, pair: int) -> float:
    """The angle of a pair from one position to the next."""
    speed: float = rotary.base ** (-2 * pair / rotary.width)
    scaling = dict(rotary.scaling)
    if not scaling:
        return speed
    slow = speed / scaling["factor"]
    if "low_freq_factor" not in scaling:
        return slow
    length, context = 2 * math.pi / speed, scaling["original_max_position_embeddings"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    if length < context / high:
        return speed
    if length > context / low:
        return slow
    smooth = (context / length - low) / (high - low)
    return (1 - smooth) * slow + smooth * speed


def _read(arithmetic: Arithmetic, weights: Weights) -> Any:
    return arithmetic.matrix(weights) if isinstance(weights, Quantised) else arithmetic.numbers(weights)


def double(decoder: Decoder, weights: Mapping[str, Weights], caches: str = "bf16") -> Reference:
    """A decoder in float64."""
    return Reference(decoder, weights, Double(caches))


def single(
    decoder: Decoder,
    weights: Mapping[str, Weights],
    params: Any,
    chunks: Mapping[str, int] | None = None,
    caches: str = "bf16",
) -> Reference:
    """A decoder bit for bit as on a system, a :class:`hdl.params.pim.PimParams`.

    ``chunks`` are those of :class:`Single`; by default global buffers.
    """
    usual = dict.fromkeys(("attend", "mix", "up", "down", "output"), params.gb_words * params.lanes)
    chunks = chunks or usual
    return Reference(decoder, weights, Single(params.lanes, params.banks, chunks, params.vector_lanes, caches))

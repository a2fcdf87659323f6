"""A decoder on vectors: in float64, and in the arithmetic of the PIM controller bit for bit.

It knows the decoder's description and nothing of instructions, memories or placement: what a program computes is
compared with it. What the order of a sum depends on in the controller stands in :class:`Single`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gen.pim.model import Decoder, Learned, Norm, Rotary
from gen.pim.model.quantise import Quantised
from gen.pim.model.weights import to_bf16
from sim_tb.golden.float import add, dot, gelu, gelue, multiply, narrow, rectified, silu, widen
from sim_tb.golden.pim import vector
from sim_tb.pim.int8 import scaled_product

__all__ = ["Arithmetic", "Double", "Reference", "Single", "double", "single"]

Elements = npt.NDArray[np.uint16]
#: A tensor's bf16 numbers as their bits, or a matrix of 8 bits.
Weights = Elements | Quantised
#: What an arithmetic computes with.
Numbers = npt.NDArray[Any]
#: Elements of a head that belong together: first halves of the rotated pairs, second halves, the rest; or all.
Sections = Sequence[Sequence[int]]


class Arithmetic(Protocol):
    """The steps of a decoder on numbers of some kind."""

    def numbers(self, weights: Elements) -> Numbers:
        """The numbers of a tensor."""
        ...

    def matrix(self, weights: Quantised) -> Any:
        """A matrix of 8 bits, as :meth:`linear` and :meth:`join` take it."""
        ...

    def exact(self, values: npt.NDArray[np.float64]) -> Numbers:
        """Numbers that are no weights."""
        ...

    def linear(self, product: str, x: Numbers, matrix: Any, bias: Numbers | None = None) -> Numbers:
        """``x @ matrix + bias``, a part of a product of the controller's; the matrix is as the first two give it."""
        ...

    def join(self, mixed: Numbers, matrix: Any, bias: Numbers | None, groups: int) -> Numbers:
        """The same of what the heads give, shape (heads, elements)."""
        ...

    def scores(self, keys: Numbers, query: Numbers, sections: Sections) -> Numbers:
        """``keys @ query``."""
        ...

    def mix(self, shares: Numbers, values: Numbers) -> Numbers:
        """``shares @ values``."""
        ...

    def places(self, tokens: range, window: int) -> Sequence[int]:
        """Tokens in the order in which scores and mixtures are summed."""
        ...

    def add(self, x: Numbers, y: Numbers) -> Numbers:
        """``x + y``."""
        ...

    def multiply(self, x: Numbers, y: Numbers) -> Numbers:
        """``x * y``."""
        ...

    def multiply_add(self, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
        """``x * y + z``."""
        ...

    def activation(self, name: str, x: Numbers) -> Numbers:
        """A function of :data:`gen.pim.model.decoder.ACTIVATIONS`."""
        ...

    def softmax(self, x: Numbers, scale: float) -> Numbers:
        """Softmax of ``scale * x``."""
        ...

    def norm(self, norm: Norm, x: Numbers, gain: Numbers, bias: Numbers | None) -> Numbers:
        """A normalisation."""
        ...


def _erf(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.array([math.erf(each) for each in x])


class Double:
    """Float64 throughout."""

    ACTIVATIONS: Mapping[str, Callable[[Numbers], Numbers]] = {
        "gelu": lambda x: x * (1 + _erf(x / np.sqrt(2))) / 2,
        "gelu_tanh": lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
        "relu": lambda x: np.maximum(x, 0),
        "silu": lambda x: x / (1 + np.exp(-x)),
    }

    def numbers(self, weights: Elements) -> Numbers:
        return widen(weights).astype(np.float64)

    def matrix(self, weights: Quantised) -> Any:
        return weights.values * self.numbers(weights.scales)

    def exact(self, values: npt.NDArray[np.float64]) -> Numbers:
        return values

    def linear(self, product: str, x: Numbers, matrix: Numbers, bias: Numbers | None = None) -> Numbers:
        result: Numbers = x @ matrix
        return result if bias is None else result + bias

    def join(self, mixed: Numbers, matrix: Numbers, bias: Numbers | None, groups: int) -> Numbers:
        return self.linear("mix", mixed.reshape(-1), matrix, bias)

    def scores(self, keys: Numbers, query: Numbers, sections: Sections) -> Numbers:
        product: Numbers = keys @ query
        return product

    def mix(self, shares: Numbers, values: Numbers) -> Numbers:
        product: Numbers = shares @ values
        return product

    def places(self, tokens: range, window: int) -> Sequence[int]:
        return tokens

    def add(self, x: Numbers, y: Numbers) -> Numbers:
        return x + y

    def multiply(self, x: Numbers, y: Numbers) -> Numbers:
        return x * y

    def multiply_add(self, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
        return x * y + z

    def activation(self, name: str, x: Numbers) -> Numbers:
        return self.ACTIVATIONS[name](x)

    def softmax(self, x: Numbers, scale: float) -> Numbers:
        powers = np.exp(scale * (x - x.max()))
        result: Numbers = powers / powers.sum()
        return result

    def norm(self, norm: Norm, x: Numbers, gain: Numbers, bias: Numbers | None) -> Numbers:
        centred = x - x.mean() if norm.kind == "layer" else x
        result: Numbers = centred / np.sqrt((centred**2).mean() + norm.epsilon) * gain
        return result if bias is None else result + bias


class Single:
    """Bf16 vectors with single precision inside, as the controller has them.

    Parameters
    ----------
    lanes : int
        Multipliers of a MAC unit.
    banks : int
        Banks of a channel: each head's share of a mixture is filled up to whole words and whole channels.
    chunks : mapping
        Elements of each product's input (``attend``, ``mix``, ``up``, ``down``, ``output``) after which partial sums
        are rounded to bf16.
    vector_lanes : int
        Elements that the vector unit sums at a time.
    """

    ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
        "gelu": gelue,
        "gelu_tanh": gelu,
        "relu": rectified,
        "silu": silu,
    }

    def __init__(self, lanes: int, banks: int, chunks: Mapping[str, int], vector_lanes: int) -> None:
        self.lanes, self.banks, self.chunks, self.vector_lanes = lanes, banks, chunks, vector_lanes

    def numbers(self, weights: Elements) -> Numbers:
        return weights

    def matrix(self, weights: Quantised) -> Any:
        return weights

    def exact(self, values: npt.NDArray[np.float64]) -> Numbers:
        return to_bf16(values)

    def linear(self, product: str, x: Numbers, matrix: Any, bias: Numbers | None = None) -> Numbers:
        if isinstance(matrix, Quantised):
            return scaled_product(x, matrix, bias, self.lanes, self.chunks[product])
        x, matrix = _filled(x, self.lanes), _filled(matrix.T, self.lanes)
        result = np.zeros(len(matrix), np.uint16) if bias is None else bias
        for at in range(0, len(x), self.chunks[product]):
            part = slice(at, at + self.chunks[product])
            result = narrow(dot(matrix[:, part], x[part], self.lanes, widen(result)))
        return result

    def join(self, mixed: Numbers, matrix: Any, bias: Numbers | None, groups: int) -> Numbers:
        """Of the heads that share keys, the first ones of all groups are summed first, then the second ones."""
        heads, width = mixed.shape
        order = [group * (heads // groups) + repeat for repeat in range(heads // groups) for group in range(groups)]
        whole = int(np.lcm(self.lanes, self.banks))

        def ordered(values: Numbers) -> Numbers:
            rows = values.reshape(heads, width, -1)[order].swapaxes(1, 2)
            return _filled(rows, whole).swapaxes(1, 2).reshape(-1, values.shape[1])

        if isinstance(matrix, Quantised):
            matrix = Quantised(ordered(matrix.values), matrix.scales)
        else:
            matrix = ordered(matrix)
        return self.linear("mix", _filled(mixed[order], whole).reshape(-1), matrix, bias)

    def scores(self, keys: Numbers, query: Numbers, sections: Sections) -> Numbers:
        return self._dot(
            np.concatenate([_filled(keys[:, section], self.lanes) for section in sections], axis=1),
            np.concatenate([_filled(query[section], self.lanes) for section in sections]),
        )

    def mix(self, shares: Numbers, values: Numbers) -> Numbers:
        return self._dot(_filled(values.T, self.lanes), _filled(shares, self.lanes))

    def places(self, tokens: range, window: int) -> Sequence[int]:
        """A token takes the place of the one that has left the window."""
        return sorted(tokens, key=lambda token: token % window) if window else tokens

    def _dot(self, matrix: Numbers, x: Numbers) -> Numbers:
        return narrow(dot(matrix, x, self.lanes))

    def add(self, x: Numbers, y: Numbers) -> Numbers:
        return narrow(add(widen(x), widen(y)))

    def multiply(self, x: Numbers, y: Numbers) -> Numbers:
        return narrow(multiply(widen(x), widen(y)))

    def multiply_add(self, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
        return narrow(add(multiply(widen(x), widen(y)), widen(z)))

    def activation(self, name: str, x: Numbers) -> Numbers:
        return narrow(self.ACTIVATIONS[name](widen(x)))

    def softmax(self, x: Numbers, scale: float) -> Numbers:
        return vector.softmax(x, np.float32(scale), self.vector_lanes)

    def norm(self, norm: Norm, x: Numbers, gain: Numbers, bias: Numbers | None) -> Numbers:
        eps, share = np.float32(len(x) * norm.epsilon), np.float32(1 / len(x))
        if bias is None:
            return vector.rmsnorm(x, gain, eps, share, self.vector_lanes)
        return vector.layernorm(x, gain, bias, eps, share, self.vector_lanes)


def _filled(x: Numbers, whole: int) -> Numbers:
    """The last axis filled up with zeros to a multiple."""
    return np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -x.shape[-1] % whole)])


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
        self.keys[layer].append(self._turned(k, position))
        self.values[layer].append(v)
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


def double(decoder: Decoder, weights: Mapping[str, Weights]) -> Reference:
    """A decoder in float64."""
    return Reference(decoder, weights, Double())


def single(
    decoder: Decoder, weights: Mapping[str, Weights], params: Any, chunks: Mapping[str, int] | None = None
) -> Reference:
    """A decoder bit for bit as on a system, a :class:`hdl.params.pim.PimParams`.

    ``chunks`` are those of :class:`Single`; by default global buffers.
    """
    usual = dict.fromkeys(("attend", "mix", "up", "down", "output"), params.gb_words * params.lanes)
    return Reference(decoder, weights, Single(params.lanes, params.banks, chunks or usual, params.vector_lanes))

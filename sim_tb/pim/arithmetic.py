"""What references of decoders compute with: float64, or the arithmetic of the PIM controller bit for bit.

What the order of a sum depends on in the controller stands in :class:`Single`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gen.pim.model import Norm
from gen.pim.model.quantise import Quantised
from gen.pim.model.weights import to_bf16
from sim_tb.golden.float import add, dot, gelu, gelue, multiply, narrow, rectified, silu, widen
from sim_tb.golden.pim import vector
from sim_tb.pim.int8 import cached, scaled_product

__all__ = ["Arithmetic", "Double", "Elements", "Numbers", "Sections", "Single"]

Elements = npt.NDArray[np.uint16]
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

    def store(self, heads: Numbers) -> Numbers:
        """A token's keys, or values, as the caches have them, and as :meth:`scores` and :meth:`mix` take them."""
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
    """Float64 throughout.

    Parameters
    ----------
    caches : str
        What keys and values are stored as, a key of :data:`gen.pim.compile.CACHES`.
    """

    ACTIVATIONS: Mapping[str, Callable[[Numbers], Numbers]] = {
        "gelu": lambda x: x * (1 + _erf(x / np.sqrt(2))) / 2,
        "gelu_tanh": lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
        "relu": lambda x: np.maximum(x, 0),
        "silu": lambda x: x / (1 + np.exp(-x)),
    }

    def __init__(self, caches: str = "bf16") -> None:
        self.caches = caches

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

    def store(self, heads: Numbers) -> Numbers:
        if self.caches == "bf16":
            return heads
        integers, scale = cached(heads)
        return integers * scale

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
    caches : str
        What keys and values are stored as; of ``int8`` the last element of each is its scale.
    """

    ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
        "gelu": gelue,
        "gelu_tanh": gelu,
        "relu": rectified,
        "silu": silu,
    }

    def __init__(
        self, lanes: int, banks: int, chunks: Mapping[str, int], vector_lanes: int, caches: str = "bf16"
    ) -> None:
        self.lanes, self.banks, self.chunks, self.vector_lanes = lanes, banks, chunks, vector_lanes
        self.eight = caches == "int8"
        # Elements of caches that a column has.
        self.column = lanes * (1 + self.eight)

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
        whole = int(np.lcm(self.column, self.banks))

        def ordered(values: Numbers) -> Numbers:
            rows = values.reshape(heads, width, -1)[order].swapaxes(1, 2)
            return _filled(rows, whole).swapaxes(1, 2).reshape(-1, values.shape[1])

        if isinstance(matrix, Quantised):
            matrix = Quantised(ordered(matrix.values), matrix.scales)
        else:
            matrix = ordered(matrix)
        return self.linear("mix", _filled(mixed[order], whole).reshape(-1), matrix, bias)

    def store(self, heads: Numbers) -> Numbers:
        if not self.eight:
            return heads
        integers, scale = cached(widen(heads))
        return narrow(np.pad(integers, ((0, 0), (0, 1)), constant_values=scale).astype(np.float32))

    def scores(self, keys: Numbers, query: Numbers, sections: Sections) -> Numbers:
        found = self._dot(
            np.concatenate([_filled(keys[:, section], self.column) for section in sections], axis=1),
            np.concatenate([_filled(query[section], self.column) for section in sections]),
        )
        return self.multiply(found, keys[:, -1]) if self.eight else found

    def mix(self, shares: Numbers, values: Numbers) -> Numbers:
        if self.eight:
            shares, values = self.multiply(shares, values[:, -1]), values[:, :-1]
        return self._dot(_filled(values.T, self.column), _filled(shares, self.column))

    def places(self, tokens: range, window: int) -> Sequence[int]:
        """A token takes the place of the one that has left the window."""
        return sorted(tokens, key=lambda token: token % window) if window else tokens

    def _dot(self, matrix: Numbers, x: Numbers) -> Numbers:
        return narrow(dot(matrix, x, self.column))

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

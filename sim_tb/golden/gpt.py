"""A GPT-2 style decoder on vectors: in float64, and in the arithmetic of the PIM controller bit for bit.

It knows nothing of instructions, memories or placement: what a program computes is compared with it. Weights are bf16
tensors as their bits, by the names of the GPT-2 checkpoints; matrices are (inputs, outputs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sim_tb.golden.float import add, dot, gelu, narrow, widen
from sim_tb.golden.pim import vector

__all__ = ["Arithmetic", "Decoder", "Double", "Single"]

Elements = npt.NDArray[np.uint16]
#: What an arithmetic computes with.
Numbers = npt.NDArray[Any]


class Arithmetic(Protocol):
    """The steps of a decoder on numbers of some kind."""

    def numbers(self, weights: Elements) -> Numbers:
        """The numbers of a tensor."""
        ...

    def linear(self, x: Numbers, matrix: Numbers, bias: Numbers | None = None) -> Numbers:
        """``x @ matrix + bias``."""
        ...

    def weigh(self, matrix: Numbers, x: Numbers) -> Numbers:
        """``matrix @ x`` without rounding in between."""
        ...

    def add(self, x: Numbers, y: Numbers) -> Numbers:
        """``x + y``."""
        ...

    def gelu(self, x: Numbers) -> Numbers:
        """GELU in its tanh form."""
        ...

    def softmax(self, x: Numbers, scale: float) -> Numbers:
        """Softmax of ``scale * x``."""
        ...

    def layernorm(self, x: Numbers, gamma: Numbers, beta: Numbers, epsilon: float) -> Numbers:
        """Layer normalisation."""
        ...


class Double:
    """Float64 throughout."""

    def numbers(self, weights: Elements) -> Numbers:
        return widen(weights).astype(np.float64)

    def linear(self, x: Numbers, matrix: Numbers, bias: Numbers | None = None) -> Numbers:
        product: Numbers = x @ matrix
        return product if bias is None else product + bias

    def weigh(self, matrix: Numbers, x: Numbers) -> Numbers:
        product: Numbers = matrix @ x
        return product

    def add(self, x: Numbers, y: Numbers) -> Numbers:
        return x + y

    def gelu(self, x: Numbers) -> Numbers:
        result: Numbers = x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2
        return result

    def softmax(self, x: Numbers, scale: float) -> Numbers:
        powers = np.exp(scale * (x - x.max()))
        result: Numbers = powers / powers.sum()
        return result

    def layernorm(self, x: Numbers, gamma: Numbers, beta: Numbers, epsilon: float) -> Numbers:
        result: Numbers = (x - x.mean()) / np.sqrt(x.var() + epsilon) * gamma + beta
        return result


class Single:
    """Bf16 vectors with single precision inside, as the controller has them.

    Parameters
    ----------
    lanes : int
        Multipliers of a MAC unit.
    chunk : int
        Elements of the global buffer: partial sums of longer inputs are rounded to bf16.
    vector_lanes : int
        Elements that the vector unit sums at a time.
    """

    def __init__(self, lanes: int, chunk: int, vector_lanes: int) -> None:
        self.lanes, self.chunk, self.vector_lanes = lanes, chunk, vector_lanes

    def numbers(self, weights: Elements) -> Numbers:
        return weights

    def linear(self, x: Numbers, matrix: Numbers, bias: Numbers | None = None) -> Numbers:
        result = np.zeros(matrix.shape[1], np.uint16) if bias is None else bias
        for at in range(0, len(x), self.chunk):
            part = slice(at, at + self.chunk)
            result = narrow(dot(matrix[part].T, x[part], self.lanes, widen(result)))
        return result

    def weigh(self, matrix: Numbers, x: Numbers) -> Numbers:
        missing = -len(x) % self.lanes
        filled = np.pad(matrix, ((0, 0), (0, missing))), np.pad(x, (0, missing))
        return narrow(dot(*filled, self.lanes))

    def add(self, x: Numbers, y: Numbers) -> Numbers:
        return narrow(add(widen(x), widen(y)))

    def gelu(self, x: Numbers) -> Numbers:
        return narrow(gelu(widen(x)))

    def softmax(self, x: Numbers, scale: float) -> Numbers:
        return vector.softmax(x, np.float32(scale), self.vector_lanes)

    def layernorm(self, x: Numbers, gamma: Numbers, beta: Numbers, epsilon: float) -> Numbers:
        eps, share = np.float32(len(x) * epsilon), np.float32(1 / len(x))
        return vector.layernorm(x, gamma, beta, eps, share, self.vector_lanes)


class Decoder:
    """Takes tokens one after the other, and keeps their keys and values.

    Parameters
    ----------
    weights : mapping of uint16 arrays
    heads : int
    arithmetic : Arithmetic
    epsilon : float
        Summand to the variance in layer normalisation.
    """

    def __init__(
        self, weights: Mapping[str, Elements], heads: int, arithmetic: Arithmetic, epsilon: float = 1e-5
    ) -> None:
        self.heads, self.arithmetic, self.epsilon = heads, arithmetic, epsilon
        self.weights = {name: arithmetic.numbers(tensor) for name, tensor in weights.items()}
        self.layers = sum(name.endswith("/ln_1/g") for name in weights)
        self.keys: list[list[Numbers]] = [[] for _ in range(self.layers)]
        self.values: list[list[Numbers]] = [[] for _ in range(self.layers)]

    def logits(self, token: int) -> Numbers:
        """Process a token; one number for every token that may follow."""
        w, ar = self.weights, self.arithmetic
        # Adding nothing turns -0 into +0, as a sum of products with a token's vector does.
        row = ar.add(w["wte"][token], np.zeros_like(w["wte"][token]))
        x = ar.add(row, w["wpe"][len(self.keys[0])])
        for layer in range(self.layers):
            h = f"h{layer}/"
            mixed = self._attention(layer, self._linear(f"{h}attn/c_attn", self._norm(f"{h}ln_1", x)))
            x = ar.add(x, self._linear(f"{h}attn/c_proj", mixed))
            wide = ar.gelu(self._linear(f"{h}mlp/c_fc", self._norm(f"{h}ln_2", x)))
            x = ar.add(x, self._linear(f"{h}mlp/c_proj", wide))
        return ar.linear(self._norm("ln_f", x), w["wte"].T)

    def _norm(self, name: str, x: Numbers) -> Numbers:
        return self.arithmetic.layernorm(x, self.weights[f"{name}/g"], self.weights[f"{name}/b"], self.epsilon)

    def _linear(self, name: str, x: Numbers) -> Numbers:
        return self.arithmetic.linear(x, self.weights[f"{name}/w"], self.weights[f"{name}/b"])

    def _attention(self, layer: int, qkv: Numbers) -> Numbers:
        """Every head's mixture of the values so far, side by side."""
        q, k, v = qkv.reshape(3, self.heads, -1)
        self.keys[layer].append(k)
        self.values[layer].append(v)
        keys, values = np.stack(self.keys[layer], axis=1), np.stack(self.values[layer], axis=2)
        scale = q.shape[1] ** -0.5
        scores = [self.arithmetic.softmax(self.arithmetic.weigh(keys[h], q[h]), scale) for h in range(self.heads)]
        return np.concatenate([self.arithmetic.weigh(values[h], scores[h]) for h in range(self.heads)])

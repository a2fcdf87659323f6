"""A layer in integers: operands, what makes results of its sums, and the results that ONNX Runtime gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hdl.params import ConfigError, Problem
from sim_tb.golden import Matrix
from sim_tb.workloads.gemm import Product

__all__ = ["Crop", "IntegerLayer"]


@dataclass(frozen=True)
class Crop:
    """How much of a layer is computed: evenly spaced rows (pixels), columns (filters) and groups, with all of k.

    Parameters
    ----------
    most : int or None
        At most so many of each; all if None.
    """

    most: int | None = None

    def __post_init__(self) -> None:
        if self.most is not None and (isinstance(self.most, bool) or self.most < 1):
            raise ConfigError([Problem("crop", f"must be an integer of at least 1, not {self.most!r}")])

    def of(self, size: int) -> Matrix:
        """Indices of what is computed out of ``size``, the first and the last among them."""
        count = size if self.most is None else min(size, self.most)
        return np.unique(np.linspace(0, size - 1, count).round().astype(np.int64))


@dataclass(frozen=True, kw_only=True)
class IntegerLayer:
    """A layer, or a part of it.

    Sums are those of (activation - its zero point) times (weight - its zero point), and the bias.

    Parameters
    ----------
    product : Product
        The whole layer.
    activations, weights : integer arrays of shapes (groups, m, k) and (groups, k, n)
        As they are stored, zero points included.
    zero_activation : int
        The integer that stands for zero.
    zero_weight, bias : int64 arrays of shape (groups, 1, n)
    scale : float32 array of shape (groups, 1, n), or None
        Multiplies the sums; without it the sums are the results.
    zero_result, low, high : int
        Added to what was scaled, and the range to which the result saturates.
    expected : integer array of shape (groups, m, n)
        ONNX Runtime's results.
    """

    product: Product
    activations: Matrix
    weights: Matrix
    zero_activation: int
    zero_weight: Matrix
    bias: Matrix
    scale: Matrix | None
    zero_result: int
    low: int
    high: int
    expected: Matrix

    _ARRAYS: ClassVar = ("activations", "weights", "zero_weight", "bias", "scale", "expected")
    _NUMBERS: ClassVar = ("zero_activation", "zero_result", "low", "high")

    @property
    def macs(self) -> int:
        """Multiply-accumulates of what is computed."""
        return int(self.activations.size) * int(self.weights.shape[2])

    @property
    def cropped(self) -> bool:
        """Only a part of the layer is computed."""
        return self.macs < self.product.macs

    def results(self, sums: Matrix) -> Matrix:
        """The layer's results of its sums, as ONNX Runtime makes them.

        A sum becomes a float of 32 bits, is multiplied by the scale, limited, rounded half to even, and moved by the
        zero point of the result.
        """
        if self.scale is None:
            return sums
        scaled = sums.astype(np.int32).astype(np.float32) * self.scale
        limited = np.clip(scaled, np.float32(self.low - self.zero_result), np.float32(self.high - self.zero_result))
        result: Matrix = np.rint(limited).astype(np.int64) + self.zero_result
        return result

    def save(self, path: Path) -> None:
        """Store the layer in an ``.npz`` file."""
        arrays: dict[str, Any] = {name: value for name in self._ARRAYS if (value := getattr(self, name)) is not None}
        arrays |= {name: np.array(getattr(self, name), np.int64) for name in self._NUMBERS}
        np.savez(path, **arrays, product=np.array(json.dumps(self.product.to_dict())))

    @classmethod
    def load(cls, path: Path) -> IntegerLayer:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            values: dict[str, Any] = {name: data.get(name) for name in cls._ARRAYS}
            values |= {name: int(data[name]) for name in cls._NUMBERS}
            return cls(product=Product.from_dict(json.loads(str(data["product"]))), **values)

"""The sizes of a GPT-2 style decoder, and its tensors by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from hdl.params import ConfigError, Problem, near_name

__all__ = ["GptShape", "Weights", "layer_tensors"]

#: The names of a layer's tensors.
LAYER = re.compile(r"h(\d+)/")
#: Bf16 tensors, as their bits, by name.
Weights = Mapping[str, npt.NDArray[np.uint16]]


@dataclass(frozen=True, kw_only=True)
class GptShape:
    """A decoder with learned positions, layer normalisation before attention and MLP, GELU, and an output matrix that
    is the embedding's (GPT-2: Radford et al., 2019). All problems are reported at once.

    Parameters
    ----------
    layers, heads : int
    width : int
        Elements of the residual stream: a multiple of ``heads``.
    context : int
        Tokens at most, prompt included.
    vocabulary : int
        Tokens that there are, at least 2.
    inner : int
        Width of the MLP; 0 is four times ``width``.
    epsilon : float
        Summand to the variance in layer normalisation.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    layers: int
    heads: int
    width: int
    context: int
    vocabulary: int
    inner: int = 0
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        if self.inner == 0 and isinstance(self.width, int):
            object.__setattr__(self, "inner", 4 * self.width)
        if problems := list(self._problems()):
            raise ConfigError(problems)

    def _problems(self) -> Iterator[Problem]:
        bad = False
        for each in fields(self):
            if each.name == "epsilon":
                continue
            value, least = getattr(self, each.name), 2 if each.name == "vocabulary" else 1
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                bad = True
                yield Problem(f"gpt.{each.name}", f"must be an integer of at least {least}, not {value!r}")
        if not isinstance(self.epsilon, int | float) or not 0 < self.epsilon < 1:
            yield Problem("gpt.epsilon", f"must be between 0 and 1, not {self.epsilon!r}")
        if not bad and self.width % self.heads:
            yield Problem("gpt.width", f"must be a multiple of heads = {self.heads}, not {self.width}")

    @property
    def head_width(self) -> int:
        """Elements of a head's queries, keys and values."""
        return self.width // self.heads

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's shape, by the names of the GPT-2 checkpoints; matrices are (inputs, outputs)."""
        d = self.width
        found: dict[str, tuple[int, ...]] = {"wte": (self.vocabulary, d), "wpe": (self.context, d)}
        for layer in range(self.layers):
            found |= {f"h{layer}/{name}": sizes for name, sizes in layer_tensors(d, self.inner).items()}
        return found | {"ln_f/g": (d,), "ln_f/b": (d,)}

    @classmethod
    def of(cls, weights: Weights, heads: int) -> GptShape:
        """The shape that weights have; the number of heads doesn't show in them.

        Raises
        ------
        ConfigError
            With every tensor that is missing, unknown or of a wrong shape.
        """
        missing = [name for name in ("wte", "wpe", "h0/mlp/c_fc/w") if np.ndim(weights.get(name, 0)) != 2]
        if missing:
            raise ConfigError([Problem(name, "must be a matrix of the weights") for name in missing])
        layers = 1 + max(int(found[1]) for found in map(LAYER.match, weights) if found)
        (vocabulary, width), (context, _) = weights["wte"].shape, weights["wpe"].shape
        inner = weights["h0/mlp/c_fc/w"].shape[1]
        shape = cls(layers=layers, heads=heads, width=width, context=context, vocabulary=vocabulary, inner=inner)
        shape.check(weights)
        return shape

    def check(self, weights: Weights) -> None:
        """Raise ConfigError with every tensor that is missing, unknown, of a wrong shape, or not bf16."""
        known = self.tensors
        problems = [
            Problem(name, "is no tensor of this decoder", near_name(name, known))
            for name in weights
            if name not in known
        ]
        for name, sizes in known.items():
            found = weights.get(name)
            if found is None:
                problems.append(Problem(name, "is missing"))
            elif found.shape != sizes:
                problems.append(Problem(name, f"must have the shape {sizes}, not {found.shape}"))
            elif found.dtype != np.uint16:
                problems.append(Problem(name, f"must hold the bits of bf16 numbers (uint16), not {found.dtype}"))
        if problems:
            raise ConfigError(problems)


def layer_tensors(width: int, inner: int) -> dict[str, tuple[int, ...]]:
    """The shapes of a layer's tensors, in the order in which it uses them."""
    return {
        "ln_1/g": (width,),
        "ln_1/b": (width,),
        "attn/c_attn/w": (width, 3 * width),
        "attn/c_attn/b": (3 * width,),
        "attn/c_proj/w": (width, width),
        "attn/c_proj/b": (width,),
        "ln_2/g": (width,),
        "ln_2/b": (width,),
        "mlp/c_fc/w": (width, inner),
        "mlp/c_fc/b": (inner,),
        "mlp/c_proj/w": (inner, width),
        "mlp/c_proj/b": (width,),
    }

"""A transformer decoder as its sizes and operations, apart from any checkpoint and any hardware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from hdl.params import ConfigError, Problem

__all__ = ["ACTIVATIONS", "Attention", "Decoder", "Learned", "Matrix", "Mlp", "Norm", "Rotary"]

#: Activations by what they compute.
ACTIVATIONS = {
    "gelu": "x * Phi(x), with the error function",
    "gelu_tanh": "GELU in its tanh form",
    "relu": "max(x, 0)",
    "silu": "x / (1 + exp(-x))",
}


@dataclass(frozen=True, kw_only=True)
class Norm:
    """A normalisation.

    Parameters
    ----------
    kind : str
        ``layer`` (less the mean, with bias) or ``rms``.
    epsilon : float
        Summand to the variance, or to the mean square.
    """

    kind: str
    epsilon: float


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Positions as a table that is added to the embedding.

    Parameters
    ----------
    offset : int
        Rows of the table before that of position 0.
    """

    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class Rotary:
    """Positions as rotations of queries and keys (Su et al., 2021).

    Parameters
    ----------
    width : int
        Elements of a head that are rotated, from its first on; even.
    base : float
        Pair i of ``width // 2`` turns by position / base ** (2 i / width).
    scaling : tuple of (str, float)
        Llama 3's change of slow frequencies, or the factor of linear scaling; empty for none.
    interleaved : bool
        Pairs are neighbours, and not element i with element i + width / 2.
    """

    width: int
    base: float
    scaling: tuple[tuple[str, float], ...] = ()
    interleaved: bool = False


@dataclass(frozen=True, kw_only=True)
class Attention:
    """The attention of every layer.

    Parameters
    ----------
    heads, groups : int
        Heads of queries; heads of keys and values, each of which serves ``heads // groups`` of queries.
    head_width : int
        Elements of a head; ``heads * head_width`` need not be the decoder's width.
    scale : tuple of float
        Factor of the scores, a layer each.
    windows : tuple of int
        Tokens back that a layer sees, its own among them; 0 for all.
    input_bias, output_bias : bool
        Queries, keys and values have a bias; the output has.
    """

    heads: int
    groups: int
    head_width: int
    scale: tuple[float, ...]
    windows: tuple[int, ...]
    input_bias: bool
    output_bias: bool


@dataclass(frozen=True, kw_only=True)
class Mlp:
    """The two or three matrices behind attention.

    Parameters
    ----------
    inner : int
        Width between them.
    activation : str
        A key of :data:`ACTIVATIONS`.
    gated : bool
        A third matrix's product multiplies what the activation gives.
    bias : bool
    """

    inner: int
    activation: str
    gated: bool
    bias: bool


@dataclass(frozen=True)
class Matrix:
    """One product of a matrix and a vector: its name, the elements of its input and of its output, and its bias."""

    name: str
    inputs: int
    outputs: int
    bias: bool


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """A decoder: embedding, layers of attention and MLP behind a normalisation each, last normalisation, logits.

    Parameters
    ----------
    family : str
        ``model_type`` of the file it is from.
    layers, width, vocabulary, context : int
        Layers; elements of the residual stream; rows of the embedding; tokens at most.
    norm : Norm
        Before attention, before the MLP, and before the output matrix.
    positions : Learned or Rotary
    attention : Attention
    mlp : Mlp
    parallel : bool
        Attention and MLP take the same normalised input, and both are added to the residual stream.
    tied : bool
        The output matrix is the embedding.
    output_bias : bool
        The logits have a bias.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    family: str
    layers: int
    width: int
    vocabulary: int
    context: int
    norm: Norm
    positions: Learned | Rotary
    attention: Attention
    mlp: Mlp
    parallel: bool = False
    tied: bool = True
    output_bias: bool = False

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

    def _problems(self) -> Iterator[Problem]:
        attention = self.attention
        if attention.heads % attention.groups:
            message = f"must divide the {attention.heads} heads of queries, not {attention.groups}"
            yield Problem("heads of keys and values", message)
        for what, values in (("scale", attention.scale), ("window", attention.windows)):
            if len(values) != self.layers:
                yield Problem(what, f"must be given for {self.layers} layers, not for {len(values)}")
        if isinstance(self.positions, Rotary):
            width = self.positions.width
            if width % 2 or not 0 < width <= attention.head_width:
                message = f"must be an even number up to the {attention.head_width} of a head, not {width}"
                yield Problem("rotated elements", message)
        if self.mlp.activation not in ACTIVATIONS:
            yield Problem("activation", f"must be one of {', '.join(ACTIVATIONS)}, not {self.mlp.activation!r}")

    @property
    def key_width(self) -> int:
        """Elements of a token's keys, and of its values, in a layer."""
        return self.attention.groups * self.attention.head_width

    def layer_matrices(self) -> tuple[Matrix, ...]:
        """The matrices of a layer, in the order of their use."""
        attention, mlp, width = self.attention, self.mlp, self.width
        mixed = attention.heads * attention.head_width
        first = [Matrix("gate", width, mlp.inner, mlp.bias)] if mlp.gated else []
        return (
            Matrix("query", width, mixed, attention.input_bias),
            Matrix("key", width, self.key_width, attention.input_bias),
            Matrix("value", width, self.key_width, attention.input_bias),
            Matrix("mix", mixed, width, attention.output_bias),
            *first,
            Matrix("up", width, mlp.inner, mlp.bias),
            Matrix("down", mlp.inner, width, mlp.bias),
        )

    def output_matrix(self) -> Matrix:
        """The matrix that gives the logits."""
        return Matrix("output", self.width, self.vocabulary, self.output_bias)

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The shape of everything the decoder knows, by name; matrices are (inputs, outputs).

        ``embedding`` and ``positions`` hold a row for each token and position. A layer's names begin with its number:
        ``3.query``, ``3.query.bias``, ``3.norm_1`` (gain), ``3.norm_1.bias``, ``3.norm_2`` unless attention and MLP
        share one. Then ``norm`` and ``output``; a tied ``output`` is no tensor of its own.
        """
        found: dict[str, tuple[int, ...]] = {"embedding": (self.vocabulary, self.width)}
        if isinstance(self.positions, Learned):
            found["positions"] = (self.context + self.positions.offset, self.width)
        for layer in range(self.layers):
            for norm in ("norm_1",) if self.parallel else ("norm_1", "norm_2"):
                found |= self._norm(f"{layer}.{norm}")
            for matrix in self.layer_matrices():
                found |= _tensors(f"{layer}.{matrix.name}", matrix)
        found |= self._norm("norm")
        output = _tensors("output", self.output_matrix())
        if self.tied:
            del output["output"]
        return found | output

    def _norm(self, name: str) -> dict[str, tuple[int, ...]]:
        gain: dict[str, tuple[int, ...]] = {name: (self.width,)}
        return gain if self.norm.kind == "rms" else {**gain, f"{name}.bias": (self.width,)}

    @property
    def parameters(self) -> int:
        """Every number that a checkpoint holds for the decoder; a tied matrix counts once."""
        return sum(prod(shape) for shape in self.tensors().values())


def _tensors(name: str, matrix: Matrix) -> dict[str, tuple[int, ...]]:
    weight: dict[str, tuple[int, ...]] = {name: (matrix.inputs, matrix.outputs)}
    return {**weight, f"{name}.bias": (matrix.outputs,)} if matrix.bias else weight

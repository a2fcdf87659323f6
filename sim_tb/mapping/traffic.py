"""What a layer moves between memory and the buffers of an engine."""

from __future__ import annotations

from dataclasses import dataclass, fields

from hdl.params import ConfigError, EngineParams, Problem
from sim_tb.workloads.gemm import Product

__all__ = ["Buffers", "Traffic", "traffic"]


@dataclass(frozen=True)
class Buffers:
    """Buffers on the chip, and what the memory behind them moves.

    Parameters
    ----------
    activations, weights, results : int
        Bytes.
    bandwidth : int
        Bytes that memory moves in a cycle of the engine.

    Raises
    ------
    ConfigError
        Where one is no integer of at least 1.
    """

    activations: int = 256 << 10
    weights: int = 256 << 10
    results: int = 64 << 10
    bandwidth: int = 16

    def __post_init__(self) -> None:
        problems = []
        for name, value in ((each.name, getattr(self, each.name)) for each in fields(self)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                problems.append(Problem(name, f"must be an integer of at least 1, not {value!r}"))
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True)
class Traffic:
    """Bytes between memory and buffers.

    Parameters
    ----------
    activations, weights : int
        Read.
    results : int
        Written as activations of the next layer; with them partial sums that no buffer holds, written and read.
    outer : str
        What is read once: ``activations``, ``weights``, or ``both``.
    """

    activations: int
    weights: int
    results: int
    outer: str

    @property
    def total(self) -> int:
        """All of it."""
        return self.activations + self.weights + self.results


def traffic(params: EngineParams, product: Product, buffers: Buffers, tile: tuple[int, int], spans: int) -> Traffic:
    """The least traffic of a layer over the orders of its loops.

    Blocks of activations, as large as their buffer, and blocks of weights, likewise, meet in two nested loops. What the
    outer one walks over is read once, what the inner one walks over as often as there are blocks outside; what fits
    into its buffer as a whole is read once in any order. Of a convolution the input map is stored, not its patches;
    blocks of it are whole lines of pixels, and neighbours share the lines that both see.

    Parameters
    ----------
    tile : (int, int)
        Rows of activations and columns of weights that the engine takes at a time, at least.
    spans : int
        Parts of K whose results are added up outside of the engine.
    """
    act, weight = (-(-form.width // 8) for form in (params.a, params.b))
    result = -(-params.accumulator // 8)
    images, (lines_in, lines) = _activations(product, buffers.activations // act, tile[0])
    of_weights = product.k * product.n * weight
    if of_weights <= buffers.weights:
        blocks = 1
    else:
        columns = max(buffers.weights // (product.k * weight) // tile[1], 1) * tile[1]
        blocks = -(-product.n // columns)
    input_bytes = images * lines_in * act
    orders = {
        "activations": (input_bytes, of_weights * (images * lines if blocks > 1 else 1)),
        "weights": (input_bytes * (blocks if images * lines > 1 else 1), of_weights),
    }
    outer = min(orders, key=lambda name: sum(orders[name]))
    once = orders["activations"] == orders["weights"]
    read, weights = (size * product.groups for size in orders[outer])
    outputs = product.output_elements
    spilled = outputs * result > buffers.results and spans > 1
    partial = 2 * (spans - 1) * outputs * result if spilled else 0
    return Traffic(read, weights, outputs * act + partial, "both" if once else outer)


def _activations(product: Product, room: int, rows: int) -> tuple[int, tuple[int, int]]:
    """Of one group: images, elements of an image that are read when its blocks are, and blocks of an image."""
    conv = product.conv
    if conv is None:
        if product.m * product.k <= room:
            return 1, (product.m * product.k, 1)
        block = max(room // product.k // rows, 1) * rows
        return 1, (product.m * product.k, -(-product.m // block))
    height, width = conv.output
    images = product.m // (height * width)
    line = conv.width * conv.channels // product.groups
    if images * conv.height * line <= room:
        return 1, (images * conv.height * line, 1)
    reach = conv.dilation[0] * (conv.kernel[0] - 1) + 1
    lines = min(max((room // line - reach) // conv.stride[0] + 1, 1), height)
    blocks = -(-height // lines)
    shared = max(reach - conv.stride[0], 0) * (blocks - 1)
    return images, ((conv.height + shared) * line, blocks)

"""A layer that is trained, and the matrix products of its forward pass and of both of its gradients, without numbers.

A linear layer is a convolution of 1x1 over a map of one pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hdl.params import ConfigError, Problem, shown
from sim_tb.workloads.gemm import Convolution, Product

__all__ = ["FORWARD", "INPUT", "PASSES", "WEIGHTS", "Axis", "Layer", "Phase"]

#: The passes of a layer, as kinds of their products: what it gives, and the gradients of its weights and its input.
FORWARD, WEIGHTS, INPUT = PASSES = ("forward", "dW", "dX")


@dataclass(frozen=True)
class Axis:
    """What the gradient of every so many-th input row (or column) reads, along this axis.

    Parameters
    ----------
    start, count : int
        The first of these input rows, and how many there are; they lie as many rows apart as the stride is long.
    taps : tuple of int
        Rows of the kernel which meet them, in the order of the rows of the output's gradient that they are for.
    before, behind : int
        Rows of zeros around the output's gradient; where ``behind`` is negative, rows that none of them reads.
    """

    start: int
    count: int
    taps: tuple[int, ...]
    before: int
    behind: int


@dataclass(frozen=True)
class Phase:
    """Input pixels which the same taps of the kernel meet: all of them where the stride is one."""

    down: Axis
    across: Axis


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer without biases.

    Parameters
    ----------
    name : str
    conv : Convolution
        Geometry; rows and columns of padding are fewer than the kernel has, and nothing is dilated.
    filters : int
        Channels of the output.
    groups : int
        Groups of channels that don't see each other; as many as there are channels in a depthwise convolution.
    batch : int
        Maps at a time.
    first : bool
        It reads the images, whose gradient nobody asks for.

    Raises
    ------
    ConfigError
        With all that doesn't fit.
    """

    name: str
    conv: Convolution
    filters: int
    groups: int = 1
    batch: int = 1
    first: bool = False

    def __post_init__(self) -> None:
        problems, conv = [], self.conv
        for key in ("filters", "groups", "batch"):
            value = getattr(self, key)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                problems.append(Problem(self.name, f"{key} must be an integer of at least 1, not {shown(value)}"))
        if conv.dilation != (1, 1):
            problems.append(Problem(self.name, f"dilation must be 1, not {max(conv.dilation)}: not trained"))
        if any(each >= conv.kernel[place % 2] for place, each in enumerate(conv.padding)):
            text = f"padding {conv.padding} must be less than the kernel, which is {conv.kernel[0]}x{conv.kernel[1]}"
            problems.append(Problem(self.name, text))
        if not problems:
            for what, count in (("input channels", conv.channels), ("filters", self.filters)):
                if count % self.groups:
                    problems.append(Problem(self.name, f"{count} {what} can't be cut into {self.groups} groups"))
        if problems:
            raise ConfigError(problems)

    @classmethod
    def same(
        cls, name: str, size: tuple[int, int], channels: int, filters: int, kernel: int, stride: int = 1, **more: Any
    ) -> Layer:
        """A convolution that is padded so that as many pixels remain as strides fit into the map; ``size`` is that."""
        edges = [max((-(-each // stride) - 1) * stride + kernel - each, 0) for each in size]
        padding = edges[0] // 2, edges[1] // 2, edges[0] - edges[0] // 2, edges[1] - edges[1] // 2
        kernels, strides = (kernel, kernel), (stride, stride)
        conv = Convolution(
            kernel=kernels, height=size[0], width=size[1], channels=channels, stride=strides, padding=padding
        )
        return cls(name=name, conv=conv, filters=filters, **more)

    @classmethod
    def linear(cls, name: str, inputs: int, outputs: int, **more: Any) -> Layer:
        """A linear layer."""
        conv = Convolution(kernel=(1, 1), height=1, width=1, channels=inputs)
        return cls(name=name, conv=conv, filters=outputs, **more)

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Maps, rows, columns, channels."""
        return self.batch, self.conv.height, self.conv.width, self.conv.channels

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """Rows and columns of the kernel, channels that a filter sees, filters."""
        return *self.conv.kernel, self.conv.channels // self.groups, self.filters

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """Maps, rows, columns, filters."""
        return self.batch, *self.conv.output, self.filters

    @property
    def phases(self) -> list[Phase]:
        """The input pixels, by the taps which meet them; those that no tap meets are left out."""
        found = [list(self._axis(axis)) for axis in (0, 1)]
        return [Phase(down, across) for down in found[0] for across in found[1]]

    def _axis(self, axis: int) -> Iterator[Axis]:
        conv = self.conv
        size, kernel, stride = (conv.height, conv.width)[axis], conv.kernel[axis], conv.stride[axis]
        pad, rows = conv.padding[axis], conv.output[axis]
        for start in range(min(stride, size)):
            # Tap t of output row o reads input row o * stride + t - pad. The last tap is for the first such row.
            taps = tuple(tap for tap in reversed(range(kernel)) if (start + pad - tap) % stride == 0)
            if taps:
                first, last = ((start + pad - tap) // stride for tap in (taps[0], taps[-1]))
                count = -(-(size - start) // stride)
                yield Axis(start, count, taps, -first, count - 1 + last - (rows - 1))

    def products(self, *passes: str) -> tuple[Product, ...]:
        """The products of some passes, or of all that training needs; the input's gradient is one for each phase."""
        wanted = passes or (PASSES[:2] if self.first else PASSES)
        return tuple(product for each in wanted for product in self._products(each))

    def _products(self, which: str) -> Iterator[Product]:
        conv, groups = self.conv, self.groups
        pixels = self.batch * conv.output[0] * conv.output[1]
        k, n = conv.taps * conv.channels // groups, self.filters // groups
        name = f"{self.name} {which}"
        if which == FORWARD:
            yield Product(name, which, pixels, k, n, groups, conv)
        elif which == WEIGHTS:
            yield Product(name, which, k, pixels, n, groups, weights=False)
        else:
            for number, phase in enumerate(self.phases):
                rows, columns = phase.down.count, phase.across.count
                taps = len(phase.down.taps), len(phase.across.taps)
                yield Product(
                    *(f"{name} {number}" if len(self.phases) > 1 else name, which),
                    *(self.batch * rows * columns, taps[0] * taps[1] * n, k // conv.taps, groups),
                    self._seen(phase, taps),
                )

    def _seen(self, phase: Phase, taps: tuple[int, int]) -> Convolution | None:
        """What a phase is as a convolution over the output's gradient, which mappings may pack; None where it isn't."""
        down, across = phase.down, phase.across
        padding = (down.before, across.before, down.behind, across.behind)
        if min(padding) < 0:
            return None
        height, width = self.conv.output
        return Convolution(kernel=taps, height=height, width=width, channels=self.filters, padding=padding)

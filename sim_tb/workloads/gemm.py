"""A network as matrix products: what an engine computes of it, layer by layer, without the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hdl.params import ConfigError, Problem, shown

__all__ = ["MAX_OPERATIONS", "Convolution", "Product", "Topology"]

#: Multiply-accumulates that a layer may have: more is a mistake in its sizes, or a batch that is too large.
MAX_OPERATIONS = 1 << 31


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """The geometry of a convolution in two dimensions, which decides what its product reads.

    Parameters
    ----------
    kernel : (int, int)
        Height and width of the filters.
    height, width, channels : int
        Size of an input map, without padding, and all of its channels.
    stride, dilation : (int, int)
        Down and across.
    padding : (int, int, int, int)
        Rows and columns of zeros (zero points, where a map has one): top, left, bottom, right.

    Raises
    ------
    ConfigError
        With every value that is out of range, and where the kernel exceeds the padded map.
    """

    kernel: tuple[int, int]
    height: int
    width: int
    channels: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, count in (("kernel", 2), ("stride", 2), ("dilation", 2), ("padding", 4)):
            _sizes(problems, name, getattr(self, name), count, least=0 if name == "padding" else 1)
        for name in ("height", "width", "channels"):
            _sizes(problems, name, (getattr(self, name),), 1, least=1)
        if not problems:
            for axis, name in enumerate(("height", "width")):
                reach = self._reach(axis)
                if reach < 0:
                    room = getattr(self, name) + self.padding[axis] + self.padding[axis + 2]
                    text = f"the kernel takes {room - reach} of the map's {name}, which is {room} with padding"
                    problems.append(Problem("kernel", text))
        if problems:
            raise ConfigError(problems)

    def _reach(self, axis: int) -> int:
        """By how much the kernel can move along an axis."""
        size = (self.height, self.width)[axis] + self.padding[axis] + self.padding[axis + 2]
        return size - self.dilation[axis] * (self.kernel[axis] - 1) - 1

    @property
    def output(self) -> tuple[int, int]:
        """Height and width of an output map."""
        return self._reach(0) // self.stride[0] + 1, self._reach(1) // self.stride[1] + 1

    @property
    def taps(self) -> int:
        """Elements of a filter in one channel."""
        return self.kernel[0] * self.kernel[1]


@dataclass(frozen=True)
class Product:
    """One matrix product of a layer: ``groups`` of them, alike and independent.

    Parameters
    ----------
    name : str
        The node's, or the table row's; unique in its network.
    kind : str
        For reports: ``Conv``, ``ConvDepthwise``, ``Gemm``, ``MatMul`` and such.
    m, k, n : int
        Activations m x k times weights k x n. Of a convolution, m is output pixels times batch, k the elements of a
        filter, n the filters of a group.
    groups : int
        Groups of a convolution, heads of an attention.
    conv : Convolution, optional
        Of a convolution.
    weights : bool
        The k x n operand is constant; False where two activations are multiplied.

    Raises
    ------
    ConfigError
        With everything that is out of range or doesn't fit together, by the layer's name.
    """

    name: str
    kind: str
    m: int
    k: int
    n: int
    groups: int = 1
    conv: Convolution | None = None
    weights: bool = True

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        where = self.name if isinstance(self.name, str) and self.name else "name"
        for key in ("name", "kind"):
            if not isinstance(getattr(self, key), str) or not getattr(self, key):
                problems.append(Problem(where, f"{key} must be a text, not {shown(getattr(self, key))}"))
        for key in ("m", "k", "n", "groups"):
            _sizes(problems, where, (getattr(self, key),), 1, least=1, key=key)
        if not problems and self.macs > MAX_OPERATIONS:
            text = (
                f"has {self.macs:,} multiply-accumulates ({self.m} x {self.k} x {self.n}"
                f"{f', {self.groups} times' if self.groups > 1 else ''}), and a layer may have {MAX_OPERATIONS:,}"
            )
            problems.append(Problem(where, text, "a smaller batch or input"))
        if not problems and self.conv is not None:
            problems += self._misfits(self.conv)
        if problems:
            raise ConfigError(problems)

    def _misfits(self, conv: Convolution) -> list[Problem]:
        """Where sizes of the product aren't those of its convolution."""
        pixels = conv.output[0] * conv.output[1]
        problems = []
        if conv.channels % self.groups:
            problems.append(Problem(self.name, f"{conv.channels} channels can't be cut into {self.groups} groups"))
        elif self.k != conv.taps * conv.channels // self.groups:
            expected = conv.taps * conv.channels // self.groups
            problems.append(Problem(self.name, f"k is {self.k}, and a filter has {expected} elements"))
        if self.m % pixels:
            problems.append(Problem(self.name, f"m is {self.m}, which is no multiple of {pixels} output pixels"))
        return problems

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.m * self.k * self.n * self.groups

    @property
    def input_elements(self) -> int:
        """Elements of the activations as they are stored: of a convolution the input map, not its patches."""
        if self.conv is None:
            return self.m * self.k * self.groups
        pixels = self.conv.output[0] * self.conv.output[1]
        return self.m // pixels * self.conv.height * self.conv.width * self.conv.channels

    @property
    def weight_elements(self) -> int:
        """Elements of the k x n operands."""
        return self.k * self.n * self.groups

    @property
    def output_elements(self) -> int:
        """Results."""
        return self.m * self.n * self.groups

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Product:
        """The product of what :meth:`to_dict` gave."""
        conv: Any = values["conv"]
        if conv is not None:
            sizes: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in conv.items()}
            conv = Convolution(**sizes)
        return cls(**{**values, "conv": conv})


@dataclass(frozen=True)
class Topology:
    """The matrix products of a network, in order.

    Parameters
    ----------
    name : str
    products : tuple of Product
        At least one, each name once; a batch is in their ``m`` already.
    others : mapping of str to int
        Operators which are no matrix products, and how many there are of each.
    source : Path, optional
        The file.
    sha256 : str
        Of the file's content; empty where there is none.

    Raises
    ------
    ConfigError
        Where there is no product, and for each name that occurs twice.
    """

    name: str
    products: tuple[Product, ...]
    others: Mapping[str, int] = field(default_factory=dict)
    source: Path | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        names = [product.name for product in self.products]
        problems = [
            Problem(name, f"names {names.count(name)} layers") for name in dict.fromkeys(names) if names.count(name) > 1
        ]
        if not names:
            problems.append(Problem("", "no layer is a matrix product"))
        if problems:
            raise ConfigError(problems, str(self.source or ""))

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products)

    def __len__(self) -> int:
        return len(self.products)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all layers."""
        return sum(product.macs for product in self.products)


def _sizes(problems: list[Problem], where: str, values: Any, count: int, *, least: int, key: str = "") -> None:
    """Report values which are no integers from ``least`` on, or not as many as ``count``."""
    fine = isinstance(values, tuple) and len(values) == count
    if fine and all(isinstance(value, int) and not isinstance(value, bool) and value >= least for value in values):
        return
    one = isinstance(values, tuple) and len(values) == count == 1
    what = f"an integer of at least {least}" if one else f"{count} integers of at least {least}"
    prefix = f"{key} " if key else ""
    problems.append(Problem(where, f"{prefix}must be {what}, not {shown(values[0] if one else values)}"))

"""Tables of layers: topologies of SCALE-Sim, for convolutions and for matrix products, and tables of M, N and K.

Which of them a file is, its header says; columns may stand in any order. Commas at the end of a line, spaces, and
what follows a ``#`` mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hdl.params import ConfigError, Problem, near_name, shown
from sim_tb.workloads.gemm import Convolution, Product, Topology
from sim_tb.workloads.readers.content import Content

__all__ = ["read"]

#: Problems that are listed of one file.
MOST = 20

#: What a column holds, and its names, without spaces and in small letters.
NAMES = {
    "name": ("layername", "layer", "name"),
    "m": ("m",),
    "k": ("k",),
    "n": ("n",),
    "height": ("ifmapheight", "height"),
    "width": ("ifmapwidth", "width"),
    "kernel_height": ("filterheight", "kernelheight"),
    "kernel_width": ("filterwidth", "kernelwidth"),
    "channels": ("channels", "numchannels"),
    "filters": ("numfilter", "numfilters", "filters"),
    "stride": ("strides", "stride", "strideheight"),
    "stride_width": ("stridewidth",),
    "padding": ("padding",),
    "dilation": ("dilation",),
    "groups": ("groups",),
    "weights": ("weights",),
    "sparsity": ("sparsity", "sparsityn:m"),
}
KNOWN = {name: column for column, names in NAMES.items() for name in names}


@dataclass(frozen=True)
class _Kind:
    """A kind of table: what must be there, what may, and what a row means."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    product: Callable[[str, Mapping[str, int], int], Product]


def read(content: Content, *, batch: int) -> Topology:
    """The products of a table's rows.

    Raises
    ------
    ConfigError
        With the line of everything that is wrong.
    """
    lines = _lines(content.text or "")
    problems: list[Problem] = []
    products: list[Product] = []
    (number, header), *rows = lines if lines else [(1, [""])]
    kind, columns = _header(number, header, problems)
    if kind is not None:
        seen: dict[str, int] = {}
        for number, cells in rows:
            values, name = _values(number, cells, columns, problems)
            if values is None:
                continue
            name = name or f"layer{len(seen) + 1}"
            if name in seen:
                problems.append(Problem(f"line {number}", f"{name!r} is the layer of line {seen[name]}, too"))
            seen.setdefault(name, number)
            try:
                products.append(kind.product(name, values, batch))
            except ConfigError as error:
                problems += [_at(number, name, each) for each in error.problems]
        if not rows:
            problems.append(Problem("", "has a header, and no layer below it"))
    if problems:
        more = [Problem("", f"{len(problems) - MOST} more problems")] if len(problems) > MOST else []
        raise ConfigError(problems[:MOST] + more, content.label)
    return Topology(content.name, tuple(products), {}, content.path, content.sha256)


def _at(number: int, name: str, problem: Problem) -> Problem:
    """A problem of a layer, in its line."""
    place = f"line {number}: {name}"
    return Problem(place if problem.where == name else f"{place}: {problem.where}", problem.message, problem.hint)


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """The cells of lines that have any, with the lines' numbers."""
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip().strip('"').strip() for cell in line.split("#")[0].split(",")]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            lines.append((number, cells))
    return lines


def _header(number: int, header: Sequence[str], problems: list[Problem]) -> tuple[_Kind | None, list[str]]:
    """The kind of the table, None where there is none, and what its columns hold."""
    keys = ["".join(cell.lower().split()).replace("_", "").replace("-", "") for cell in header]
    columns = [KNOWN.get(key, "") for key in keys]
    where = f"line {number}"
    if not any(columns):
        text = f"is neither ONNX nor a table of layers: its first line is {shown(','.join(header))}"
        problems.append(Problem("", text, "a header such as 'Layer, M, N, K' is needed"))
        return None, columns
    products = {"m", "k", "n"} & {*columns}
    kind = PRODUCTS if products and "height" not in columns else CONVOLUTIONS
    legal = (*kind.needed, *kind.optional)
    for cell, column in zip(header, columns, strict=True):
        if column not in legal:
            hint = near_name("".join(cell.lower().split()), [name for each in legal for name in NAMES[each]])
            problems.append(Problem(where, f"unknown column {cell!r}", hint))
    for column in dict.fromkeys(filter(None, columns)):
        if columns.count(column) > 1:
            problems.append(Problem(where, f"the column {column!r} is there {columns.count(column)} times"))
    missing = [NAMES[column][0] for column in kind.needed if column not in columns]
    if missing:
        problems.append(Problem(where, f"there is no column {', '.join(missing)}"))
    return (None if problems else kind), columns


def _values(
    number: int, cells: Sequence[str], columns: Sequence[str], problems: list[Problem]
) -> tuple[dict[str, int] | None, str]:
    """The numbers of a row by their columns, None where some are wrong, and its layer's name."""
    before, name, values = len(problems), "", {}
    if len(cells) > len(columns):
        text = f"has {len(cells)} values, and the header {len(columns)} columns"
        problems.append(Problem(f"line {number}", text))
    for column, cell in zip(columns, [*cells, *[""] * len(columns)], strict=False):
        if column == "name":
            name = cell
        elif column == "sparsity":
            if cell not in ("", "1:1", "4:4"):
                problems.append(Problem(f"line {number}", f"sparsity {cell} is not supported", "1:1 is dense"))
        elif column == "weights":
            if cell.lower() not in ("yes", "no"):
                problems.append(Problem(f"line {number}", f"weights must be yes or no, not {shown(cell)}"))
            values[column] = int(cell.lower() == "yes")
        elif not re.fullmatch(r"-?[0-9]{1,18}", cell):
            reason = f"must be an integer, not {shown(cell)}" if cell else "is missing"
            problems.append(Problem(f"line {number}", f"{NAMES[column][0]} {reason}"))
        else:
            values[column] = int(cell)
    return (values if len(problems) == before else None), name


def _matrix(name: str, row: Mapping[str, int], batch: int) -> Product:
    """A row of a table of products; a batch multiplies the rows of activations, or the products of two activations."""
    groups, weights = row.get("groups", 1), bool(row.get("weights", 1))
    m, groups = (row["m"] * batch, groups) if weights else (row["m"], groups * batch)
    return Product(name, "Gemm" if weights else "MatMul", m, row["k"], row["n"], groups, weights=weights)


def _convolution(name: str, row: Mapping[str, int], batch: int) -> Product:
    """A row of a table of convolutions.

    Without a column for padding the table is one of SCALE-Sim, which counts a last step that only partly fits, and
    takes each channel for itself in layers with DP in their name.
    """
    of_scale_sim = "padding" not in row
    groups = row["channels"] if of_scale_sim and "DP" in name else row.get("groups", 1)
    stride = row["stride"], row.get("stride_width", row["stride"])
    kernel = row["kernel_height"], row["kernel_width"]
    bottom = right = edge = row.get("padding", 0)
    if of_scale_sim:
        sizes = {"strides": stride, "filter": kernel, "ifmap": (row["height"], row["width"])}
        _check_sizes(name, sizes | {"channels": (row["channels"],), "num filter": (row["filters"],)})
        steps = zip((row["height"], row["width"]), kernel, stride, strict=True)
        bottom, right = (-(size - taps) % step if size > taps else 0 for size, taps, step in steps)
    conv = Convolution(
        kernel=kernel,
        height=row["height"],
        width=row["width"],
        channels=row["channels"],
        stride=stride,
        padding=(edge, edge, bottom, right),
        dilation=(row.get("dilation", 1),) * 2,
    )
    if groups < 1 or conv.channels % groups or (not of_scale_sim and row["filters"] % groups):
        text = f"{conv.channels} channels and {row['filters']} filters can't be cut into {groups} groups"
        raise ConfigError([Problem(name, text)])
    own = row["filters"] if of_scale_sim and "DP" in name else row["filters"] // groups
    pixels = conv.output[0] * conv.output[1]
    kind = "ConvDepthwise" if groups == conv.channels > 1 else "Conv"
    return Product(name, kind, pixels * batch, conv.taps * conv.channels // groups, own, groups, conv)


def _check_sizes(name: str, sizes: Mapping[str, Iterable[int]]) -> None:
    """Raise ConfigError for sizes below one, by the words of the table."""
    problems = [
        Problem(name, f"{words} must be at least 1, not {value}")
        for words, values in sizes.items()
        for value in dict.fromkeys(values)
        if value < 1
    ]
    if problems:
        raise ConfigError(problems)


PRODUCTS = _Kind(("m", "k", "n"), ("name", "groups", "weights"), _matrix)
CONVOLUTIONS = _Kind(
    ("height", "width", "kernel_height", "kernel_width", "channels", "filters", "stride"),
    ("name", "stride_width", "padding", "dilation", "groups", "sparsity"),
    _convolution,
)

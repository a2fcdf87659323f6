"""What matrices can be stored as: where each kind lies, and what multiplies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from gen.pim.compile.clocks import gains, pitch_of
from gen.pim.compile.int8 import Int8Matrix, int8_matrix
from gen.pim.compile.int8_product import Int8Product
from gen.pim.compile.product import Product, block_of, shaped
from gen.pim.layout import Matrix
from hdl.params.pim import PimParams

__all__ = ["KINDS", "LAYOUTS", "Kind", "Stored"]

#: How the slots of matrices lie.
LAYOUTS = {
    "dense": "one behind the other: the fewest rows",
    "rows": "each, or each group of those of 8 bits, from a new row on: no row changes within a dot product",
    "auto": "rows for the matrices that gain by it, if all fits; dense otherwise",
}
#: A matrix of any kind.
Stored = Matrix | Int8Matrix


@dataclass(frozen=True)
class Kind:
    """A kind of weights.

    Parameters
    ----------
    matrix : callable
        Of system, batch, outputs, inputs, the first column that is free, a key of ``LAYOUTS``, and whether rows are
        read as items: a matrix there, or from the next row on.
    product : callable
        Of a matrix and the batch: what emits its products.
    """

    matrix: Callable[[PimParams, int, int, int, int, str, bool], Stored]
    product: Callable[[Any, int], Product | Int8Product]


def _bf16(params: PimParams, batch: int, outputs: int, inputs: int, at: int, layout: str, items: bool) -> Matrix:
    dense = shaped(params, batch, outputs, inputs, at, items=items)
    apart = replace(dense, at=-(-at // params.row_cols) * params.row_cols, pitch=pitch_of(dense))
    better = layout == "auto" and gains(dense, apart, block_of(params, batch))
    return apart if layout == "rows" or better else dense


def _int8(params: PimParams, batch: int, outputs: int, inputs: int, at: int, layout: str, items: bool) -> Int8Matrix:
    """Its rows are no items: integers are no vector that could be fetched."""
    return int8_matrix(params, batch, outputs, inputs, at, layout)


#: By the keys of :data:`gen.pim.model.quantise.WEIGHTS`.
KINDS: Mapping[str, Kind] = MappingProxyType({"bf16": Kind(_bf16, Product), "int8": Kind(_int8, Int8Product)})

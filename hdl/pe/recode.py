"""The recoder of a scheme, which stands where operands of A enter the array."""

from __future__ import annotations

from hdl.arith.encoding import Recoder, encoding
from hdl.params import EngineParams

__all__ = ["recoder"]


def recoder(params: EngineParams) -> Recoder | None:
    """The recoder of operands of A; None where they enter the array as PEs take them."""
    in_time = params.axes.digits.order is not None  # a serialiser recodes, and hands digits on
    if params.axes.recodes_in_pe or in_time or encoding(params.encoder, params.a).plain:
        return None
    return Recoder(params.encoder, params.a)

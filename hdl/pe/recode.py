"""The recoder that stands where operands enter the array."""

from __future__ import annotations

from hdl.arith.encoding import Recoder, encoding
from hdl.params import EngineParams
from hdl.params.axes import Recoded

__all__ = ["recoder"]


def recoder(params: EngineParams) -> Recoder | None:
    """The recoder of the operand that is recoded alone; None where operands enter the array as PEs take them."""
    form = params.b if params.axes.recoded is Recoded.B else params.a
    in_time = params.axes.digits.order is not None  # a serialiser recodes, and hands digits on
    if params.axes.recodes_in_pe or in_time or encoding(params.encoder, form).plain:
        return None
    return Recoder(params.encoder, form)

"""The recoders of an engine, which stand where operands enter the array."""

from __future__ import annotations

from hdl.arith.encoding import Recoder, encoding
from hdl.params import EngineParams
from hdl.params.axes import Encode, Recoded

__all__ = ["recoder", "weight_recoder"]


def recoder(params: EngineParams) -> Recoder | None:
    """The recoder at the edge, of the operand that is recoded alone; None where operands enter as PEs take them."""
    axes = params.axes
    form = params.b if axes.recoded is Recoded.B else params.a
    at_edge = axes.encode is Encode.EDGE and not axes.recodes_both
    if not at_edge or axes.digits.order is not None or encoding(params.encoder, form).plain:
        return None  # where digits follow each other in time, a serialiser recodes, and hands digits on
    return Recoder(params.encoder, form)


def weight_recoder(params: EngineParams) -> Recoder | None:
    """The recoder of operands of B that stay, as they are loaded; None where PEs keep them as they come."""
    axes = params.axes
    if axes.recoded is not Recoded.B or axes.recodes_in_pe or encoding(params.encoder, params.b).plain:
        return None
    return Recoder(params.encoder, params.b)

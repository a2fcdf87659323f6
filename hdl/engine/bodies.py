"""Which body an engine has."""

from __future__ import annotations

from hdl.engine.body import Body
from hdl.engine.digit_serial import DigitSerial
from hdl.engine.laconic import Laconic
from hdl.engine.output_stationary import OutputStationary
from hdl.engine.planes import Planes
from hdl.engine.sparse import Sparse
from hdl.engine.weight_stationary import WeightStationary
from hdl.params import EngineParams

__all__ = ["body_of"]


def body_of(params: EngineParams) -> Body:
    """The body of an engine."""
    if params.weight_stationary:
        return WeightStationary(params)
    if params.axes.stores_operands:
        return Sparse(params) if params.axes.skips_by_row else Planes(params)
    if params.axes.recodes_both:
        return Laconic(params)
    return OutputStationary(params) if params.axes.digits.order is None else DigitSerial(params)

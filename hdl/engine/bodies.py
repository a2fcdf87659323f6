"""Which body an engine has."""

from __future__ import annotations

from hdl.engine.body import Body
from hdl.engine.output_stationary import OutputStationary
from hdl.engine.sparse import Sparse
from hdl.engine.weight_stationary import WeightStationary
from hdl.params import EngineParams

__all__ = ["body_of"]


def body_of(params: EngineParams) -> Body:
    """The body of an engine."""
    if params.weight_stationary:
        return WeightStationary(params)
    return Sparse(params) if params.sparse else OutputStationary(params)

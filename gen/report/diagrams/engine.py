"""The block diagram of an engine."""

from __future__ import annotations

from gen.report.diagrams.sparse import sparse_engine
from gen.report.diagrams.stationary import output_stationary
from gen.report.diagrams.weights import weight_stationary
from gen.report.markup import Markup
from hdl.params import EngineParams

__all__ = ["engine_diagram"]


def engine_diagram(params: EngineParams) -> Markup:
    """The engine from its streams to its result, as an SVG element."""
    if params.axes.stores_operands:
        return sparse_engine(params)
    return weight_stationary(params) if params.weight_stationary else output_stationary(params)

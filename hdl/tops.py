"""Which top module a design has."""

from __future__ import annotations

from hdl.delta.top import DeltaEngine
from hdl.engine.top import Engine
from hdl.front.engine import FrontedEngine
from hdl.gate.top import GatedEngine
from hdl.params import EngineParams
from hdl.params.delta_front import DeltaFront
from hdl.params.front import Front
from hdl.params.gate import GateParams

__all__ = ["top_of"]


def top_of(design: EngineParams | Front) -> Engine | FrontedEngine:
    """The top module of an engine, or of one behind something."""
    match design:
        case GateParams():
            return GatedEngine(design)
        case DeltaFront():
            return DeltaEngine(design)
        case EngineParams():
            return Engine(design)
    raise TypeError(f"no top module is known of {type(design).__name__}")

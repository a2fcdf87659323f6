"""The directed protocol tests (:mod:`sim_tb.tb.protocol`), and which engines they are for."""

from __future__ import annotations

from hdl.params import Dataflow, EngineParams

__all__ = ["DIRECTED", "LONGEST", "applies"]

DIRECTED = ("traffic", "corners", "streak", "counters", "wrong_tlast", "long_tile", "reset_midway", "jobs")
#: A tile at the limit of K of more beats takes too long from Python.
LONGEST = 600


def applies(name: str, params: EngineParams) -> bool:
    """Whether a test makes sense for an engine, and takes a bearable time."""
    if name == "streak":
        return not params.axes.stores_operands  # there the cycles of a tile depend on its operands
    if name == "long_tile":
        return params.k_step <= params.k_limit and Dataflow(params).a.beats(params.k_limit) <= LONGEST
    return True

"""The directed protocol tests (:mod:`sim_tb.tb.protocol`), and which engines they are for."""

from __future__ import annotations

from hdl.params import Dataflow, EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["DIRECTED", "LONGEST", "applies", "paces"]

DIRECTED = ("traffic", "corners", "streak", "pace", "counters", "wrong_tlast", "long_tile", "reset_midway", "jobs")
#: A tile at the limit of K of more beats takes too long from Python.
LONGEST = 600


def applies(name: str, params: EngineParams) -> bool:
    """Whether a test makes sense for an engine, and takes a bearable time."""
    if name == "streak":
        return not params.axes.stores_operands  # there the cycles of a tile depend on its operands
    if name == "long_tile":
        return params.k_step <= params.k_limit and Dataflow(params).a.beats(params.k_limit) <= LONGEST
    if name == "pace":
        return bool(paces(params))
    return True


def paces(params: EngineParams) -> dict[int, float]:
    """For some K, by how large a part the cycles of a job may differ from those of the model.

    The model is exact, but for single cycles where rows run apart: which of two gets the result buses first may
    hang on what has not been followed.
    """
    if not params.axes.stores_operands:
        return {k: 0.0 for k in (3 * params.k_step, 9 * params.k_step + 1) if k <= params.k_limit}
    shape = SparseShape(params)
    lanes, segment = shape.lanes, shape.segment
    sizes = {3 * lanes, 6 * lanes, segment * 3 // 4, segment, segment + segment // 2}
    share = 0.01 if params.axes.skips_by_row else 0.0
    return {k: share for k in sorted(sizes) if k <= params.k_limit}

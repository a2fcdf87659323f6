"""The nest of an engine of the hardware library, and the way from the conventional nest of its array to it."""

from __future__ import annotations

from gen.nest.canonical import BUILT, Rewrite, chain, conventional
from gen.nest.encoders import digit_count
from gen.nest.lower import MULTIPLIER
from gen.nest.steps import steps
from gen.nest.tile import Tile
from hdl.params import EngineParams
from hdl.params.nest import Nest

__all__ = ["engine_nest", "engine_steps", "engine_tile"]


def engine_nest(params: EngineParams) -> Nest | None:
    """The nest of an engine; None for ``laconic``, which recodes B too: the notation has the digits of A only."""
    found = engine_steps(params)
    return found[-1][1] if found else None


def engine_steps(params: EngineParams) -> list[tuple[Rewrite | None, Nest]]:
    """The conventional nest of an engine's array, and what each rewrite makes of it; none for ``laconic``."""
    if (params.array, params.scheme) not in BUILT:
        return []
    encoder = MULTIPLIER if params.scheme == "mac" else params.encoder
    digits = digit_count(encoder, params.a)
    depth = params.depth if params.deep else 1
    start = conventional(params.array, params.rows, params.cols, depth=depth, encoder=encoder, digits=digits)
    return steps(start, chain(params.array, params.scheme))


def engine_tile(params: EngineParams, k: int) -> Tile:
    """The task of an engine: one tile with this K."""
    return Tile(params.rows, params.cols, k, params.a, params.b)

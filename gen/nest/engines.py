"""The nest of an engine of the hardware library, and the way from the conventional nest of its array to it."""

from __future__ import annotations

from gen.nest.canonical import Rewrite, rewrites_of, start_of
from gen.nest.encoders import digit_count
from gen.nest.from_axes import nest_of_axes
from gen.nest.lower import MULTIPLIER
from gen.nest.steps import steps
from gen.nest.structure import same
from gen.nest.tile import Tile
from hdl.params import Axes, ConfigError, EngineParams
from hdl.params.nest import Nest

__all__ = ["engine_nest", "engine_steps", "engine_tile"]


def engine_nest(params: EngineParams) -> Nest | None:
    """The nest of an engine; None if the notation does not have it: see :func:`engine_steps`."""
    found = engine_steps(params)
    return found[-1][1] if found else None


def engine_steps(params: EngineParams) -> list[tuple[Rewrite | None, Nest]]:
    """The conventional nest of an engine's arrangement, and what each rewrite makes of it.

    Only the engine's own nest if no rewrites lead to it; none if it recodes both operands, rounds its sums, or has
    groups of columns: the notation has digits of one integer, and A[m,k] is the same for all n.
    """
    axes = params.axes
    if axes.recodes_both or params.floating or params.column_groups > 1:
        return []
    encoder = MULTIPLIER if axes.multiplies else params.encoder
    digits = digit_count(encoder, params.recoded)

    def nest(point: Axes) -> Nest:
        return nest_of_axes(point, params.rows, params.cols, encoder=encoder, digits=digits)

    own = nest(axes)
    try:
        found = steps(nest(start_of(axes)), rewrites_of(axes))
    except ConfigError:
        return [(None, own)]
    return found if same(found[-1][1], own) else [(None, own)]


def engine_tile(params: EngineParams, k: int) -> Tile:
    """The task of an engine: one tile with this K."""
    return Tile(params.rows, params.cols, k, params.a, params.b)

"""The way from the conventional nest to a scheme, step by step, as text."""

from __future__ import annotations

from collections.abc import Sequence

from gen.nest.canonical import Rewrite, chain, conventional
from gen.nest.encoders import digit_count
from gen.nest.printer import print_nest
from gen.nest.table import render, table
from gen.nest.tile import Tile
from hdl.params.nest import Nest

__all__ = ["explain_nest", "explain_steps", "steps"]


def steps(nest: Nest, rewrites: Sequence[Rewrite]) -> list[tuple[Rewrite | None, Nest]]:
    """The nest, and what every rewrite makes of it. Raises ConfigError where one is illegal."""
    result: list[tuple[Rewrite | None, Nest]] = [(None, nest)]
    for rewrite in rewrites:
        nest = rewrite.apply(nest)
        result.append((rewrite, nest))
    return result


def explain_nest(nest: Nest, tile: Tile, *, sigma: float | None = None, accumulator: int | None = None) -> str:
    """A nest and its table."""
    return f"{print_nest(nest)}\n{render(table(nest, tile, sigma=sigma, accumulator=accumulator))}"


def explain_steps(
    array: str,
    scheme: str,
    tile: Tile,
    *,
    depth: int = 1,
    encoder: str = "booth",
    sigma: float | None = None,
    accumulator: int | None = None,
) -> str:
    """From the conventional nest of an array to a scheme: each rewrite, what moves, why it is legal, nest and table."""
    digits = digit_count(encoder, tile.a)
    start = conventional(array, tile.m, tile.n, depth=depth, encoder=encoder, digits=digits)
    parts = []
    for rewrite, nest in steps(start, chain(array, scheme)):
        title = f"{array}, conventional: every primitive works in every step of k.\n"
        if rewrite is not None:
            title = f"{rewrite.name}: {rewrite.moves}\nLegal: {rewrite.legal}\n"
        parts.append(f"{title}\n{explain_nest(nest, tile, sigma=sigma, accumulator=accumulator)}")
    return "\n".join(parts)

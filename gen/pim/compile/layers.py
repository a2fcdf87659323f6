"""Which layers do the same at a position: what differs between layers, and loops over those that repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.pim.model import Decoder

__all__ = ["Run", "Seen", "runs", "seen"]


@dataclass(frozen=True)
class Seen:
    """What attention of a layer sees at a position.

    A layer with a window keeps only as many tokens: a new token takes the place of the one that has left the window.

    Parameters
    ----------
    scale : float
        Factor of the scores.
    entry : int
        The place in the caches of the token at hand.
    tokens : int
        Places from 0 on that hold what it sees, its own among them.
    """

    scale: float
    entry: int
    tokens: int


@dataclass(frozen=True)
class Run:
    """Layers from ``first`` on that repeat.

    Parameters
    ----------
    first : int
    period : tuple of Seen
        What the layers of one turn see.
    turns : int
    """

    first: int
    period: tuple[Seen, ...]
    turns: int


def seen(decoder: Decoder, reserved: int, position: int) -> list[Seen]:
    """What every layer sees at a position, with room for so many tokens."""
    found = []
    for scale, window in zip(decoder.attention.scale, decoder.attention.windows, strict=True):
        places = min(window or reserved, reserved)
        found.append(Seen(scale, position % places, min(position + 1, places)))
    return found


def runs(layers: Sequence[Seen]) -> list[Run]:
    """Layers as runs, as long as they are with each turn as short as it can be."""
    found = []
    first = 0
    while first < len(layers):
        best = Run(first, (layers[first],), 1)
        for length in range(1, (len(layers) - first) // 2 + 1):
            period, turns = layers[first : first + length], 1
            while layers[first + turns * length : first + (turns + 1) * length] == period:
                turns += 1
            if (turns - 1) * length > (best.turns - 1) * len(best.period):
                best = Run(first, tuple(period), turns)
            if length == 1 and turns == len(layers) - first:
                break
        found.append(best)
        first += best.turns * len(best.period)
    return found

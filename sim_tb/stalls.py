"""Stall profiles: how a stream source leaves gaps and a stream sink pushes back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import IntEnum

__all__ = ["Profile", "gaps"]


class Profile(IntEnum):
    """A stall profile. The numbers are those of ``stall.sv``."""

    NONE = 0
    RARE = 1  # a stall in one cycle of 16
    EVEN = 2  # in one of two
    BURSTY = 3  # 16 cycles of stall, 16 of none, on average
    STARVED = 4  # in 15 of 16
    ALTERNATING = 5  # in every other


def gaps(profile: Profile, seed: int) -> Iterator[bool]:
    """Endless booleans: whether a stream that is driven from Python stalls in the next cycle."""
    rng = random.Random(seed)
    burst = bool(seed & 1)
    while True:
        burst ^= profile == Profile.ALTERNATING or rng.random() < 1 / 16
        match profile:
            case Profile.NONE:
                yield False
            case Profile.RARE:
                yield rng.random() < 1 / 16
            case Profile.EVEN:
                yield rng.random() < 1 / 2
            case Profile.STARVED:
                yield rng.random() < 15 / 16
            case _:
                yield burst

"""What keys and values are stored as, and where the scales of those of 8 bits lie.

A token's keys have a scale, and its values have one, common to all heads. That of keys is in a column behind them, in
the same bank, where SCALE_AB multiplies their dot products with it. Those of values are a vector over tokens in a bank,
which is read once for all heads and multiplies the probabilities of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hdl.params import Problem
from hdl.params.pim import PimParams

__all__ = ["CACHES", "Kind", "lacking"]


@dataclass(frozen=True)
class Kind:
    """A kind of caches: its meaning, and numbers in the place of a bf16 number."""

    meaning: str
    packed: int


#: What keys and values can be stored as.
CACHES: Mapping[str, Kind] = MappingProxyType(
    {
        "bf16": Kind("as they are computed", 1),
        "int8": Kind("integers of 8 bits, with powers of two as scales: one for a token's keys, one for its values", 2),
    }
)


def lacking(params: PimParams) -> Iterator[Problem]:
    """What a system lacks for caches of 8 bits."""
    if not params.int8:
        yield Problem("pim.int8", "must be true for caches of 8 bits, not false", "--set int8=true, for example")
    if params.accumulators < 2:
        message = f"must be at least 2 for caches of 8 bits, not {params.accumulators}"
        yield Problem("pim.accumulators", message, "half of them make dot products with keys, the others scale these")
    if params.buffer_words < 2:
        yield Problem("pim.gb_words", f"must be at least 2 for caches of 8 bits, not {params.gb_words}")

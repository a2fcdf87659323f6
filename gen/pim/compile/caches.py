"""What keys and values are stored as, and where the scales of those of 8 bits lie.

A token's keys have a scale, and its values have one, common to all heads: a vector over tokens for each of the two, in
a bank of its own at the same columns. It is read once for all heads, and multiplies the scores of each, or its
probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hdl.params import Problem
from hdl.params.pim import PimParams

__all__ = ["CACHES", "Kind", "Scales", "lacking"]


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


@dataclass(frozen=True)
class Scales:
    """The scales of keys, and those of values: vectors over tokens.

    A slot has those of a token, in the first elements of its first two words; a system whose slots have one word takes
    two slots, at columns one behind the other.

    Parameters
    ----------
    params : PimParams
    words : int
        Columns of a vector: whole slots of tokens.
    at : int
        The column of every bank where they begin.
    """

    params: PimParams
    words: int
    at: int

    @property
    def columns(self) -> int:
        """Columns of every bank that they take."""
        return self.words * (2 if self.params.slot_words == 1 else 1)

    def find(self, *, values: bool) -> tuple[int, int]:
        """The unit and the first column of those of keys, or of values."""
        slot, word = divmod(int(values), self.params.slot_words)
        return word * self.params.lanes, self.at + slot * self.words


def lacking(params: PimParams) -> Iterator[Problem]:
    """What a system lacks for caches of 8 bits."""
    if not params.int8:
        yield Problem("pim.int8", "must be true for caches of 8 bits, not false", "--set int8=true, for example")
    if params.buffer_words < 2:
        yield Problem("pim.gb_words", f"must be at least 2 for caches of 8 bits, not {params.gb_words}")

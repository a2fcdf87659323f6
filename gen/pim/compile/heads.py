"""How the heads of attention lie in vectors, and which elements of a checkpoint's tensors are there.

A product with one matrix gives queries, keys and values. Queries and keys are cut into *parts* of whole words, all
equally long: the part of every head lies side by side, so that one vector instruction rotates all of them, and a score
is the sum over the parts. Of rotated heads the first parts are the first halves of the pairs, then come the second
halves, then what isn't rotated. Zeros fill a half, a rest, and the values of a head to what the memories can address.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from gen.pim.model import Decoder, Rotary
from hdl.params.pim import PimParams, words_of

__all__ = ["Heads"]

#: Indices of elements; -1 is a zero.
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Heads:
    """The heads of a decoder in the vectors of a system.

    Head ``group * repeats + repeat`` of queries uses group ``group`` of keys and values. Wherever heads of queries
    stand in line, all groups' heads of the first repeat come first.

    Parameters
    ----------
    params : PimParams
    decoder : Decoder
    packed : int
        Numbers of keys and values that the banks hold in the place of a bf16 number: parts, and values of a head, are
        a multiple of so many words.
    """

    params: PimParams
    decoder: Decoder
    packed: int = 1

    @property
    def groups(self) -> int:
        """Heads of keys and values."""
        return self.decoder.attention.groups

    @property
    def repeats(self) -> int:
        """Heads of queries that share one of keys."""
        return self.decoder.attention.heads // self.groups

    @property
    def _sections(self) -> list[list[int]]:
        """Elements of a head: first halves of the pairs, second halves, and the rest; or simply all."""
        width, positions = self.decoder.attention.head_width, self.decoder.positions
        if not isinstance(positions, Rotary):
            return [list(range(width))]
        turned, half = positions.width, positions.width // 2
        if positions.interleaved:
            first, second = list(range(0, turned, 2)), list(range(1, turned, 2))
        else:
            first, second = list(range(half)), list(range(half, turned))
        rest = list(range(turned, width))
        return [first, second, rest] if rest else [first, second]

    @property
    def part_words(self) -> int:
        """Words of a part."""
        lanes = self.packed * self.params.lanes
        return self.packed * gcd(*(-(-len(section) // lanes) for section in self._sections))

    @cached_property
    def parts(self) -> list[list[int]]:
        """The elements of a head in each part; -1 is a zero."""
        size = self.part_words * self.params.lanes
        found = []
        for section in self._sections:
            for start in range(0, len(section), size):
                piece = section[start : start + size]
                found.append(piece + [-1] * (size - len(piece)))
        return found

    @property
    def turned(self) -> int:
        """Parts of a half of the pairs: so many first parts turn with as many next ones; 0 where nothing turns."""
        positions = self.decoder.positions
        if not isinstance(positions, Rotary):
            return 0
        return -(-words_of(self.params, positions.width // 2) // self.part_words)

    @property
    def head_words(self) -> int:
        """Words of a head's query, and of its key."""
        return len(self.parts) * self.part_words

    @property
    def key_columns(self) -> int:
        """Columns of a token's key; of 8 bits, the last one has its scale."""
        return self.groups * self.head_words // self.packed + (self.packed > 1)

    @property
    def part_columns(self) -> int:
        """Columns of a part of a head's key."""
        return self.part_words // self.packed

    def key_column(self, part: int, group: int) -> int:
        """The column of a token's key where a part of a head begins."""
        return (part * self.groups + group) * self.part_columns

    @property
    def value_width(self) -> int:
        """Elements of a head's value, the zeros that fill it included: whole words and whole channels."""
        unit = lcm(self.packed * self.params.lanes, self.params.banks)
        return -(-self.decoder.attention.head_width // unit) * unit

    @property
    def values(self) -> int:
        """Elements of a token's value."""
        return self.groups * self.value_width

    @property
    def mixed(self) -> int:
        """Elements of what all heads give."""
        return self.repeats * self.values

    # --- words of the product's result -------------------------------------------------------------------------------
    @property
    def line_words(self) -> int:
        """Words of one part of all heads of queries and keys."""
        return (self.decoder.attention.heads + self.groups) * self.part_words

    def query(self, part: int, repeat: int, group: int) -> int:
        """The word where a part of a head's query begins."""
        return part * self.line_words + (repeat * self.groups + group) * self.part_words

    def key(self, part: int) -> int:
        """The word where a part of all keys begins."""
        return part * self.line_words + self.decoder.attention.heads * self.part_words

    @property
    def value(self) -> int:
        """The word where the values begin."""
        return len(self.parts) * self.line_words

    @property
    def outputs(self) -> int:
        """Elements of the result."""
        return self.value * self.params.lanes + self.values

    # --- which elements of the checkpoint ----------------------------------------------------------------------------
    def rows(self) -> Indices:
        """For every output of the product, its element among queries, keys and values one behind the other."""
        attention = self.decoder.attention
        width, groups = attention.head_width, self.groups
        queries = np.concatenate([np.arange(repeat, attention.heads, self.repeats) for repeat in range(self.repeats)])
        starts = np.concatenate([queries, attention.heads + np.arange(groups)]) * width
        lines = [_offset(starts, part) for part in self.parts]
        values = (attention.heads + groups + np.arange(groups)) * width
        return np.concatenate([*lines, _offset(values, self._value)])

    def columns(self) -> Indices:
        """For every input of the matrix behind the mixture, its element among all heads one behind the other."""
        attention = self.decoder.attention
        heads = np.arange(attention.heads).reshape(self.groups, self.repeats).T.reshape(-1)
        return _offset(heads * attention.head_width, self._value)

    @property
    def _value(self) -> list[int]:
        width = self.decoder.attention.head_width
        return [*range(width), *[-1] * (self.value_width - width)]


def _offset(starts: Indices, elements: list[int]) -> Indices:
    """The elements of each head, one head after the other."""
    each = np.array(elements)
    return np.where(each < 0, -1, starts[:, None] + each).reshape(-1)

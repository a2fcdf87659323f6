"""Bit heaps: columns of equally weighted bits, reduced with full and half adders.

The reduction is Dadda's, column by column, so that no adder is spent before it is needed. It is *emitted* as whole
words: adders in neighbouring columns that take part in the same stage are one word-wide operation. That reads well
and simulates several times faster than single bits, at the same area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from amaranth.hdl import Cat, Module, Signal, Value

__all__ = ["BitHeap"]


class BitHeap:
    """Bits to be added, by column; column c weighs 2**c. Columns from ``width`` on are dropped (modulo 2**width).

    Parameters
    ----------
    width : int
        Columns.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.columns: list[list[Value]] = [[] for _ in range(width)]

    def add(self, word: Value, offset: int = 0) -> None:
        """Put the bits of ``word``, weighted by ``2**offset``, on the heap. Put early bits on first."""
        for column, bit in enumerate(word, offset):
            if column < self.width:
                self.columns[column].append(bit)

    def height(self) -> int:
        """Bits in the highest column."""
        return max(map(len, self.columns), default=0)

    def reduce(self, m: Module, limit: Callable[[int], int], name: str = "sum") -> None:
        """Reduce until column c holds at most ``limit(c)`` bits, each limit at least 2.

        Before the last level all columns have the same target: a column with less room than its neighbour could not
        take the neighbour's carries.
        """
        limits = [limit(column) for column in range(self.width)]
        heights = [min(limits) * 3 // 2]
        while heights[-1] < self.height():
            heights.append(heights[-1] * 3 // 2)
        levels = [[height] * self.width for height in reversed(heights[:-1])] + [limits]
        for number, targets in enumerate(levels):
            self._stage(m, targets, f"{name}{number}")
        assert all(len(bits) <= most for bits, most in zip(self.columns, limits, strict=True))

    def _stage(self, m: Module, targets: list[int], name: str) -> None:
        """One level of adders; a column's surplus is met by full adders, and a half adder for a surplus of one."""
        lanes: dict[tuple[int, int], list[int]] = defaultdict(list)  # (inputs, number in column) -> columns
        inputs: dict[tuple[int, int, int], list[Value]] = {}
        arriving = 0
        for column, bits in enumerate(self.columns):
            surplus = len(bits) + arriving - targets[column]
            arriving, taken = 0, 0
            while surplus > 0 and len(bits) - taken >= 2:
                count = min(2 if surplus == 1 else 3, len(bits) - taken)
                inputs[count, arriving, column] = bits[taken : taken + count]
                lanes[count, arriving].append(column)
                taken += count
                surplus -= count - 1
                arriving += 1
            self.columns[column] = bits[taken:]
        for (count, lane), columns in lanes.items():
            for first, last in _runs(columns):
                words = [Cat(inputs[count, lane, c][i] for c in range(first, last + 1)) for i in range(count)]
                self._adders(m, words, first, f"{name}_{'half' if count == 2 else 'full'}{lane}_{first}")

    def _adders(self, m: Module, words: list[Value], first: int, name: str) -> None:
        """Word-wide full or half adders on the columns from ``first`` on."""
        total = Signal(len(words[0]), name=f"{name}_s")
        carry = Signal(len(words[0]), name=f"{name}_c")
        if len(words) == 3:
            x, y, z = words
            half = Signal(len(x), name=f"{name}_h")
            m.d.comb += [half.eq(x ^ y), total.eq(half ^ z), carry.eq((x & y) | (half & z))]
        else:
            x, y = words
            m.d.comb += [total.eq(x ^ y), carry.eq(x & y)]
        self.add(total, first)
        self.add(carry, first + 1)


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    """Split ascending numbers into runs of neighbours, as (first, last)."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs

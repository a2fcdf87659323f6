"""Bit heaps: columns of equally weighted bits, reduced with full and half adders.

The reduction is timing-driven: in each column, from the lowest up, the earliest bits are added first, so that late bits
(partial products) pass fewer adders than early ones (registers). No adder is spent before it is needed.
Source: V. G. Oklobdzija, D. Villeger, S. S. Liu, "A method for speed optimized partial product reduction", 1996.

It is *emitted* as whole words: adders of neighbouring columns that stand at the same level are one word-wide operation.
That reads well and simulates several times faster than single bits, at the same area.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Signal, Value

__all__ = ["BitHeap", "share_of_levels"]

#: Delays in units of an XOR gate. The last input of a full adder passes one gate, the others two.
XOR = 1.0
AND = 0.5
#: Bits in a column that 0, 1, 2, ... levels of full adders reduce to two (L. Dadda, 1965).
HEIGHTS = (2, 3, 4, 6, 9, 13, 19, 28, 42, 63, 94, 141, 211, 316, 474, 711, 1066)


def share_of_levels(height: int, steps: int, ahead: int = 0) -> int:
    """The height that the first of ``steps`` steps leaves, which together reduce columns of ``height`` bits to two.

    Each step has its share of the levels of full adders; the first one has ``ahead`` more, if others have more to do.
    """
    return HEIGHTS[max(0, bisect_left(HEIGHTS, height) * (steps - 1) // steps - ahead)]


@dataclass
class _Bit:
    """A bit on the heap: ``value`` once it is emitted, its arrival in XOR delays, and its level of adders."""

    arrival: float
    level: int
    value: Value | None = None


@dataclass
class _Adder:
    """A full or half adder in a column."""

    column: int
    inputs: list[_Bit]
    total: _Bit
    carry: _Bit

    @property
    def level(self) -> int:
        return self.total.level


class BitHeap:
    """Bits to be added, by column; column c weighs 2**c. Columns from ``width`` on are dropped (modulo 2**width).

    Parameters
    ----------
    width : int
        Columns.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._columns: list[list[_Bit]] = [[] for _ in range(width)]

    def add(self, word: Value, offset: int = 0, arrival: float = 0) -> None:
        """Put the bits of ``word``, times ``2**offset``, on the heap; they arrive after ``arrival`` XOR delays."""
        for column, bit in enumerate(word, offset):
            if column < self.width:
                self._columns[column].append(_Bit(arrival, 0, bit))

    def add_constant(self, value: int) -> None:
        """Put a constant on the heap, modulo 2**width."""
        for column in range(self.width):
            if (value >> column) & 1:
                self._columns[column].append(_Bit(0, 0, Const(1, 1)))

    @property
    def columns(self) -> list[list[Value]]:
        """The bits of each column, the latest last."""
        return [[bit.value for bit in sorted(bits, key=_arrival)] for bits in self._columns]

    def reduce(self, m: Module, limit: Callable[[int], int], name: str = "sum") -> None:
        """Reduce until column c holds at most ``limit(c)`` bits, each limit at least 2."""
        words: dict[tuple[int, int, int], list[_Adder]] = defaultdict(list)  # (level, inputs, lane) -> adders
        for column, bits in enumerate(self._columns):
            lanes: dict[tuple[int, int], int] = defaultdict(int)
            while len(bits) > limit(column):
                adder = self._adder(column, bits, 2 if len(bits) == limit(column) + 1 else 3)
                kind = adder.level, len(adder.inputs)
                words[*kind, lanes[kind]].append(adder)
                lanes[kind] += 1
        for (level, count, lane), adders in sorted(words.items(), key=lambda item: item[0]):
            for run in _runs(adders):
                label = f"{name}{level}_{'half' if count == 2 else 'full'}{lane}_{run[0].column}"
                self._emit(m, run, label)

    def registered(self, m: Module, en: Value, name: str = "row") -> BitHeap:
        """The heap with its bits in registers, row by row, which take them where ``en``."""
        result = BitHeap(self.width)
        columns = self.columns
        for row in range(max(map(len, columns))):
            filled = [column for column, bits in enumerate(columns) if row < len(bits)]
            word = Signal(len(filled), name=f"{name}{row}", reset_less=True)
            with m.If(en):
                m.d.sync += word.eq(Cat(columns[column][row] for column in filled))
            for bit, column in zip(word, filled, strict=True):
                result.add(bit, column)
        return result

    def _adder(self, column: int, bits: list[_Bit], count: int) -> _Adder:
        """Add the ``count`` earliest bits of a column."""
        bits.sort(key=_arrival)
        inputs, bits[:count] = bits[:count], []
        level = 1 + max(bit.level for bit in inputs)
        if count == 3:
            time = max(inputs[1].arrival + 2 * XOR, inputs[2].arrival + XOR)
            total, carry = _Bit(time, level), _Bit(time, level)
        else:
            total, carry = _Bit(inputs[1].arrival + XOR, level), _Bit(inputs[1].arrival + AND, level)
        bits.append(total)
        if column + 1 < self.width:
            self._columns[column + 1].append(carry)
        return _Adder(column, inputs, total, carry)

    def _emit(self, m: Module, adders: list[_Adder], name: str) -> None:
        """Full or half adders of neighbouring columns as word-wide operations."""
        x, y, *rest = (Cat(adder.inputs[i].value for adder in adders) for i in range(len(adders[0].inputs)))
        total = Signal(len(adders), name=f"{name}_s")
        carry = Signal(len(adders), name=f"{name}_c")
        if rest:
            half = Signal(len(adders), name=f"{name}_h")
            m.d.comb += [half.eq(x ^ y), total.eq(half ^ rest[0]), carry.eq((x & y) | (half & rest[0]))]
        else:
            m.d.comb += [total.eq(x ^ y), carry.eq(x & y)]
        for adder, total_bit, carry_bit in zip(adders, total, carry, strict=True):
            adder.total.value, adder.carry.value = total_bit, carry_bit


def _arrival(bit: _Bit) -> float:
    return bit.arrival


def _runs(adders: list[_Adder]) -> list[list[_Adder]]:
    """Split adders in ascending columns into runs of neighbouring columns."""
    runs: list[list[_Adder]] = []
    for adder in adders:
        if runs and runs[-1][-1].column == adder.column - 1:
            runs[-1].append(adder)
        else:
            runs.append([adder])
    return runs

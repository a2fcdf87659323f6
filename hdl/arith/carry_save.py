"""Carry-save accumulation: a running sum whose carries travel only a few columns per cycle.

Source: Wu et al., HPCA 2025 (OPT1), with the carries thinned out: one carry bit is kept every ``carry_every`` columns,
and inside such a group the last addition ripples.
"""

from __future__ import annotations

from itertools import pairwise

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.arith.heap import BitHeap

__all__ = ["GROUP_ABOVE", "carry_columns", "propagate", "reduce_to_groups"]

#: Above the addends' columns only carries are added; a group may be this long there without lengthening the path.
GROUP_ABOVE = 16
#: Groups up to this length are written as a ripple over all groups at once; longer ones as an addition each.
RIPPLE = 4


def carry_columns(width: int, top: int, every: int, above: int = GROUP_ABOVE) -> tuple[int, ...]:
    """Columns, ascending, in which an accumulator keeps a carry bit beside its sum bit.

    Parameters
    ----------
    width : int
        Columns of the accumulator.
    top : int
        Columns that receive addends, from 0 on.
    every : int
        Sum bits to a carry bit in those columns. Groups end at odd columns where they can: the sign corrections of
        radix-4 digits fall on even ones, so that the two never add up in one column.
    above : int
        Sum bits to a carry bit above those columns.
    """
    columns = list(range(max(1, every - 1), top + every, every))
    while columns[-1] < width:
        columns.append(columns[-1] + above)
    return tuple(column for column in columns if column < width)


def reduce_to_groups(m: Module, heap: BitHeap, carries: tuple[int, ...], name: str = "sum") -> tuple[Value, Value]:
    """Reduce a heap to a sum bit in every column and a carry bit in each of the columns ``carries``.

    Returns
    -------
    total, carry : Value
        ``heap.width`` bits, and one bit for each of ``carries``.
    """
    bases = (0, *carries)
    heap.reduce(m, lambda column: 3 if column in bases else 2, name)
    groups: dict[int, list[int]] = {}  # length -> bases
    for base, end in pairwise((*bases, heap.width)):
        groups.setdefault(end - base, []).append(base)

    left = heap.columns

    def word(row: int, columns: list[int]) -> Value:
        return Cat(left[c][row] if row < len(left[c]) else Const(0, 1) for c in columns)

    total: dict[int, Value] = {}
    carry: dict[int, Value] = {}
    for length, starts in groups.items():
        if length <= RIPPLE:
            ripple = word(2, starts)
            for position in range(length):
                columns = [base + position for base in starts]
                x, y = word(0, columns), word(1, columns)
                half: Value = x ^ y
                if all(len(left[column]) > 1 for column in columns):  # else it is in part a word's own bits
                    half = Signal(len(starts), name=f"{name}_group{length}_{position}_h")
                    m.d.comb += half.eq(x ^ y)
                out = Signal(len(starts), name=f"{name}_group{length}_{position}_s")
                over = Signal(len(starts), name=f"{name}_group{length}_{position}_c")
                m.d.comb += [out.eq(half ^ ripple), over.eq((x & y) | (half & ripple))]
                ripple = over
                total |= dict(zip(columns, out, strict=True))
            carry |= {base + length: bit for base, bit in zip(starts, ripple, strict=True)}
            continue
        for base in starts:
            columns = list(range(base, base + length))
            out = Signal(length + 1, name=f"{name}_group_{base}")
            m.d.comb += out.eq(word(0, columns) + word(1, columns) + word(2, [base]))
            total |= dict(zip(columns, out, strict=False))
            carry[base + length] = out[length]
    return Cat(total[c] for c in range(heap.width)), Cat(carry[c] for c in carries)


def propagate(m: Module, heap: BitHeap, name: str = "sum") -> Value:
    """The sum of a heap as one number of ``heap.width`` bits: reduced to two words, and these added."""
    heap.reduce(m, lambda column: 2, name)
    columns = heap.columns
    x, y = (Cat(bits[i] if i < len(bits) else Const(0, 1) for bits in columns) for i in range(2))
    return (x + y)[: heap.width]

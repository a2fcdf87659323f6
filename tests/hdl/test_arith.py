"""Bit heaps and carry-save accumulation against plain integers."""

from __future__ import annotations

import itertools
import random

import pytest
from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap
from tests.hdl.simulate import run


class Adder(wiring.Component):
    """Adds words by a heap, and gathers the columns that are left."""

    def __init__(self, width: int, words: list[tuple[int, int]], carries: tuple[int, ...]) -> None:
        self.width, self.words, self.carries = width, words, carries
        inputs = {f"i{i}": In(size) for i, (size, _) in enumerate(words)}
        super().__init__({**inputs, "total": Out(width), "carry": Out(len(carries))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = BitHeap(self.width)
        for i, (_, offset) in enumerate(self.words):
            heap.add(getattr(self, f"i{i}"), offset, arrival=i % 3)
        total, carry = reduce_to_groups(m, heap, self.carries)
        m.d.comb += [self.total.eq(total), Cat(self.carry).eq(carry)]
        return m


@pytest.mark.parametrize("seed", range(12))
def test_carry_save_reduction_keeps_the_sum(seed: int) -> None:
    rng = random.Random(seed)
    width = rng.randint(4, 40)
    words = [(rng.randint(1, 16), rng.randint(0, width - 1)) for _ in range(rng.randint(1, 9))]
    top = min(width, max(size + offset for size, offset in words))
    carries = carry_columns(width, top, rng.choice((1, 2, 4, 8)))
    adder = Adder(width, words, carries)
    differences = []

    async def process(ctx) -> None:
        for _ in range(100):
            expected = 0
            for i, (size, offset) in enumerate(words):
                value = rng.choice((0, 2**size - 1, rng.randrange(2**size)))
                ctx.set(getattr(adder, f"i{i}"), value)
                expected += value << offset
            carry = ctx.get(adder.carry)
            kept = sum(((carry >> i) & 1) << column for i, column in enumerate(carries))
            differences.append((ctx.get(adder.total) + kept - expected) % 2**width)

    run(adder, process, clocked=False)
    assert differences == [0] * 100, f"seed {seed}"


@pytest.mark.parametrize("every", [1, 2, 4, 8])
def test_carry_columns(every: int) -> None:
    columns = carry_columns(32, 15, every)
    assert list(columns) == sorted(set(columns))
    assert all(0 < column < 32 for column in columns)
    lower = [column for column in columns if column <= 15]
    assert all(b - a == every for a, b in itertools.pairwise(lower))
    if every > 1:
        assert all(column % 2 for column in lower), "sign corrections fall on even columns"

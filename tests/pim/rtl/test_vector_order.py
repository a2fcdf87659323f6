"""Instructions that want the same of the vector unit take turns by age: equal ones end in the order of their begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hdl.params.pim import INSTRUCTIONS
from hdl.pim.vector.unit import READS, VectorUnit
from tests.hdl.simulate import run
from tests.pim.machines import TINY

PARAMS = replace(TINY, lanes=1, vector_lanes=1, gb_words=8)
#: Elements of each vector; instructions, several times as many as are at work at a time.
LENGTH, COUNT = 40, 10


@pytest.mark.parametrize("name", ["VADD", "SOFTMAX"])
def test_the_oldest_goes_first(name):
    unit = VectorUnit(PARAMS)
    words = [0x3F80 + i for i in range(PARAMS.sram_words)]
    begun, ended = [], []

    async def process(ctx):
        ctx.set(unit.opcode, INSTRUCTIONS[name].code)
        ctx.set(unit.n, LENGTH)
        ctx.set(unit.factor, 0x3F800000)
        for port in (*READS, "vd"):
            ctx.set(getattr(unit, f"{port}_ready"), 1)
        owners: dict[int, int] = {}
        for _ in range(40 * LENGTH * COUNT):
            starts = len(begun) < COUNT and ctx.get(unit.ready)
            ctx.set(unit.start, starts)
            ctx.set(unit.a, LENGTH * len(begun))
            ctx.set(unit.d, LENGTH * len(begun))
            slot, active = ctx.get(unit.slot), ctx.get(unit.active)
            asked = {port: ctx.get(getattr(unit, f"{port}_addr")) for port in READS}
            await ctx.tick()
            for port, address in asked.items():
                ctx.set(getattr(unit, f"{port}_data"), words[address % len(words)])
            left = active & ~ctx.get(unit.active)
            ended.extend(owners[i] for i in range(unit.contexts) if left >> i & 1)
            if starts:
                owners[slot] = len(begun)
                begun.append(slot)
            if len(ended) == COUNT:
                return

    run(unit, process)
    assert len(begun) == COUNT
    assert set(begun) == set(range(unit.contexts))
    assert ended == list(range(COUNT))

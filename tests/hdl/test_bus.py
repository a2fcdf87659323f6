"""The register slice against a queue."""

from __future__ import annotations

import random
from collections import deque

import pytest

from hdl.bus.slice import StreamSlice
from tests.hdl.simulate import run


@pytest.mark.parametrize("fill", [0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("drain", [0.2, 0.5, 0.9, 1.0])
def test_slice_is_a_queue_of_two(fill: float, drain: float) -> None:
    rng = random.Random(hash((fill, drain)))
    dut = StreamSlice(16)
    sent: deque[tuple[int, int]] = deque()
    taken = []

    async def process(ctx) -> None:
        offered = (rng.randrange(2**16), rng.randrange(2))
        room = True
        for _ in range(500):
            valid, ready = rng.random() < fill, rng.random() < drain
            ctx.set(dut.i_data, offered[0])
            ctx.set(dut.i_last, offered[1])
            ctx.set(dut.i_valid, valid)
            ctx.set(dut.o_ready, ready)
            accepts, leaves = ctx.get(dut.i_ready), ctx.get(dut.o_valid)
            assert leaves == bool(sent), "valid exactly while it holds something"
            assert accepts == (len(sent) < 2) == room, "ready exactly while it has room, as announced"
            if ready and leaves:
                taken.append((ctx.get(dut.o_data), ctx.get(dut.o_last)) == sent.popleft())
            if valid and accepts:
                sent.append(offered)
                offered = (rng.randrange(2**16), rng.randrange(2))
            room = bool(ctx.get(dut.room))
            await ctx.tick()

    run(dut, process)
    assert len(taken) > 50
    assert all(taken)
    if fill == drain == 1.0:
        assert len(taken) == 499, "a beat in every cycle"

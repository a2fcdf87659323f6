"""A frame's settings, numbers of beats and error, in Amaranth's simulator."""

from __future__ import annotations

from typing import Any

from hdl.delta.frame import Frame
from hdl.params.delta import DeltaParams
from tests.hdl.simulate import run


def test_a_job_is_a_frame() -> None:
    """Settings are taken with the job and hold; beats are numbered from 0; what is too long is an error until clear."""
    dut = Frame(DeltaParams(words=3))
    seen: list[tuple[int, ...]] = []

    async def process(ctx: Any) -> None:
        async def tick(**inputs: int) -> None:
            for name, value in inputs.items():
                ctx.set(getattr(dut, name), value)
            await ctx.tick()
            for name in inputs:
                ctx.set(getattr(dut, name), 0)
            seen.append(tuple(ctx.get(getattr(dut, name)) for name in ("open", "addr", "whole", "error")))

        await tick(i_shift=7)  # nobody asks
        await tick(start=1, tiles=2, i_shift=3, i_threshold=9)
        await tick(beat=1, i_shift=1, i_threshold=1)
        assert (ctx.get(dut.shift), ctx.get(dut.threshold)) == (3, 9)
        await tick(beat=1, beat_last=1)
        await tick(beat_last=1)  # offered, and not taken
        await tick(beat=1, beat_last=1)
        await tick(start=1, tiles=1)
        for last in (0, 0, 0, 1):
            await tick(beat=1, beat_last=last)
        await tick(clear=1)
        await tick(start=1, tiles=0, i_whole=1)

    run(dut, process)
    whole, changes = [(0, 0, 0, 0)], [(1, 0, 0, 0), (1, 1, 0, 0), (1, 2, 0, 0), (1, 2, 0, 0), (0, 2, 0, 1)]
    whole += [(1, 0, 1, 0), (1, 1, 1, 0), (1, 2, 1, 0), (1, 2, 1, 0), (0, 2, 1, 0)]
    assert seen == [*whole, *changes, (0, 2, 0, 0), (0, 0, 1, 0)]

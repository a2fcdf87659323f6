"""Words that wait in a ring, or for the last column: each comes out after its steps, whatever stalls."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType

import pytest

from hdl.array import deskew
from hdl.lib import ring
from tests.hdl.simulate import run

WIDTH, CLOCKS, SEED = 8, 200, 5


def delays(module: ModuleType, depth: int) -> bool:
    """Whether a ring gives each word ``depth`` steps after it was taken."""
    rng = random.Random(SEED)
    right: list[bool] = []
    part = module.Ring(depth, WIDTH)

    async def process(ctx) -> None:
        line: list[int | None] = [None] * depth
        for _ in range(CLOCKS):
            en, word = rng.random() < 0.7, rng.choice((0, 255, rng.randrange(1 << WIDTH)))
            ctx.set(part.en, en)
            ctx.set(part.i, word)
            if line[-1] is not None:
                right.append(ctx.get(part.o) == line[-1])
            line = [word, *line[:-1]] if en else line
            await ctx.tick()

    run(part, process)
    assert len(right) > CLOCKS // 2
    return all(right)


def aligns(module: ModuleType, lanes: int) -> bool:
    """Whether results that come lane after lane leave side by side; there are gaps between them, and stalls."""
    rng = random.Random(SEED)
    right: list[bool] = []
    part = module.Deskew(lanes, WIDTH)

    async def process(ctx) -> None:
        rows: list[list[int] | None] = [None] * lanes  # the last one leaves
        for _ in range(CLOCKS):
            en, valid = rng.random() < 0.7, rng.random() < 0.5
            row = [rng.randrange(1 << WIDTH) for _ in range(lanes)] if valid else None
            now = [row, *rows[: lanes - 1]]
            words = [each[lane] if each else rng.randrange(1 << WIDTH) for lane, each in enumerate(now)]
            ctx.set(part.en, en)
            ctx.set(part.valid, valid)
            ctx.set(part.i, sum(word << WIDTH * lane for lane, word in enumerate(words)))
            if now[-1] is not None:
                expected = sum(word << WIDTH * lane for lane, word in enumerate(now[-1]))
                right.append(ctx.get(part.o) == expected)
            rows = now if en else rows
            await ctx.tick()

    run(part, process)
    assert len(right) > CLOCKS // 4
    return all(right)


@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_ring(depth: int) -> None:
    assert delays(ring, depth)


@pytest.mark.parametrize("lanes", [2, 3, 5])
def test_deskew(lanes: int) -> None:
    assert aligns(deskew, lanes)


def mutated(original: ModuleType, old: str, new: str) -> ModuleType:
    source = Path(str(original.__file__)).read_text()
    assert source.count(old) == 1
    module = ModuleType("mutated")
    module.__dict__["__name__"] = original.__name__
    exec(compile(source.replace(old, new), "mutated", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("with m.If(self.en & turn[number]):", "with m.If(turn[number]):"),
        ("        with m.If(self.en):\n            m.d.sync += turn", "        if True:\n            m.d.sync += turn"),
        ("word & turn[number]", "word & turn[number - 1]"),
    ],
)
def test_a_wrong_ring_is_caught(old: str, new: str) -> None:
    assert not delays(mutated(ring, old, new), 4)


@pytest.mark.parametrize(
    ("old", "new"), [("(self.valid, *behind)", "(*behind, self.valid)"), ("moving[i:]", "moving[: steps - i]")]
)
def test_a_wrong_deskew_is_caught(old: str, new: str) -> None:
    assert not aligns(mutated(deskew, old, new), 4)

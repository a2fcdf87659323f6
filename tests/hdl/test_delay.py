"""Elements with gaps between them: steps without one are not clocked, and no element is lost or changed."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType

import pytest
from amaranth.hdl import Const, Fragment, Module
from amaranth.lib.wiring import Component, In, Out

from hdl.lib import delay as original
from tests.hdl.simulate import run

STEPS, WIDTH, CLOCKS, SEED = 6, 8, 300, 11


class Line(Component):
    """A line of registers beside bits that say where an element is."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        outputs = {"there": Out(1), "o": Out(WIDTH), "moves": Out(STEPS)}
        super().__init__({"en": In(1), "valid": In(1), "x": In(WIDTH), **outputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        behind = self.module.later(m, "valid", self.en, self.valid, STEPS)
        m.d.comb += [
            self.moves.eq(self.module.moves(self.en, self.valid, behind)),
            self.there.eq(behind[-1]),
            self.o.eq(self.module.delay(m, "line", self.moves, self.x, STEPS)),
        ]
        return m


def agrees(module: ModuleType) -> bool:
    """Whether elements come out as they went in, and registers are clocked for them and for nothing else."""
    rng = random.Random(SEED)
    right: list[bool] = []

    async def process(ctx) -> None:
        line: list[int | None] = [None] * STEPS
        for _ in range(CLOCKS):
            en, valid, x = rng.random() < 0.7, rng.random() < 0.5, rng.randrange(1 << WIDTH)
            for name, value in (("en", en), ("valid", valid), ("x", x)):
                ctx.set(getattr(part, name), value)
            before = [x if valid else None, *line[:-1]]
            moves = sum((en and element is not None) << step for step, element in enumerate(before))
            right.append(ctx.get(part.moves) == moves)
            right.append(ctx.get(part.there) == (line[-1] is not None))
            if line[-1] is not None:
                right.append(ctx.get(part.o) == line[-1])
            line = before if en else line
            await ctx.tick()

    part = Line(module)
    run(part, process)
    assert len(right) > 2 * CLOCKS + 50
    return all(right)


def test_elements_with_gaps() -> None:
    assert agrees(original)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("with m.If(enables[step]):", "with m.If(enables[0]):"),
        ('("first", enables[:first]), ("second", enables[first:])', '("x", enables[first:]), ("y", enables[:first])'),
        ("Cat(valid, behind)[: len(behind)]", "behind"),
        (" & en.replicate(len(behind))", ""),
        ("bits.eq(Cat(value, bits))", "bits.eq(Cat(value, bits[:2], bits[1:]))"),
    ],
)
def test_a_mutation_is_caught(old: str, new: str) -> None:
    source = Path(original.__file__).read_text()
    assert source.count(old) == 1
    changed = ModuleType(original.__name__)
    exec(compile(source.replace(old, new), f"delay with {new!r}", "exec", dont_inherit=True), changed.__dict__)
    assert not agrees(changed)


def test_as_many_enables_as_steps() -> None:
    m = Module()
    with pytest.raises(TypeError, match="line: 3 enables for 4 steps"):
        original.delay(m, "line", Const(0, 3), Const(0, 8), 4)
    Fragment.get(m, None)  # nothing was placed

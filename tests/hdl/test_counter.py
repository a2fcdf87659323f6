"""Counters made of parts are right in every cycle, whatever they begin with and however they are set."""

from __future__ import annotations

import random
import re
from pathlib import Path
from types import ModuleType

import pytest

from gen.emit.verilog import verilog_of
from hdl.lib import counter as original
from tests.hdl.counter_proof import counters, counts
from tests.hdl.simulate import run

BITS, CLOCKS, SEED = 20, 400, 5


def agrees(module: ModuleType, *, down: bool) -> bool:
    """Whether the value is that of a plain number, near the ends of its parts most of all."""
    rng = random.Random(SEED)
    part = module.Counter(BITS, down=down)
    right: list[bool] = []

    async def process(ctx) -> None:
        value = 0
        for _ in range(CLOCKS if down else 3 * CLOCKS):
            step, reset = rng.random() < 0.9, rng.random() < (0.05 if down else 0.0005)
            ctx.set(part.step, step)
            ctx.set(part.set, reset)
            to = 0
            if down:
                to = (rng.choice((0, 1 << 8, 1 << 16, 3 << 8)) + rng.randrange(-3, 6)) % (1 << BITS)
                ctx.set(part.to, to)
            right.append(ctx.get(part.value) == value)
            value = to if reset else (value + step * (-1 if down else 1)) % (1 << BITS)
            await ctx.tick()

    run(part, process)
    return all(right)


@pytest.mark.parametrize("down", [False, True])
def test_it_counts(down: bool) -> None:
    assert agrees(original, down=down)


@pytest.mark.parametrize(
    ("old", "new", "down"),
    [
        ("init=last == 0", "init=0", True),
        ("passes.eq(to == Const(last, bits))", "passes.eq(0)", True),
        ("passes.eq(part == Const(last - by, bits))", "passes.eq(part == Const(last, bits))", False),
        ("moves = moves & passes", "moves = passes", False),
        ("moves = moves & passes", "moves = self.step & passes", True),
        ("m.Elif(moves)", "m.If(moves)", True),
    ],
)
def test_a_mutation_is_caught(old: str, new: str, down: bool) -> None:
    source = Path(original.__file__).read_text()
    assert source.count(old) == 1
    changed = ModuleType(original.__name__)
    exec(compile(source.replace(old, new), f"counter with {new!r}", "exec", dont_inherit=True), changed.__dict__)
    assert not agrees(changed, down=down)


@pytest.mark.synth
@pytest.mark.parametrize("down", [False, True])
def test_the_emitted_counter_is_proved(down: bool) -> None:
    text = verilog_of(original.Counter(32, down=down), "bitloom")
    (name,) = counters(text)
    assert counts(text, name)
    wrong, changed = re.subn(r"(part24 [+-] )\S+;", r"\1 8'h11;", text)
    assert changed == 1
    assert not counts(wrong, name)

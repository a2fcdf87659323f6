"""The PE of a cube's chains, and the accumulator at their end, against integers."""

from __future__ import annotations

import random

import pytest

from hdl.params import EngineParams
from hdl.pe.link import Accumulator, LinkPE
from tests.hdl.simulate import run
from tests.hdl.test_pe import wires

FORMATS = [("s8", "s8"), ("u8", "u8"), ("s2", "u3"), ("u5", "s16"), ("s16", "s7")]


def cube(**values: object) -> EngineParams:
    return EngineParams.from_dict({"array": "cube", **values})


def value(bits: int, columns: tuple[int, ...]) -> int:
    """What bits in these columns count."""
    return sum(((bits >> i) & 1) << column for i, column in enumerate(columns))


def chain(params: EngineParams, work: list[list[tuple[int, int]]]) -> list[int]:
    """The sums, without their excess, that PEs after each other give, one PE doing the work of all.

    Between two steps the PE is held for a cycle with other inputs, which must change nothing.
    """
    pe = LinkPE(params)
    sums: list[int] = []

    async def process(ctx) -> None:
        for operands in work:
            total = 0
            for a, b in operands:
                ctx.set(pe.a_in, wires(a, params))
                ctx.set(pe.b_in, b % 2**params.b.width)
                ctx.set(pe.en, 1)
                await ctx.tick()
                assert ctx.get(pe.a_out) == wires(a, params)
                assert ctx.get(pe.b_out) == b % 2**params.b.width
                ctx.set(pe.en, 0)
                ctx.set(pe.a_in, 0)
                ctx.set(pe.sum_in, 0)
                before = ctx.get(pe.sum_out)
                await ctx.tick()
                assert ctx.get(pe.sum_out) == before
                ctx.set(pe.sum_in, total)
                ctx.set(pe.en, 1)
                await ctx.tick()
                total = ctx.get(pe.sum_out)
            sums.append(value(total, pe.sums[0].columns) - len(operands) * pe.adding.excess)

    run(pe, process)
    return sums


@pytest.mark.parametrize(("a", "b"), FORMATS)
@pytest.mark.parametrize("scheme", ["mac", "opt1"])
@pytest.mark.parametrize(("depth", "every"), [(1, 8), (3, 2), (16, 1)])
def test_a_chain_holds_its_greatest_sum(scheme: str, depth: int, every: int, a: str, b: str) -> None:
    """All operands at the ends of their formats: exactly the sum, where a pair is as good as a wider one."""
    params = cube(scheme=scheme, depth=depth, a=a, b=b, carry_every=every, accumulator=48)
    width = LinkPE(params).sums[0].width
    assert width < 48
    pairs = [(x, y) for x in (params.a.min, params.a.max) for y in (params.b.min, params.b.max)]
    sums = chain(params, [[pair] * depth for pair in pairs])
    errors = [total - depth * x * y for total, (x, y) in zip(sums, pairs, strict=True)]
    if scheme == "mac":
        errors = [error % 2**width for error in errors]
    assert errors == [0] * 4


@pytest.mark.parametrize(("a", "b"), FORMATS)
@pytest.mark.parametrize(
    ("scheme", "multiplier", "encoder"),
    [("mac", "fused", "booth"), ("mac", "inferred", "booth"), ("opt1", "fused", "naf"), ("opt1", "fused", "ent")],
)
def test_random_chains(scheme: str, multiplier: str, encoder: str, a: str, b: str) -> None:
    rng = random.Random(7)
    params = cube(scheme=scheme, multiplier=multiplier, encoder=encoder, depth=9, a=a, b=b, accumulator=33)
    forms = params.a, params.b
    work = [[tuple(rng.randint(form.min, form.max) for form in forms) for _ in range(9)] for _ in range(10)]
    sums = chain(params, work)
    modulo = 2 ** LinkPE(params).sums[0].width
    errors = [(got - sum(x * y for x, y in each)) % modulo for got, each in zip(sums, work, strict=True)]
    assert errors == [0] * 10


@pytest.mark.parametrize("accumulator", [16, 21, 40])
@pytest.mark.parametrize(("scheme", "every"), [("mac", 1), ("opt1", 1), ("opt1", 2), ("opt1", 8)])
@pytest.mark.parametrize("form", ["s8", "u8"])
def test_accumulator(scheme: str, every: int, form: str, accumulator: int) -> None:
    """Random words of a chain, begun anew at random, with stalls; modulo 2**accumulator."""
    params = cube(scheme=scheme, depth=5, carry_every=every, a=form, b=form, accumulator=accumulator)
    part = Accumulator(params)
    rng = random.Random(accumulator)
    columns = part.words[0].columns
    wrong: list[int] = []

    def count(word: int) -> int:
        total = value(word, columns)
        signed = scheme == "mac" and params.result_signed and total >> (len(columns) - 1)
        return total - (1 << len(columns)) if signed else total

    async def process(ctx) -> None:
        total = last = 0
        for step in range(300):
            clear = step == 0 or rng.random() < 0.2
            word = rng.choice((0, 2 ** len(columns) - 1, rng.randrange(2 ** len(columns))))
            ctx.set(part.clear_in, clear)
            ctx.set(part.sum, last)
            ctx.set(part.en, 1)
            await ctx.tick()
            if step and ctx.get(part.clear_out):
                wrong.append((value(ctx.get(part.acc), part.columns) - total) % 2**accumulator)
            total, last = count(word) + (0 if clear else total), word
            ctx.set(part.en, 0)
            ctx.set(part.clear_in, 0)
            ctx.set(part.sum, rng.randrange(2 ** len(columns)))
            held = ctx.get(part.acc), ctx.get(part.clear_out)
            await ctx.tick()
            assert held == (ctx.get(part.acc), ctx.get(part.clear_out))

    run(part, process)
    assert len(wrong) > 30
    assert not any(wrong)

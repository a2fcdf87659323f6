"""Every PE against integers: random operands, clears and stalls."""

from __future__ import annotations

import random

import numpy as np
import pytest
from amaranth.hdl import Const

from gen.nest.encoders import encode
from hdl.arith.encoding import encoding
from hdl.params import EngineParams, OperandFormat
from hdl.pe.scheme import Scheme
from tests.hdl.digits import pack
from tests.hdl.simulate import run


def wires(a: int, params: EngineParams) -> int:
    """Operand A as the PE takes it; the digits are those of the NumPy encoders."""
    if params.scheme == "mac":
        return a % 2**params.a.width
    return int(pack(encoding(params.encoder, params.a), encode(np.array(a), params.encoder, params.a)))


def drive(params: EngineParams, seed: int, steps: int = 200) -> tuple[list[int], list[int]]:
    """Finished sums of a PE over random sequences, and what they should be, modulo 2**accumulator."""
    rng = random.Random(seed)
    scheme = Scheme.of(params)
    pe = scheme.pe
    got: list[int] = []
    expected: list[int] = []

    def operand(form: OperandFormat) -> int:
        return rng.choice((form.min, form.max, rng.randint(form.min, form.max)))

    def finished(acc: int, count: int) -> int:
        total = sum(((acc >> i) & 1) << column for i, column in enumerate(scheme.columns))
        return (total - count * scheme.excess) % 2**params.accumulator

    async def process(ctx) -> None:
        total = count = 0
        for step in range(steps):
            clear = step == 0 or rng.random() < 0.2
            a, b = operand(params.a), operand(params.b)
            ctx.set(pe.clear_in, clear)
            ctx.set(pe.a_in, wires(a, params))
            ctx.set(pe.b_in, b % 2**params.b.width)
            ctx.set(pe.en, 1)
            await ctx.tick()
            if step and ctx.get(pe.clear_out):
                got.append(finished(ctx.get(pe.acc), count))
                expected.append(total % 2**params.accumulator)
            ctx.set(pe.en, 0)
            for _ in range(rng.choice((0, 0, 0, 1, 3))):
                held = ctx.get(pe.acc), ctx.get(pe.a_out), ctx.get(pe.b_out), ctx.get(pe.clear_out)
                ctx.set(pe.a_in, 0)
                ctx.set(pe.clear_in, 0)
                await ctx.tick()
                assert held == (ctx.get(pe.acc), ctx.get(pe.a_out), ctx.get(pe.b_out), ctx.get(pe.clear_out))
            total, count = (a * b, 1) if clear else (total + a * b, count + 1)

    run(pe, process)
    return got, expected


@pytest.mark.parametrize("a", ["s8", "u8", "s2", "u3", "s5", "u16", "s16"])
@pytest.mark.parametrize("b", ["s8", "u8", "u2", "s3", "s16"])
@pytest.mark.parametrize(("scheme", "multiplier"), [("mac", "fused"), ("mac", "inferred"), ("opt1", "fused")])
def test_pe(scheme: str, multiplier: str, a: str, b: str) -> None:
    seed = hash((len(a), a[0] == "s", b[0] == "s")) % 1000
    every = random.Random(seed).choice((1, 2, 4, 8))
    params = EngineParams.from_dict(
        {"scheme": scheme, "multiplier": multiplier, "a": a, "b": b, "carry_every": every, "accumulator": 33}
    )
    got, expected = drive(params, seed)
    assert len(got) > 20
    assert got == expected, f"seed {seed}, carry_every {every}"


@pytest.mark.parametrize("every", [1, 2, 4, 8])
@pytest.mark.parametrize("accumulator", [16, 17, 24, 64])
def test_opt1_wraps_like_an_adder(every: int, accumulator: int) -> None:
    got, expected = drive(EngineParams(carry_every=every, accumulator=accumulator), seed=every * accumulator)
    assert got == expected


def test_a_wrong_correction_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above can fail: without the sign corrections of negative digits it does."""
    from hdl.arith.heap import BitHeap

    add = BitHeap.add

    def forgetful(self: BitHeap, word, offset: int = 0, arrival: float = 0) -> None:
        if not (len(word) == 1 and offset == 2):
            add(self, word, offset, arrival)

    monkeypatch.setattr(BitHeap, "add", forgetful)
    got, expected = drive(EngineParams(carry_every=8), seed=1)
    assert got != expected


@pytest.mark.parametrize("every", [1, 2])
def test_an_accumulator_that_rests_too_long_is_caught(every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The highest bits of a sum are taken where one of their carries is set: without that the sums are wrong."""
    from hdl.pe.sums import RunningSum

    monkeypatch.setattr(RunningSum, "moves", lambda self, kept: Const(0, 1))
    got, expected = drive(EngineParams(carry_every=every), seed=1)
    assert got != expected

"""The PE of OPT2 against integers: weights apart, sums up to the limit of K and beyond."""

from __future__ import annotations

import random
import re

import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams
from hdl.pe.accumulate import AccumulatePE
from tests.hdl.simulate import run
from tests.hdl.test_cube import value
from tests.hdl.test_pe import wires


def broadcast(**values: object) -> EngineParams:
    return EngineParams.from_dict({"array": "matrix_2d", "scheme": "opt2", **values})


#: A step: an operand of A and one of B, or a bubble; whether it begins a sum.
Step = tuple[int | None, int, bool]


def drive(params: EngineParams, steps: list[Step]) -> tuple[list[int], list[int]]:
    """Finished sums of each weight's accumulators, combined, and what they should be, modulo 2**accumulator."""
    pe = AccumulatePE(params)
    rng = random.Random(len(steps))
    got: list[int] = []
    expected: list[int] = []

    async def process(ctx) -> None:
        total = count = 0
        for i, (a, b, clear) in enumerate(steps):
            ctx.set(pe.b_in, b % 2**params.b.width)
            ctx.set(pe.en, 1)
            ctx.set(pe.a, 0)  # moves B on: a bubble
            ctx.set(pe.clear, 0)
            await ctx.tick()
            count += 1
            ctx.set(pe.clear, clear)
            ctx.set(pe.a, wires(a or 0, params))
            if clear and i:
                got.append((value(ctx.get(pe.acc), pe.columns) - count * pe.excess) % 2**params.accumulator)
                expected.append(total % 2**params.accumulator)
            if rng.random() < 0.2:
                held = ctx.get(pe.acc)
                ctx.set(pe.en, 0)
                await ctx.tick()
                assert ctx.get(pe.acc) == held
                ctx.set(pe.en, 1)
            assert ctx.get(pe.b_out) == b % 2**params.b.width
            await ctx.tick()
            if clear:
                total = count = 0
            total, count = total + (a or 0) * b, count + 1

    run(pe, process)
    return got, expected


@pytest.mark.parametrize(
    "form", [("s8", "s8"), ("u8", "s8"), ("s8", "u8"), ("u5", "u3"), ("s2", "s16"), ("s16", "s2")], ids=str
)
@pytest.mark.parametrize(
    ("encoder", "every"), [("booth", 2), ("naf", 1), ("ent", 8), ("bit_serial", 4), ("sign_magnitude", 1)]
)
def test_random_sums(encoder: str, every: int, form: tuple[str, str]) -> None:
    a, b = form
    params = broadcast(a=a, b=b, encoder=encoder, carry_every=every, accumulator=24)
    rng = random.Random(every)

    def operand(form) -> int:
        return rng.choice((form.min, form.max, rng.randint(form.min, form.max)))

    steps: list[Step] = []
    for i in range(200):
        clear = i == 0 or rng.random() < 0.2
        bubble = rng.random() < 0.2
        steps.append((None if bubble else operand(params.a), operand(params.b), clear))
    got, expected = drive(params, steps)
    assert len(got) > 20
    assert got == expected


@pytest.mark.parametrize("accumulator", [16, 17, 20])
@pytest.mark.parametrize(("encoder", "a"), [("booth", -2), ("booth", -128), ("booth", 127), ("naf", -2), ("ent", -86)])
def test_sums_at_the_limit_and_beyond(encoder: str, a: int, accumulator: int) -> None:
    """Products of the greatest digit and -128, begun by a bubble: +256 each, not 254."""
    params = broadcast(encoder=encoder, accumulator=accumulator)
    for k in (params.k_limit, 4 * params.k_limit + 3):
        got, expected = drive(params, [(None, 0, True), *[(a, -128, False)] * k, (None, 0, True)])
        assert expected == [k * a * -128 % 2**accumulator]
        assert got == expected


def test_widths_follow_from_the_parameters() -> None:
    """A weight's sum has the bits of the accumulator from its column on."""
    for accumulator in (16, 19, 32):
        widths = [plane.width for plane in AccumulatePE(broadcast(accumulator=accumulator)).sums]
        assert widths == [accumulator - column for column in (0, 2, 4, 6)]


def test_a_width_too_small_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison beyond the limit can fail: with a bit less in each accumulator, it does."""
    from hdl.pe import accumulate

    whole = accumulate.accumulators
    less = {"accumulator": 16}
    monkeypatch.setattr(
        accumulate,
        "accumulators",
        lambda params, *products, **terms: whole(
            EngineParams.from_dict({**params.to_dict(), **less}), *products, **terms
        ),
    )
    params = broadcast(accumulator=17)
    got, expected = drive(params, [(None, 0, True), *[(-2, -128, False)] * 300, (None, 0, True)])
    assert got != expected


def test_an_accumulator_for_each_weight() -> None:
    """In the PE, which is emitted once; all of them are on the result bus."""
    emission = emit(broadcast(rows=9, cols=3))
    assert emission.core == {"bitloom_pe": 27, "bitloom_recode": 9}
    (pe,) = [text for text in emission.text.split("endmodule") if "module bitloom_pe(" in text]
    assert all(re.search(rf"\breg \[\d+:0\] s{i}\b", pe) for i in range(4))
    assert f"output [{len(AccumulatePE(broadcast()).columns) - 1}:0] acc,\n" in pe

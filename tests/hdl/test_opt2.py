"""The PE of OPT2 against integers: weights apart, bubbles that do not count, sums at the limit of K."""

from __future__ import annotations

import random

import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams
from hdl.pe.opt2 import Opt2PE
from tests.hdl.simulate import run
from tests.hdl.test_cube import value
from tests.hdl.test_pe import wires


def broadcast(**values: object) -> EngineParams:
    return EngineParams.from_dict({"array": "matrix_2d", "scheme": "opt2", **values})


#: A step: an operand of A and one of B, or a bubble; whether it begins a sum.
Step = tuple[int | None, int, bool]


def drive(params: EngineParams, steps: list[Step]) -> tuple[list[int], list[int]]:
    """Finished sums of each weight's accumulators, combined, and what they should be: exactly, not modulo anything."""
    pe = Opt2PE(params)
    rng = random.Random(len(steps))
    got: list[int] = []
    expected: list[int] = []

    async def process(ctx) -> None:
        total = count = 0
        for i, (a, b, clear) in enumerate(steps):
            ctx.set(pe.b_in, b % 2**params.b.width)
            ctx.set(pe.en, 1)
            ctx.set(pe.a, 0)  # moves B on; a bubble, which does not count
            ctx.set(pe.clear, 0)
            await ctx.tick()
            ctx.set(pe.clear, clear)
            ctx.set(pe.a, 0 if a is None else wires(a, params) | 1 << pe.encoding.bits)
            if clear and i:
                got.append(value(ctx.get(pe.acc), pe.columns) - count * pe.excess)
                expected.append(total)
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
            if clear or a is not None:
                total, count = total + (a or 0) * b, count + 1

    run(pe, process)
    return got, expected


@pytest.mark.parametrize(
    "form", [("s8", "s8"), ("u8", "s8"), ("s8", "u8"), ("u5", "u3"), ("s2", "s16"), ("s16", "s2")], ids=str
)
@pytest.mark.parametrize(("encoder", "every"), [("booth", 2), ("naf", 1), ("ent", 8), ("bit_serial", 4)])
def test_random_sums(encoder: str, every: int, form: tuple[str, str]) -> None:
    a, b = form
    params = broadcast(a=a, b=b, encoder=encoder, carry_every=every, accumulator=24)
    rng = random.Random(every)

    def operand(form) -> int:
        return rng.choice((form.min, form.max, rng.randint(form.min, form.max)))

    steps: list[Step] = []
    length = 0
    for i in range(200):
        clear = i == 0 or length == params.k_limit or rng.random() < 0.2
        bubble = rng.random() < 0.2
        length = (0 if clear else length) + (not bubble)
        steps.append((None if bubble else operand(params.a), operand(params.b), clear))
    got, expected = drive(params, steps)
    assert len(got) > 20
    assert got == expected


@pytest.mark.parametrize(("encoder", "a"), [("booth", -2), ("booth", -128), ("booth", 127), ("naf", -2), ("ent", -86)])
def test_sums_at_the_limit(encoder: str, a: int) -> None:
    """A sum of K = k_limit products of the greatest digit and -128, begun by a bubble: +256 each, not 254."""
    params = broadcast(encoder=encoder, accumulator=22)
    assert params.k_limit == 127
    got, expected = drive(params, [(None, 0, True), *[(a, -128, False)] * 127, (None, 0, True)])
    assert expected == [127 * a * -128]
    assert got == expected


def test_widths_follow_from_the_parameters() -> None:
    """16 products of -2 and -128 are 4,096, which 13 bits do not hold with its sign or its excess; 14 do."""
    params = broadcast(accumulator=19)
    assert params.k_limit == 15
    first = Opt2PE(params).planes[0]
    assert (first.product.most, first.product.excess) == (512, 256)
    assert first.width == 13
    assert Opt2PE(broadcast(accumulator=20)).planes[0].width == 14  # up to K = 31
    assert [plane.width for plane in Opt2PE(broadcast()).planes] == [26] * 4  # K = 131,071
    assert [plane.width for plane in Opt2PE(broadcast(accumulator=16)).planes] == [10] * 4  # K = 1


def test_a_width_too_small_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison at the limit can fail: with the excess forgotten, it does."""
    from hdl.arith.partial_products import PartialProduct

    monkeypatch.setattr(PartialProduct, "most", 255)
    params = broadcast(accumulator=22)
    got, expected = drive(params, [(None, 0, True), *[(-2, -128, False)] * 127, (None, 0, True)])
    assert got != expected


def test_an_accumulator_for_each_weight() -> None:
    """In the PE, which is emitted once; all of them are on the result bus."""
    emission = emit(broadcast(rows=9, cols=3))
    assert emission.core == {"bitloom_pe": 27, "bitloom_recode": 9}
    (pe,) = [text for text in emission.text.split("endmodule") if "module bitloom_pe(" in text]
    assert all(f"acc{i}" in pe for i in range(4))
    assert f"output [{len(Opt2PE(broadcast()).columns) - 1}:0] acc;" in pe

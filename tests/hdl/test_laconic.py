"""Terms of operands, and the PE of Laconic, against integers; the PE over all 65,536 pairs, term by term."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gen.nest.encoders import DIGIT_BITS, encode
from hdl.arith.terms import TermForm, TermQueue
from hdl.params import ENCODERS, EngineParams, OperandFormat
from hdl.pe.laconic import LaconicPE
from tests.hdl.lanes import Lanes, Netlist, netlists
from tests.hdl.pairs import STREAKS, Drive, Steps, check_all_pairs, missed_mutants
from tests.hdl.simulate import run

#: Exponent and sign of each term of an operand.
TermList = list[tuple[int, int]]


def laconic(**values: object) -> EngineParams:
    return EngineParams.from_dict({"array": "matrix_2d", "scheme": "laconic", **values})


def terms(value: int, encoder: str, operand: OperandFormat) -> TermList:
    """The terms of a value, by the NumPy encoders."""
    digits = encode(np.array(value), encoder, operand).tolist()
    places = ((DIGIT_BITS[encoder] * i + (abs(digit) == 2), digit) for i, digit in enumerate(digits) if digit)
    return [(exponent, -1 if digit < 0 else 1) for exponent, digit in places]


@pytest.mark.parametrize("form", ["s8", "u8", "s3", "u2"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_terms_of_all_values(encoder: str, form: str) -> None:
    """Each operand's terms in order, while the next one is stored; then once more, and none at the end."""
    params = laconic(a=form, b=form, encoder=encoder, depth=1)
    operand = params.a
    part = TermQueue("terms", TermForm(params, operand), repeats=True, counts=True)
    seen = 0

    async def process(ctx) -> None:
        nonlocal seen

        def check(expected: TermList) -> None:
            nonlocal seen
            for exponent, sign in expected:
                word = ctx.get(part.terms)
                assert (word & 1, word >> 1 & 1, word >> 2) == (1, sign < 0, exponent)
                seen += 1

        async def go(**flags: int) -> None:
            for name in ("store", "load", "step", "again"):
                ctx.set(getattr(part, name), flags.get(name, 0))
            await ctx.tick()

        values = list(range(operand.min, operand.max + 1))
        ctx.set(part.value, values[0] % 2**operand.width)
        await go(store=1)
        for value, following in zip(values, [*values[1:], 0], strict=True):
            expected = terms(value, encoder, operand)
            assert ctx.get(part.more) == (1 << len(expected)) - 1
            ctx.set(part.value, following % 2**operand.width)
            await go(load=1, store=1)
            for end in ("again", "done"):
                for i, term in enumerate(expected):
                    check([term])
                    await go()  # held
                    check([term])
                    await go(step=1, again=end == "again" and i == len(expected) - 1)
                if end == "done":
                    assert not ctx.get(part.terms) & 1
                    await go(step=1)
                    assert not ctx.get(part.terms) & 1

    run(part, process)
    assert seen == 4 * sum(len(terms(value, encoder, operand)) for value in range(operand.min, operand.max + 1))


def wires(form: TermForm, lanes: list[tuple[NDArray, NDArray, NDArray]]) -> NDArray:
    """The wires of terms (present, negative, exponent) of each lane, for every copy of a PE."""
    word = np.zeros(np.broadcast_shapes(*(each.shape for each in lanes[0])), dtype=np.int64)
    for d, (present, negative, exponent) in enumerate(lanes):
        fields = [present, negative, *(exponent >> i & 1 for i in range(form.exponent_bits))]
        for i, field in enumerate(fields):
            word |= field.astype(np.int64) << (i * form.lanes + d)
    return word


def driver(engine: EngineParams) -> Drive:
    """Steps of a sum go to the lanes in turn; all pairs of their terms follow each other."""
    pe = LaconicPE(engine)
    tables = []
    for operand in (engine.a, engine.b):
        values = np.arange(operand.min, operand.max + 1)
        lists = [terms(int(value), engine.encoder, operand) for value in values]
        most = max(map(len, lists))
        table = np.zeros((3, most, len(values)), dtype=np.int64)
        for v, each in enumerate(lists):
            for t, (exponent, sign) in enumerate(each):
                table[:, t, v] = 1, sign < 0, exponent
        tables.append(table)

    def inputs(beat: Steps, ta: int, tb: int) -> tuple[NDArray, NDArray]:
        words = []
        for k, (form, operand, t) in enumerate(zip(pe.forms, (engine.a, engine.b), (ta, tb), strict=True)):
            each = [tuple(tables[k][:, t, step[k] - operand.min]) for step in beat]
            none = tuple(np.zeros_like(word) for word in each[0])
            words.append(wires(form, each + [none] * (engine.depth - len(beat))))
        return words[0], words[1]

    def drive(lanes: Lanes, steps: Steps) -> NDArray[np.uint64]:
        beats = [steps[i : i + engine.depth] for i in range(0, len(steps), engine.depth)]
        pairs = [(beat, ta, tb) for beat in beats for ta in range(len(tables[0][0])) for tb in range(len(tables[1][0]))]
        a: NDArray | int = 0
        for cycle in range(len(pairs) + 3):
            # B takes a step into the PE; A meets it there. The accumulator takes their product two steps later.
            following, b = inputs(*pairs[cycle]) if cycle < len(pairs) else (0, 0)
            lanes.set(en=1, clear=cycle == 3, a=a, b_in=b)
            lanes.step()
            a = following
        return lanes.get("acc", pe.columns) - np.uint64(len(pairs) * pe.excess)

    return drive


PES = {
    "naf": {"encoder": "naf", "depth": 2},
    "booth": {"encoder": "booth", "depth": 3, "carry_every": 1},
    "mixed": {"encoder": "ent", "depth": 1, "a": "u8", "b": "s8", "carry_every": 8},
}


def params(name: str) -> EngineParams:
    return laconic(accumulator=21, **PES[name])


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({name: LaconicPE(params(name)) for name in PES})


@pytest.mark.parametrize("name", PES)
def test_all_pairs(name: str, gates) -> None:
    engine = params(name)
    count = check_all_pairs(gates[name], engine.a, engine.b, engine.accumulator, driver(engine))
    assert count == len(STREAKS) * 65_536


@pytest.mark.parametrize("name", PES)
def test_a_broken_gate_is_found(name: str, gates) -> None:
    """Gates at random, each turned into another kind."""
    engine = params(name)
    missed = missed_mutants(gates[name], engine.a, engine.b, engine.accumulator, driver(engine), count=30)
    assert len(missed) <= 2, missed


def test_the_greatest_sum_keeps_its_carries() -> None:
    """All lanes at the greatest exponents, of either sign: the heap in front of the accumulator is wide enough."""
    for depth in (1, 5, 16):
        params = laconic(depth=depth, encoder="naf")
        pe = LaconicPE(params)
        top = 1 << pe.top
        assert pe.top == 14
        assert depth * (top + (top << 1)) < 1 << pe.sum_bits <= 2 * depth * (top + (top << 1))

"""PEs that hold a weight, and the foot of their column, against integers."""

from __future__ import annotations

import random

import pytest

from hdl.array.foot import Foot
from hdl.lib.shared import Part
from hdl.params import EngineParams, OperandFormat
from hdl.pe.chain import ChainPE
from hdl.pe.product import ProductPE
from hdl.pe.stationary import StationaryPE
from tests.hdl.simulate import run
from tests.hdl.test_pe import wires

FORMATS = [("s8", "s8"), ("u8", "u8"), ("s2", "u3"), ("u5", "s16"), ("s16", "s7"), ("u2", "u2")]
SCHEMES = [("mac", {}), ("mac", {"multiplier": "inferred"}), ("opt1", {}), ("opt1", {"encoder": "ent"})]


def engine(array: str, **values: object) -> EngineParams:
    return EngineParams.from_dict({"array": array, **values})


def value(bits: int, columns: tuple[int, ...]) -> int:
    """What bits in these columns count."""
    return sum(((bits >> i) & 1) << column for i, column in enumerate(columns))


class Weight:
    """What is in the registers of a PE."""

    def __init__(self, rng: random.Random, params: EngineParams) -> None:
        self.rng, self.params = rng, params
        self.weight = self.shadow = self.next = 0
        self.load = self.swap = False

    def operand(self, form: OperandFormat) -> int:
        return self.rng.choice((form.min, form.max, self.rng.randint(form.min, form.max)))

    def drive(self, ctx, pe: StationaryPE) -> None:
        """Load, swap, both or neither."""
        suffix = "_in" if pe.systolic else ""
        self.load, self.swap, self.next = self.rng.random() < 0.5, self.rng.random() < 0.3, self.operand(self.params.b)
        ctx.set(getattr(pe, f"load{suffix}"), self.load)
        ctx.set(getattr(pe, f"swap{suffix}"), self.swap)
        ctx.set(pe.b, self.next % 2**self.params.b.width)
        ctx.set(pe.en, 1)

    def step(self) -> None:
        self.weight = self.shadow if self.swap else self.weight
        self.shadow = self.next if self.load else self.shadow


async def hold(ctx, rng: random.Random, pe: Part, outputs: list) -> None:
    """Stall for some cycles, in which inputs change and outputs don't."""
    ctx.set(pe.en, 0)
    for _ in range(rng.choice((0, 0, 1, 3))):
        before = [ctx.get(output) for output in outputs]
        for name, member in pe.signature.members.items():
            if member.flow.name == "In" and name != "en":
                ctx.set(getattr(pe, name), rng.getrandbits(len(getattr(pe, name))))
        await ctx.tick()
        assert before == [ctx.get(output) for output in outputs]


def chain(params: EngineParams, seed: int, steps: int = 100) -> tuple[list[int], list[int]]:
    """Sums that a PE of a chain hands on, and what they should be, modulo their width."""
    rng = random.Random(seed)
    pe = ChainPE(params)
    form = pe.arithmetic
    got: list[int] = []
    expected: list[int] = []

    async def process(ctx) -> None:
        held = Weight(rng, params)
        a = None
        for _ in range(steps):
            held.drive(ctx, pe)
            entering, p = held.operand(params.a), rng.choice((0, rng.getrandbits(len(form.columns))))
            ctx.set(pe.a_in, wires(entering, params))
            ctx.set(pe.p_in, p)
            await ctx.tick()
            assert ctx.get(pe.a_out) == wires(entering, params)
            assert (ctx.get(pe.swap_out), ctx.get(pe.load_out)) == (held.swap, held.load)
            if a is not None:
                got.append(value(ctx.get(pe.p_out), form.columns) % 2**form.width)
                expected.append((value(p, form.columns) + a * held.weight + form.excess) % 2**form.width)
            a = entering
            held.step()
            await hold(ctx, rng, pe, [pe.a_out, pe.swap_out, pe.load_out, pe.p_out])

    run(pe, process)
    return got, expected


@pytest.mark.parametrize(("a", "b"), FORMATS)
@pytest.mark.parametrize(("scheme", "more"), SCHEMES)
def test_chain_pe(scheme: str, more: dict, a: str, b: str) -> None:
    seed = hash((len(a), a[0] == "s", b[0] == "s")) % 1000
    every = random.Random(seed).choice((1, 2, 4, 8))
    params = engine("systolic_ws", scheme=scheme, a=a, b=b, depth=seed % 20 + 1, carry_every=every, **more)
    got, expected = chain(params, seed)
    assert len(got) == 99
    assert got == expected, f"seed {seed}, {params}"


def products(params: EngineParams, seed: int, steps: int = 100) -> tuple[list[int], list[int]]:
    """Products of a tree's PE, and what they should be: exactly, not just modulo their width."""
    rng = random.Random(seed)
    pe = ProductPE(params)
    form = pe.arithmetic
    got: list[int] = []
    expected: list[int] = []

    async def process(ctx) -> None:
        held = Weight(rng, params)
        for step in range(steps):
            held.drive(ctx, pe)
            a = held.operand(params.a)
            ctx.set(pe.a, wires(a, params))
            await ctx.tick()
            if step:
                bits = value(ctx.get(pe.p), form.columns)
                if params.scheme == "mac" and params.result_signed and bits >> (form.width - 1):
                    bits -= 2**form.width
                got.append(bits - form.excess)
                expected.append(a * held.weight)
            held.step()
            await hold(ctx, rng, pe, [pe.p])

    run(pe, process)
    return got, expected


@pytest.mark.parametrize(("a", "b"), FORMATS)
@pytest.mark.parametrize(("scheme", "more"), SCHEMES)
def test_product_pe(scheme: str, more: dict, a: str, b: str) -> None:
    seed = hash((len(a), a[0] == "s", b[0] == "s")) % 1000
    every = random.Random(seed).choice((1, 2, 4, 8))
    params = engine("adder_tree", scheme=scheme, a=a, b=b, depth=64, carry_every=every, **more)
    got, expected = products(params, seed)
    assert len(got) == 99
    assert got == expected, f"seed {seed}, {params}"


def test_a_swap_that_sees_the_weight_being_loaded_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparisons above can fail: with a weight that passes its shadow register, they do."""

    def hasty(self: Weight) -> None:
        self.shadow = self.next if self.load else self.shadow
        self.weight = self.shadow if self.swap else self.weight

    monkeypatch.setattr(Weight, "step", hasty)
    for got, expected in (chain(engine("systolic_ws"), seed=1), products(engine("adder_tree"), seed=1)):
        assert got != expected


FEET = [
    {"array": "systolic_ws", "scheme": "mac", "depth": 5},
    {"array": "systolic_ws", "scheme": "opt1", "depth": 5, "accumulator": 64},
    {"array": "adder_tree", "scheme": "mac", "a": "u3", "b": "u4", "accumulator": 10},
    {"array": "adder_tree", "scheme": "opt2", "a": "u3", "b": "s4", "accumulator": 9},
]


@pytest.mark.parametrize("rows", [1, 2, 3, 9])
@pytest.mark.parametrize("values", FEET)
def test_foot(values: dict, rows: int) -> None:
    params = EngineParams.from_dict({**values, "rows": rows})
    rng = random.Random(rows)
    width, modulus = params.block_bits, 2**params.accumulator
    mac, follow = params.scheme == "mac", params.array == "systolic_ws"
    columns = tuple(range(width)) if mac else (*range(width), *range(1, width, 3))
    excess = 0 if mac else 1234567
    foot = Foot(params, columns, excess, follow=follow)

    # Rows in order, of tiles of one block or several, with bubbles between them.
    steps: list[tuple[int, int, int, int | None]] = []
    sums = [0] * rows
    for _ in range(15):
        for block in range(rng.choice((1, 1, 2, 4))):
            for row in range(rows):
                while rng.random() < 0.3:
                    steps.append((0, rng.getrandbits(1), rng.getrandbits(len(columns)), None))
                x = rng.getrandbits(len(columns))
                number = (value(x, columns) - excess) % 2**width
                if params.result_signed and number >> (width - 1):
                    number -= 2**width
                sums[row] = (number + (sums[row] if block else 0)) % modulus
                steps.append((1, block == 0, x, sums[row]))
    got, expected = [], [due for *_, due in steps if due is not None]
    steps.append((0, 0, 0, None))

    async def process(ctx) -> None:
        for step, (valid, first, x, _) in enumerate(steps):
            ctx.set(foot.valid, valid)
            ctx.set(foot.first, first)
            ctx.set(foot.x, steps[step - 1][2] if mac else x)
            ctx.set(foot.en, 1)
            await ctx.tick()
            if follow:
                assert (ctx.get(foot.valid_out), ctx.get(foot.first_out)) == (valid, first)
            if step and steps[step - 1][3] is not None:
                got.append(ctx.get(foot.sum))
            await hold(ctx, rng, foot, [foot.sum])

    run(foot, process)
    assert len(got) >= 15 * rows
    assert got == expected

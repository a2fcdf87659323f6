"""Adder trees against integers, at the ends of their range above all: a sum as wide as that must hold."""

from __future__ import annotations

import random

import pytest

from hdl.array.columns import Columns
from hdl.array.tree import PlaneTree, Tree
from hdl.params import EngineParams
from hdl.pe.product import ProductPE, SelectPE
from tests.hdl.digits import pack
from tests.hdl.simulate import run
from tests.hdl.test_stationary import value


def engine(**values: object) -> EngineParams:
    return EngineParams.from_dict({"array": "adder_tree", **values})


def sums(tree: Tree | PlaneTree, steps: int, words: list[int], seed: int) -> list[int]:
    """What a tree gives for each word, ``steps`` steps later; stalled now and then, with other words at its input."""
    rng = random.Random(seed)
    got: list[int] = []

    async def process(ctx) -> None:
        for i in range(len(words) + steps - 1):
            ctx.set(tree.en, 0)
            for _ in range(rng.choice((0, 0, 1, 2))):
                ctx.set(tree.x, rng.getrandbits(len(tree.x)))
                await ctx.tick()
            ctx.set(tree.x, words[min(i, len(words) - 1)])
            ctx.set(tree.en, 1)
            await ctx.tick()
            if i >= steps - 1:
                got.append(ctx.get(tree.y))

    run(tree, process)
    return got


def join(fields: list[int], width: int) -> int:
    return sum(field << (i * width) for i, field in enumerate(fields))


@pytest.mark.parametrize("depth", [2, 3, 4, 5, 8, 17])
@pytest.mark.parametrize(("a", "b"), [("s8", "s8"), ("u4", "u5"), ("s3", "u8")])
def test_numbers(depth: int, a: str, b: str) -> None:
    params = engine(scheme="mac", depth=depth, a=a, b=b, accumulator=40)
    low, high = params.product_range
    rng = random.Random(depth)
    columns = ProductPE(params).arithmetic.columns
    work = [[low] * depth, [high] * depth, *([rng.choice((low, high, rng.randint(low, high))) for _ in range(depth)]
                                            for _ in range(40))]  # fmt: skip
    words = [join([term % 2 ** len(columns) for term in terms], len(columns)) for terms in work]
    width = params.block_bits
    tree = Tree(params, columns, 0)
    got = sums(tree, tree.steps, words, seed=depth)
    assert got == [sum(terms) % 2**width for terms in work]
    least, most = (depth * low, depth * high) if params.result_signed else (0, depth * high)
    signed = params.result_signed
    assert -(2 ** (width - 1)) * signed <= least, "the sum needs no more bits"
    assert most < 2 ** (width - signed)


@pytest.mark.parametrize(("depth", "every"), [(2, 1), (3, 8), (4, 2), (5, 1), (8, 4), (17, 2)])
def test_carry_save(depth: int, every: int) -> None:
    params = engine(scheme="opt1", depth=depth, carry_every=every, accumulator=40)
    form = ProductPE(params).arithmetic
    most = params.product_range[1] + form.excess
    rng = random.Random(depth)

    def term() -> tuple[int, int]:
        """Bits, and what they count: as many carries as fit."""
        carries = rng.getrandbits(len(form.carries)) if rng.random() < 0.8 else 0
        counted = value(carries << form.width, form.columns)
        total = rng.choice((most, most, rng.randint(0, most)))
        if not 0 <= total - counted < 2**form.width:
            carries, counted = 0, 0
        return total - counted | carries << form.width, total

    work = [[term() for _ in range(depth)] for _ in range(60)]
    words = [join([bits for bits, _ in terms], len(form.columns)) for terms in work]
    tree = Tree(params, form.columns, most)
    got = sums(tree, tree.steps, words, seed=depth)
    exact = [sum(total for _, total in terms) for terms in work]
    columns = tree.form.columns
    assert [value(bits, columns) % 2**params.block_bits for bits in got] == [s % 2**params.block_bits for s in exact]
    if tree.form.width < params.block_bits:
        assert [value(bits, columns) for bits in got] == exact, "no carry is lost"


PLANES = [
    ("s8", "s8", "booth", 1),
    ("s8", "s8", "booth", 15),
    ("s8", "s8", "booth", 16),
    ("s8", "s8", "ent", 5),
    ("s8", "s8", "naf", 8),
    ("u8", "s8", "booth", 4),
    ("s8", "u8", "booth", 3),
    ("u5", "u3", "naf", 17),
    ("s5", "u7", "ent", 2),
    ("s6", "s4", "sign_magnitude", 9),
    ("s6", "s5", "bit_serial", 7),
    ("s4", "u4", "bit_serial", 13),
    ("u2", "s16", "booth", 6),
    ("s2", "s2", "booth", 9),
]


@pytest.mark.parametrize(("a", "b", "encoder", "depth"), PLANES)
def test_planes_at_the_ends_of_their_range(a: str, b: str, encoder: str, depth: int) -> None:
    """Digits at their ends in all lanes and all weights at once, such as -2 times -128 in every one."""
    params = engine(scheme="opt2", depth=depth, a=a, b=b, encoder=encoder, accumulator=64, carry_every=2)
    pe = SelectPE(params)
    products = pe.products
    rng = random.Random(depth)
    ranges = []
    for fields in products.encoding.fields:
        top = 2 if "two" in fields else 1
        ranges.append((-1, 0) if "minus" in fields else (-top if "neg" in fields else 0, top))
    ends = [(pick(ranges, end), value_b) for end in (0, 1) for value_b in (params.b.min, params.b.max)]
    mixed = [([rng.randint(*span) for span in ranges], rng.randint(params.b.min, params.b.max)) for _ in range(12)]
    lanes = [*ends, *mixed]
    bits = selected(params, lanes)
    work = [[i] * depth for i in range(4)]
    work += [[rng.randrange(len(lanes)) for _ in range(depth)] for _ in range(30)]
    words = [join([bits[i] for i in picks], products.bits) for picks in work]
    weights = [2 ** products.offset(i) for i in range(len(ranges))]
    terms = [b * sum(d * w for d, w in zip(digits, weights, strict=True)) for digits, b in lanes]
    tree = PlaneTree(params, products)
    got = sums(tree, tree.steps, words, seed=depth)
    modulus = 2**params.block_bits
    expected = [(sum(terms[i] for i in picks) + depth * products.excess) % modulus for picks in work]
    assert [value(y, tree.form.columns) % modulus for y in got] == expected
    for plane, product, span in zip(tree.planes, products.planes, ranges, strict=True):
        most = max(digit * end for digit in span for end in (params.b.min, params.b.max)) + product.excess
        assert depth * most < 2**plane.form.width, "the sum of a weight holds its greatest value"


def pick(ranges: list[tuple[int, int]], end: int) -> list[int]:
    return [span[end] for span in ranges]


def selected(params: EngineParams, lanes: list[tuple[list[int], int]]) -> list[int]:
    """What a PE selects for digits and a weight: checked digit by digit."""
    pe = SelectPE(params)
    found: list[int] = []

    async def process(ctx) -> None:
        for digits, b in lanes:
            ctx.set(pe.en, 1)
            for load, swap in ((1, 0), (0, 1), (0, 0)):
                ctx.set(pe.load, load)
                ctx.set(pe.swap, swap)
                ctx.set(pe.b, b % 2**params.b.width)
                await ctx.tick()
            ctx.set(pe.a, int(pack(pe.products.encoding, digits)))
            found.append(ctx.get(pe.p))
            rest = found[-1]
            for digit, product in zip(digits, pe.products.planes, strict=True):
                count = len(product.columns)
                assert value(rest % 2**count, product.columns) == digit * b + product.excess
                assert value(rest % 2**count, product.columns) <= product.most
                rest >>= count

    run(pe, process)
    return found


def test_the_way_through_an_adder_tree() -> None:
    def steps(depth: int, scheme: str) -> int:
        return Columns(engine(scheme=scheme, depth=depth)).steps

    assert [steps(depth, "mac") for depth in (1, 2, 4, 5, 16, 17, 64, 65)] == [3, 4, 4, 5, 5, 6, 6, 7]
    assert [steps(depth, "opt2") for depth in (1, 2, 4, 5, 16, 17)] == [4, 4, 4, 5, 5, 6]

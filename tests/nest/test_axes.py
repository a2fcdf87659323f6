"""Nests and axes: every legal nest is a point of the axes, which gives it back, or is refused with its property."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import product

import numpy as np
import pytest

import hdl.params.axes as ax
from gen.nest.from_axes import nest_of_axes
from gen.nest.interpret import interpret
from gen.nest.lower import lower
from gen.nest.parse import parse
from gen.nest.printer import print_nest
from gen.nest.structure import same
from gen.nest.tile import Tile
from gen.nest.to_axes import axes_of
from hdl.params import Axes, ConfigError
from hdl.params.built import unbuilt
from hdl.params.nest import Nest
from hdl.params.presets import preset_axes
from tests.nest.walks import legal_nest

SEEDS = 500
GROUPS = 10


def sizes(nest: Nest) -> tuple[int, int]:
    """Rows and columns of a nest, split or not."""
    line = nest.lines[nest.find("map")[0]]
    found = []
    for index in "mn":
        count = 1
        for loop in line.over(index):
            count *= loop.size or 1
        found.append(count)
    return found[0], found[1]


def given_back(nest: Nest, axes: Axes) -> Nest:
    rows, cols = sizes(nest)
    line = nest.lines[nest.find("encode")[0]]
    digits = 1
    for loop in line.over("w"):
        digits *= loop.size or 1
    return nest_of_axes(axes, rows, cols, encoder=line.statement.encoder, digits=digits)


def outcome(function: Callable[[Nest], object], nest: Nest) -> tuple[object, list[str]]:
    """What a function makes of a nest, or else its reasons."""
    try:
        return function(nest), []
    except ConfigError as error:
        return None, [problem.message for problem in error.problems]


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_legal_nest_is_axes_or_refused(group):
    """A random legal nest computes A x B; what its axes give is the same hardware, as fast, and computes it, too."""
    found: set[object] = set()
    refused: Counter[str] = Counter()
    for seed in range(group, SEEDS, GROUPS):
        print("seed", seed)
        rng = random.Random(seed)
        nest = legal_nest(rng)
        rows, cols = sizes(nest)
        k = rng.randint(1, 7)
        tile = Tile(rows, cols, k)
        draw = np.random.default_rng(seed)
        a, b = draw.integers(-128, 128, (rows, k)), draw.integers(-128, 128, (k, cols))
        a *= draw.random(a.shape) < rng.choice([0.3, 1])
        run = interpret(nest, tile, a, b)
        assert (run.result == a @ b).all(), print_nest(nest)
        axes, reasons = outcome(axes_of, nest)
        if not isinstance(axes, Axes):
            assert all(reasons), print_nest(nest)
            refused[reasons[0]] += 1
            assert outcome(lower, nest) == (None, reasons)
            continue
        again = given_back(nest, axes)
        assert same(nest, again), print_nest(nest)
        assert axes_of(again) == axes
        other = interpret(again, tile, a, b)
        assert (other.result == a @ b).all()
        assert (other.cycles, other.operations) == (run.cycles, run.operations)
        found.add(axes)
        _, reasons = outcome(lower, nest)
        assert bool(unbuilt(axes)) == any("no engine is built like this" in reason for reason in reasons)
    print(len(found), "axes,", refused.total(), "refused:", *refused.most_common(), sep="\n  ")
    assert len(found) >= 10


def test_most_of_the_random_nests_say_something():
    """Of all random nests together at most 0.7 are refused: the others are axes, and are compared with these."""
    refused = sum(not isinstance(outcome(axes_of, legal_nest(random.Random(seed)))[0], Axes) for seed in range(SEEDS))
    print(f"{refused} of {SEEDS} refused")
    assert refused <= 0.7 * SEEDS


def some_axes() -> list[Axes]:
    """All axes with a nest, on a few sizes."""
    found = []
    lanes = [ax.KSpace(), ax.KSpace(ax.KForm.CHAIN, 2), ax.KSpace(ax.KForm.TREE, 3)]
    digits = [ax.Digits(), *(ax.Digits(count, order) for count in (1, 2) for order in ax.Order)]
    sums = [ax.Sum(carries, per_weight) for carries in ax.Carries for per_weight in (False, True)]
    zeros = [
        (skip, recoded)
        for skip in (ax.Skip.NONE, ax.Skip.ROWS, ax.Skip.COMMON)
        for recoded in (ax.Recoded.A, ax.Recoded.B)
    ]
    axes = product(ax.Stays, ax.Travel, [*ax.Travel, None], lanes, digits, zeros, ax.Encode, sums, ax.Adders)
    for stays, a, b, k, digit, (skip, recoded), encode, total, adders in axes:
        with suppress(ConfigError):
            found.append(
                Axes(
                    stays=stays,
                    a=a,
                    b=b,
                    k=k,
                    digits=digit,
                    skip=skip,
                    encode=encode,
                    recoded=recoded,
                    sum=total,
                    adders=adders,
                )
            )
    return found


def test_every_axes_are_a_nest_that_gives_them_back():
    every = some_axes()
    assert len(every) > 5000
    for number, axes in enumerate(every):
        if number % 3:
            continue
        nest = nest_of_axes(axes, 2, 3, encoder="ent")
        assert axes_of(nest) == axes, print_nest(nest)
        if number % 23 == 0:
            draw = np.random.default_rng(number)
            a, b = draw.integers(-128, 128, (2, 5)), draw.integers(-128, 128, (5, 3))
            assert (interpret(nest, Tile(2, 3, 5), a, b).result == a @ b).all(), print_nest(nest)


def test_what_the_notation_does_not_have():
    laconic = preset_axes("matrix_2d", "laconic", 4)
    with pytest.raises(ConfigError, match="A and B recoded: the notation has the digits of one operand only"):
        nest_of_axes(laconic, 2, 2)
    with pytest.raises(ConfigError, match="5 digits cannot be done 2 at a time"):
        nest_of_axes(Axes(digits=ax.Digits(2, ax.Order.OPERANDS)), 2, 2, digits=5)


PLANES = """
space m 2
  time k
    space w 2
      time w 2
        d = encode A[m,k], booth
        space n 2
          p = map d, B[k,n]
          q = shift p, 2w
          x += add q
    space n 2
      C[m,n] += add x over w
"""
STORED = """
time w 4
  time k, m 2
    d = encode A[m,k], booth
    space n 2
      p = map d, B[k,n]
      q = shift p, 2w
      C[m,n] += add q
"""
TWICE = """
space m 2, n 2
  time k
    space w 4
      d = encode A[m,k], booth
      p = map d, B[k,n]
      q = shift p, 2w
    s, c += half_reduce q over w
  x = add s, c
  C[m,n] = add x
"""
SHIFTED = """
space m 2, n 2
  space w 4
    time k
      d = encode A[m,k], booth
      p = map d, B[k,n]
      s, c += half_reduce p
    f, g = shift s, c, 2w
  t, u = half_reduce f, g over w
  C[m,n] = add t, u
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TWICE, "line 9, column 3: the same step adds its value once more: one addition does both"),
        (STORED, "line 2, column 6: every digit would need the blocks of B anew: where B stays, 'time k' is outermost"),
        (
            PLANES,
            "line 5, column 12: digits that are done at once would not be neighbours: 'time w' must stand outside of "
            "'space w'",
        ),
        (SHIFTED, "line 8, column 5: a pair is shifted: in an engine the carries of a weight's sum propagate first"),
    ],
)
def test_what_has_no_axes(text, reason):
    with pytest.raises(ConfigError) as error:
        axes_of(parse(text))
    assert str(error.value) == reason

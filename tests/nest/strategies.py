"""Random nests, engines and operands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gen.nest.canonical import BUILT, conventional
from gen.nest.encoders import ENCODERS, digit_count
from gen.nest.tile import Tile
from hdl.params import OperandFormat
from hdl.params.nest import BROADCAST, SKIPPING, Line, Loop, Nest, Statement

FORMATS = st.builds(OperandFormat, st.integers(2, 8), st.booleans())


@dataclass(frozen=True)
class Case:
    """An array, a scheme, a tile and its operands."""

    array: str
    scheme: str
    tile: Tile
    depth: int
    encoder: str
    a: NDArray[np.int64]
    b: NDArray[np.int64]

    @property
    def start(self) -> Nest:
        digits = digit_count(self.encoder, self.tile.a)
        return conventional(self.array, self.tile.m, self.tile.n, depth=self.depth, encoder=self.encoder, digits=digits)

    @property
    def result(self) -> NDArray[np.int64]:
        return self.a @ self.b


@st.composite
def cases(draw: st.DrawFn) -> Case:
    array, scheme = draw(st.sampled_from(sorted(BUILT)))
    tile = Tile(*draw(st.tuples(*[st.integers(1, 4)] * 2, st.integers(1, 9))), draw(FORMATS), draw(FORMATS))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = st.sampled_from(["random", "least", "greatest", "sparse"])

    def operand(form: OperandFormat, shape: tuple[int, int]) -> NDArray[np.int64]:
        kind = draw(kinds)
        if kind in ("least", "greatest"):
            return np.full(shape, form.min if kind == "least" else form.max, np.int64)
        values = rng.integers(form.min, form.max + 1, shape)
        return values if kind == "random" else values * (rng.random(shape) < 0.2)

    a, b = operand(tile.a, (tile.m, tile.k)), operand(tile.b, (tile.k, tile.n))
    return Case(array, scheme, tile, draw(st.integers(1, 4)), draw(st.sampled_from(ENCODERS)), a, b)


LOOPS = st.one_of(
    st.builds(Loop, st.just("space"), st.sampled_from("mnkw"), st.integers(1, 20), st.sampled_from(["", BROADCAST])),
    st.builds(
        Loop, st.just("time"), st.sampled_from("mnkw"), st.none() | st.integers(1, 20), st.sampled_from(["", SKIPPING])
    ),
)
NAMES = st.sampled_from(["d", "p", "q", "x1", "long_name"])
PAIRS = st.sampled_from([("s", "c"), ("t", "u")])
OVER = st.lists(st.sampled_from("mnkw"), unique=True, max_size=3).map(tuple)
VALUES = PAIRS | st.tuples(NAMES)
STATEMENTS = st.one_of(
    st.builds(
        Statement, st.tuples(NAMES), st.just("encode"), encoder=st.sampled_from(ENCODERS), recoded=st.sampled_from("AB")
    ),
    st.builds(Statement, st.tuples(NAMES), st.just("map"), st.tuples(NAMES), recoded=st.sampled_from("AB")),
    st.builds(Statement, VALUES, st.just("shift"), VALUES, bits=st.integers(1, 4)),
    st.builds(Statement, PAIRS, st.just("half_reduce"), VALUES, st.booleans(), OVER),
    st.builds(Statement, st.tuples(NAMES) | st.just(("C",)), st.just("add"), VALUES, st.booleans(), OVER),
    st.builds(Statement, st.just(()), st.just("sync"), OVER.filter(bool)),
)


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    """Anything the grammar has, whatever it computes."""
    loops: list[Loop] = []
    lines = []
    for _ in range(draw(st.integers(1, 7))):
        loops = loops[: draw(st.integers(0, len(loops)))] + draw(st.lists(LOOPS, max_size=3))
        lines.append(Line(tuple(loops), draw(STATEMENTS)))
    return Nest(tuple(lines))

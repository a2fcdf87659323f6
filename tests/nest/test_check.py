"""Whatever nest the check lets through computes A x B: nests of engines, changed at random."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from gen.nest.canonical import BUILT, chain, conventional, nest_of
from gen.nest.check import check
from gen.nest.interpret import interpret
from gen.nest.parse import parse
from gen.nest.printer import print_nest
from gen.nest.tile import Tile
from hdl.params import ConfigError
from hdl.params.nest import SKIPPING, Loop, Nest

TILE = Tile(2, 3, 5)


def starts() -> list[Nest]:
    found = []
    for array, scheme in BUILT:
        found.append(conventional(array, TILE.m, TILE.n, depth=2, encoder="naf"))
        for rewrite in chain(array, scheme):
            found.append(rewrite.apply(found[-1]))
    return list(dict.fromkeys(found))


def mutated(nest: Nest, rnd: random.Random) -> Nest:
    """One statement or one loop changed, moved or dropped."""
    lines = list(nest.lines)
    number = rnd.randrange(len(lines))
    line = lines[number]
    loop = rnd.choice(line.loops) if line.loops else None

    def everywhere(change: Loop) -> list:
        return [replace(each, loops=tuple(change if at == loop else at for at in each.loops)) for each in lines]

    def at_end(front: bool) -> list:
        return [replace(each, loops=tuple(sorted(each.loops, key=lambda at: (at == loop) != front))) for each in lines]

    kind = rnd.randrange(8)
    if kind == 0:
        lines[number] = replace(line, statement=replace(line.statement, accumulate=not line.statement.accumulate))
    elif kind == 1:
        over = tuple(index for index in "kwmn" if rnd.random() < 0.3)
        lines[number] = replace(line, statement=replace(line.statement, over=over))
    elif kind == 2 and len(lines) > 1:
        del lines[number]
    elif loop is None:
        pass
    elif kind == 3:
        lines[number] = replace(line, loops=tuple(at for at in line.loops if at != loop))
    elif kind == 4:
        lines = everywhere(replace(loop, kind="time" if loop.kind == "space" else "space", mode=""))
    elif kind == 5:
        lines = everywhere(replace(loop, mode="" if loop.mode else SKIPPING))
    else:
        lines = at_end(front=kind == 6)
    return Nest(tuple(lines))


def test_what_passes_computes_the_product():
    seed = 20
    print("seed", seed)
    rnd, rng = random.Random(seed), np.random.default_rng(seed)
    nests = starts()
    passed = refused = 0
    while passed < 40:
        start = nest = rnd.choice(nests)
        for _ in range(rnd.randint(1, 3)):
            nest = mutated(nest, rnd)
        try:
            check(nest)
        except ConfigError:
            refused += 1
            continue
        if nest != start:
            a, b = rng.integers(-128, 128, (TILE.m, TILE.k)), rng.integers(-128, 128, (TILE.k, TILE.n))
            assert (interpret(nest, TILE, a, b).result == a @ b).all(), print_nest(nest)
            passed += 1
    assert refused > passed


def test_results_of_different_columns_stay_apart():
    text = print_nest(nest_of("systolic_os", "opt4c", 2, 3))
    before, after = text.split("    time n 3\n      x       = add s, c\n")
    with pytest.raises(ConfigError) as error:
        parse(f"{before}    x = add s, c\n    time n 3\n{after}")
    assert str(error.value) == (
        "line 8, column 5: there is a 's, c' for each n of 'space n 3': only k and w are summed"
    )

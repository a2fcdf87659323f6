"""Nests that no engine is built for, but that are sound: the notation means what it says."""

from __future__ import annotations

import numpy as np
import pytest

from gen.nest.encoders import encode
from gen.nest.interpret import interpret
from gen.nest.parse import parse
from gen.nest.table import render, table
from gen.nest.tile import Tile
from hdl.params import ConfigError, OperandFormat
from tests.nest.test_text import MAC

#: Zero digits of one operand skipped, before the next operand: a shifter in every PE.
SERIAL = """\
space m 2, n 3
  time k
    time w 4
      d = encode A[m,k], booth
      p = map d, B[k,n]
      q = shift p, 2w
      s, c += half_reduce q
  C[m,n] = add s, c
"""
SERIAL_SKIPPING = SERIAL.replace("time w 4", "time w 4 skipping zeros") + "sync m\n"
#: Each of 3 PEs has a block of k to itself, and the sums meet in a chain.
BLOCKS = """\
space m 2, n 3
  space k 3
    time k 4
      space w 4
        d = encode A[m,k], naf
        p = map d, B[k,n]
        q = shift p, 2w
      s, c += half_reduce q over w
    x += add s, c
  C[m,n] = add x
"""
#: A tile larger than the array: rows in turns.
FOLDED = """\
time m
  space m 2, n 3
    time k
      space w 8
        d = encode A[m,k], bit_serial
        p = map d, B[k,n]
        q = shift p, w
      s, c += half_reduce q over w
    C[m,n] = add s, c
"""
#: A pair shifted instead of a number.
PAIRS = """\
space m 2, n 3
  time w 4
    time k
      d = encode A[m,k], ent
      p = map d, B[k,n]
      s, c += half_reduce p
    t, u = shift s, c, 2w
    f, g += half_reduce t, u
  C[m,n] = add f, g
"""


def operands(m: int, n: int, k: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, (m, k)), rng.integers(-128, 128, (k, n))


@pytest.mark.parametrize(
    ("text", "m", "k", "cycles"),
    [(SERIAL, 2, 10, 40), (BLOCKS, 2, 12, 4), (BLOCKS, 2, 7, 4), (FOLDED, 7, 5, 20), (PAIRS, 2, 9, 36)],
)
def test_any_sound_nest(text, m, k, cycles):
    a, b = operands(m, 3, k)
    tile = Tile(m, 3, k)
    nest = parse(text)
    done = interpret(nest, tile, a, b)
    assert (done.result == a @ b).all()
    assert done.cycles == cycles == table(nest, tile).cycles.dense
    assert list(done.operations) == [row.operations for row in table(nest, tile).rows]


def test_digits_of_one_operand_skipped():
    a, b = operands(2, 3, 10)
    done = interpret(parse(SERIAL_SKIPPING), Tile(2, 3, 10), a, b)
    assert (done.result == a @ b).all()
    nonzero = encode(a, "booth", OperandFormat(8, signed=True)) != 0
    assert done.cycles == nonzero.sum((1, 2)).max()
    assert done.operations[1] == 3 * nonzero.sum()


def test_nothing_but_zeros_takes_no_cycle():
    done = interpret(parse(SERIAL_SKIPPING), Tile(2, 3, 4), np.zeros((2, 4)), np.ones((4, 3)))
    assert not done.result.any()
    assert done.operations[1:4] == (0, 0, 0)


@pytest.mark.parametrize("a", ["u8", "u7", "s5"])
@pytest.mark.parametrize("b", ["u2", "s8"])
def test_formats(a, b):
    first, second = OperandFormat.parse(a), OperandFormat.parse(b)
    digits = 5 if a == "u8" else 4 if a == "u7" else 3
    nest = parse(MAC.replace("w 4", f"w {digits}"))
    for x in (first.min, first.max):
        for y in (second.min, second.max):
            done = interpret(nest, Tile(4, 4, 3, first, second), np.full((4, 3), x), np.full((3, 4), y))
            assert (done.result == 3 * x * y).all()


def test_an_accumulator_too_narrow_is_refused():
    with pytest.raises(ConfigError) as error:
        interpret(parse(MAC), Tile(4, 4, 16), *operands(4, 4, 16), accumulator=16)
    assert str(error.value) == "accumulator: must have 20 bits for K = 16, not 16"


#: Digits in time, plane by plane; a step is skipped only where no row has a digit.
COMMON = """\
time w 4
  time k skipping zeros
    space m 3
      d = encode A[m,k], naf
      space n 2
        p = map d, B[k,n]
        s, c += half_reduce p
  space n 2
    time m 3
      x = add s, c
      y = shift x, 2w
      C[m,n] += add y
"""
#: The same within an operand, where lanes of k are in step as well.
COMMON_LANES = """\
time k, m 3
  time w 4 skipping zeros
    space k 2
      d = encode A[m,k], naf
    space n 2
      space k 2
        p = map d, B[k,n]
        q = shift p, 2w
      s, c += half_reduce q over k
  space n 2
    C[m,n] += add s, c
"""


def test_steps_skipped_in_common():
    seed = 5
    print("seed", seed)
    rng = np.random.default_rng(seed)
    tile = Tile(3, 2, 6)
    a, b = rng.integers(-128, 128, (3, 6)) * (rng.random((3, 6)) < 0.4), rng.integers(-128, 128, (6, 2))
    digits = encode(a, "naf", tile.a) != 0  # by m, k, w
    run = interpret(parse(COMMON), tile, a, b)
    kept = int(digits.any(axis=0).sum())
    assert (run.result == a @ b).all()
    assert (run.cycles, run.scanned) == (kept, digits.size)
    assert run.operations[1:3] == (6 * kept, 6 * kept)
    run = interpret(parse(COMMON_LANES), tile, a, b)
    kept = int(digits.reshape(3, 3, 2, 4).any(axis=2).sum())
    assert (run.result == a @ b).all()
    assert run.operations[1:4] == (4 * kept, 4 * kept, 2 * kept)
    assert 0 < kept < digits.size // 2


@pytest.mark.parametrize(("text", "shape"), [(COMMON, (3, 2, 64)), (COMMON_LANES, (3, 2, 64))])
def test_expected_steps_in_common(text, shape):
    """Cycles and operations of a table are means over operands: 30 tiles come within a few standard errors of them."""
    seed = 6
    print("seed", seed)
    rng = np.random.default_rng(seed)
    m, n, k = shape
    nest, tile = parse(text), Tile(*shape)
    found = table(nest, tile)
    runs = [interpret(nest, tile, rng.integers(-128, 128, (m, k)), np.zeros((k, n), np.int64)) for _ in range(30)]
    maps = [run.operations[1] for run in runs]
    assert abs(np.mean(maps) - found.rows[2].operations) < 5 * np.std(maps) / np.sqrt(30)
    cycles = [run.cycles for run in runs]
    assert abs(np.mean(cycles) - found.cycles.tile) < 5 * np.std(cycles) / np.sqrt(30)
    assert "those in which some row has a digit" in render(found)


#: Digits of B, loaded into the PEs one step of K after another, before rows of A pass by.
LOADED = """\
time k
  space n 3
    time k 2
      space w 3
        d = encode B[k,n], booth
  time m 2
    space n 3
      space k 2
        space w 3
          p = map d, A[m,k]
          q = shift p, 2w
        s, c = half_reduce q over w
        x += add s, c
      C[m,n] += add x
"""


def test_digits_of_b_are_loaded():
    tile = Tile(2, 3, 5, OperandFormat(4, signed=True), OperandFormat(5, signed=False))
    rng = np.random.default_rng(5)
    a, b = rng.integers(-8, 8, (2, 5)), rng.integers(0, 32, (5, 3))
    run = interpret(parse(LOADED), tile, a, b)
    assert (run.result == a @ b).all()
    assert run.operations[0] == 3 * 6 * 3  # every operand once, those that fill up the last block, too
    assert "encode       d                  3       9          54" in render(table(parse(LOADED), tile))
    late = LOADED.replace("    space n 3\n      space k 2", "    space n 3\n      time k 2")
    with pytest.raises(ConfigError, match="'d' is a value of one step of 'time k 2', which has ended here"):
        parse(late)

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen.nest.canonical import BUILT, chain, conventional, nest_of
from gen.nest.encoders import ENCODERS, density, encode
from gen.nest.from_axes import nest_of_axes
from gen.nest.interpret import interpret
from gen.nest.lower import lower
from gen.nest.parse import parse
from gen.nest.printer import print_nest
from gen.nest.rewrites import opt1, opt2, opt3
from gen.nest.steps import explain_steps
from gen.nest.table import render, table
from gen.nest.tile import Tile
from gen.nest.to_axes import axes_of
from hdl.params import SUPPORTED, Axes, ConfigError, OperandFormat
from hdl.params.axes import Carries, Encode, Sum
from hdl.params.built import unbuilt

S8 = OperandFormat(8, signed=True)
DEEP = ("systolic_ws", "cube", "adder_tree")


@settings(max_examples=20)
@given(st.sampled_from(sorted(BUILT)), st.integers(1, 99), st.integers(1, 99), st.integers(1, 33), st.integers(1, 9),
       st.sampled_from(ENCODERS))  # fmt: skip
def test_lowering_is_the_inverse(engine, rows, cols, depth, digits, encoder):
    array, scheme = engine
    encoder = "booth" if scheme == "mac" else encoder
    nest = nest_of(array, scheme, rows, cols, depth=depth, encoder=encoder, digits=digits)
    expected = {"array": array, "scheme": scheme, "rows": rows, "cols": cols, "encoder": encoder}
    assert lower(nest) == expected | ({"depth": depth} if array in DEEP else {})


def test_names_and_the_order_of_copies_do_not_matter():
    text = """
time k
  space n 3, m 2
    space w 4
      digit = encode A[m,k], booth
      multiple = map digit, B[k,n]
      weighted = shift multiple, 2w
    left, right = half_reduce weighted over w
    C[m,n] += add left, right
"""
    assert lower(parse(text)) == {"array": "systolic_os", "scheme": "mac", "rows": 2, "cols": 3, "encoder": "booth"}


def test_copies_that_run_apart_are_not_copies_in_step():
    nest = print_nest(nest_of("systolic_os", "opt3", 2, 2))
    assert lower(parse(nest))["scheme"] == "opt3"
    in_step = nest.replace("space m 2", "time m 2").replace("sync m\n", "")
    with pytest.raises(ConfigError, match="rows follow each other in time outside the loop over k"):
        lower(parse(in_step))


OS = conventional("systolic_os", 4, 2)
#: An adder that works in every step of k cannot serve several rows.
SHARED = Axes(encode=Encode.PE, sum=Sum(Carries.PROPAGATE))
OPT1 = print_nest(nest_of("systolic_os", "opt1", 4, 2))


@pytest.mark.parametrize(
    ("nest", "reasons"),
    [
        (
            opt3(opt2(opt1(OS))),
            [
                "nest: the nearest engine is 'opt3' on 'systolic_os' (apply 'drain')",
                "'x = add s, c': 'add' stands in 'space m 4, n 2' / 'time w 4', there in 'space m 4' / 'time w 4, n 2'",
                "'y = shift x, 2w': 'shift' stands in 'space m 4, n 2' / 'time w 4', there in 'space m 4' / "
                "'time w 4, n 2'",
                "'C[m,n] += add y': 'add' stands in 'space m 4, n 2' / 'time w 4', there in 'space m 4' / "
                "'time w 4, n 2'",
            ],
        ),
        (
            nest_of_axes(SHARED, 4, 2),
            [
                "nest: the nearest engine is 'mac' on 'systolic_os'",
                "'C[m,n] += add s, c': 'add' stands in 'time k' / 'space n 2' / 'time m 4', there in "
                "'space m 4, n 2' / 'time k'",
            ],
        ),
        (
            parse(OPT1.replace("C[m,n] =", "x =").replace("add s, c", "add s, c\n    C[m,n] = add x")),
            [
                "line 12, column 5: the same step adds its value once more: one addition does both",
            ],
        ),
        (
            parse(print_nest(OS).replace("time k", "time k 8")),
            [
                "line 2, column 8: an engine takes tiles of any K: the outermost loop over k must be 'time k' without "
                "a size, not 'k 8'"
            ],
        ),
        (
            parse(print_nest(conventional("systolic_ws", 4, 2, depth=3)).replace("m 4", "m")),
            ["line 1, column 9: engines have a fixed number of rows: give this loop a size"],
        ),
        (
            parse(print_nest(OS).replace("space m 4", "space m 2, m 2")),
            ["line 1, column 12: m is split: an engine has one loop over it, and tiles are its steps"],
        ),
    ],
)
def test_what_is_not_built_and_why(nest, reasons):
    """The properties of axes that no engine has come first."""
    with suppress(ConfigError):
        reasons = [*(f"nest: no engine is built like this: {text}" for text in unbuilt(axes_of(nest))), *reasons]
    with pytest.raises(ConfigError) as error:
        lower(nest)
    assert [str(problem) for problem in error.value.problems] == reasons


def test_digits_must_be_those_of_the_format():
    assert lower(OS, a=S8)["scheme"] == "mac"
    with pytest.raises(ConfigError) as error:
        lower(OS, a=OperandFormat(8, signed=False))
    assert str(error.value) == "'space w 4': u8 has 5 digits under 'booth', not 4"


def test_the_multiplier_has_digits_of_its_own():
    with pytest.raises(ConfigError) as error:
        lower(parse(print_nest(conventional("systolic_os", 4, 2, encoder="naf"))))
    assert str(error.value) == ("line 4, column 7: a multiplier recodes by 'booth', not by 'naf' (write 'booth')")


def test_what_the_notation_has_is_what_the_library_builds():
    """All but ``laconic``, which recodes both operands."""
    assert {pair for pair in SUPPORTED if pair[1] != "laconic"} == set(BUILT)


def test_names_of_engines():
    with pytest.raises(ConfigError) as error:
        nest_of("systolic_os", "opt2", 1, 1)
    assert str(error.value) == (
        "scheme: 'opt2' is not built on array 'systolic_os', which has mac, opt1, opt3, opt4c, opt4e"
    )
    with pytest.raises(ConfigError) as error:
        chain("systolic", "mac")
    assert str(error.value) == (
        "array: must be one of systolic_os, systolic_ws, cube, adder_tree, matrix_2d, not 'systolic' "
        "(did you mean 'systolic_ws'?)"
    )


def test_table_of_opt4e():
    text = render(table(nest_of("systolic_os", "opt4e", 16, 16, encoder="ent"), Tile(16, 16, 1024), sigma=20))
    assert text.splitlines() == [
        "primitive    gives            in:out  bits  copies  operations",
        "sparse       digits not zero                    64      65,536",
        "encode       d                           3      64      65,536",
        "map          p                          10   1,024     554,377",
        "half_reduce  s, c                6:2    20     256     145,094",
        "add          x                   2:1    20      16       1,024",
        "shift        y                          26      16       1,024",
        "add          C[m,n]              2:1    26      16       1,024",
        "sync         m                                   1           1",
        "583 cycles a tile: 567 for a row's digits that are not zero (of 1,024), 16 waiting for the slowest row",
    ]


def test_accumulator_sets_the_width_of_the_result():
    rows = table(nest_of("systolic_os", "opt1", 2, 2), Tile(2, 2, 8), accumulator=32).rows
    assert [(row.primitive, row.bits) for row in rows[-2:]] == [("half_reduce", 32), ("add", 32)]


@pytest.mark.parametrize(("scheme", "k"), [("opt4c", 16), ("opt4e", 48)])
def test_expected_cycles_are_those_of_random_operands(scheme, k):
    """Cycles of a tile are a mean over operands: 16 tiles come within a few standard errors of it."""
    seed = 11
    print("seed", seed)
    rng = np.random.default_rng(seed)
    tile = Tile(4, 1, k)
    nest = nest_of("systolic_os", scheme, 4, 1, encoder="naf")
    b = np.zeros((k, 1), np.int64)
    done = [interpret(nest, tile, rng.integers(-128, 128, (4, k)), b).cycles for _ in range(16)]
    error = np.std(done) / np.sqrt(len(done))
    assert abs(np.mean(done) - table(nest, tile).cycles.tile) < 5 * error


def test_cycles_of_one_row_are_the_mean_digits():
    found = table(nest_of("systolic_os", "opt4c", 1, 16, encoder="naf"), Tile(1, 16, 1000), sigma=30).cycles
    assert found.row == pytest.approx(1000 * density("naf", S8, 30).mean)
    assert found.tile == pytest.approx(found.row)


def test_every_bit_of_the_operand_counts():
    values = np.arange(-128, 128)
    counts = np.bincount((encode(values, "naf", S8) != 0).sum(1)) / 256
    assert density("naf", S8).counts == pytest.approx(counts)


@pytest.mark.parametrize(("array", "scheme"), BUILT)
def test_every_engine_is_explained(array, scheme):
    text = explain_steps(array, scheme, Tile(3, 2, 20), depth=4)
    assert text.count("cycles a tile") == 1 + len(chain(array, scheme)) == 1 + text.count("Legal: ")

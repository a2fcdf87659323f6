from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen.nest import canonical, rewrites
from gen.nest.canonical import BUILT, chain, conventional, nest_of
from gen.nest.check import check, flow_of
from gen.nest.interpret import compress, interpret
from gen.nest.parse import parse
from gen.nest.printer import print_nest
from gen.nest.rewrites import opt1, opt2, opt3, opt4c, opt4e, share_encode
from gen.nest.table import table
from gen.nest.tile import Tile
from hdl.params import ConfigError, OperandFormat
from hdl.params.nest import Nest
from tests.nest.strategies import Case, cases

ALL = (canonical.OPT1, canonical.OPT2, canonical.OPT3, canonical.OPT4C, canonical.OPT4E, canonical.SHARE_ENCODE,
       canonical.DRAIN)  # fmt: skip
OS = conventional("systolic_os", 4, 2)
S8 = OperandFormat(8, signed=True)


def run(nest: Nest, case: Case) -> np.ndarray:
    return interpret(nest, case.tile, case.a, case.b).result


@settings(max_examples=40)
@given(cases())
def test_every_step_to_a_scheme_keeps_the_result(case):
    nest = case.start
    assert (run(nest, case) == case.result).all()
    for rewrite in chain(case.array, case.scheme):
        nest = rewrite.apply(nest)
        assert (run(nest, case) == case.result).all(), rewrite.name


@settings(max_examples=60)
@given(cases(), st.integers(0, 5), st.lists(st.sampled_from(ALL), min_size=1, max_size=4))
def test_in_any_order_a_rewrite_keeps_the_result_or_is_refused(case, way, order):
    nest = case.start
    for rewrite in (*chain(case.array, case.scheme)[:way], *order):
        refusal = ""
        try:
            after = rewrite.apply(nest)
        except ConfigError as error:
            refusal = str(error)
        if refusal:
            assert refusal.startswith(rewrite.name)
            continue
        assert (run(after, case) == case.result).all(), rewrite.name
        assert parse(print_nest(after)) == after
        nest = after


@settings(max_examples=30)
@given(cases())
def test_work_done_is_work_predicted(case):
    nest = nest_of(case.array, case.scheme, case.tile.m, case.tile.n, depth=case.depth, encoder=case.encoder,
                   digits=len(set(parse_digits(case))))  # fmt: skip
    done = interpret(nest, case.tile, case.a, case.b)
    rows = table(nest, case.tile).rows
    if rows[0].primitive == "sparse":
        assert done.scanned == rows[0].operations
        assert done.operations[0] == rows[1].operations  # the encoder looks at every digit
        nonzero = nonzero_digits(case)
        assert done.operations[1] == case.tile.n * nonzero.sum()
        if case.scheme == "opt4e":
            lanes = np.pad(nonzero, ((0, 0), (0, -case.tile.k % 4), (0, 0))).reshape(
                case.tile.m, -1, 4, nonzero.shape[2]
            )
            busiest = lanes.sum(1).max(1).sum(1)
        else:
            busiest = nonzero.sum((1, 2))
        assert done.operations[2] == case.tile.n * busiest.sum()
        assert done.cycles == max(busiest.max(), rows[-2].operations / rows[-2].copies)
    else:
        assert list(done.operations) == [row.operations for row in rows]
        assert done.cycles == table(nest, case.tile).cycles.dense


def parse_digits(case: Case) -> range:
    return range(case.start.lines[0].over("w")[0].size or 0)


def nonzero_digits(case: Case) -> np.ndarray:
    from gen.nest.encoders import encode

    return encode(case.a, case.encoder, case.tile.a) != 0


@pytest.mark.parametrize(("array", "scheme"), BUILT)
@pytest.mark.parametrize("a", [-128, 127])
@pytest.mark.parametrize("b", [-128, 127])
def test_widths_hold_the_worst_case(array, scheme, a, b):
    nest = nest_of(array, scheme, 2, 2, depth=4, encoder="ent")
    operands = np.full((2, 16), a), np.full((16, 2), b)
    found = interpret(nest, Tile(2, 2, 16), *operands).result
    assert (found == 16 * a * b).all()


def test_a_plane_of_opt2_is_as_wide_as_its_worst_case():
    """-2 x -128 sixteen times is 4,096: the 13 bits that hold 16 x 254 are one too few."""
    nest = nest_of("adder_tree", "opt2", 1, 1, depth=16, encoder="ent")
    plane = next(row for row in table(nest, Tile(1, 1, 16)).rows if row.primitive == "half_reduce")
    assert (plane.inputs, plane.outputs, plane.bits) == (16, 2, 14)


def test_a_width_too_small_shows(monkeypatch):
    nest = nest_of("adder_tree", "opt2", 1, 1, depth=16, encoder="ent")
    operands = np.full((1, 16), -128), np.full((16, 1), -128)
    monkeypatch.setattr("gen.nest.tile.Range.bits", property(lambda span: 13 if span.high == 4096 else 40))
    assert interpret(nest, Tile(1, 1, 16), *operands).result.item() == -(1 << 18)  # as the published design has it


@given(st.lists(st.integers(-(1 << 40), 1 << 40), min_size=1, max_size=9))
def test_compression_keeps_the_sum(values):
    s, c = compress([np.array(value) for value in values])
    assert int(s) + int(c) == sum(values)


def wrong(nest: Nest, primitive: str, which: int = 0, **changes: object) -> Nest:
    number = nest.find(primitive)[which]
    line = nest.lines[number]
    lines = list(nest.lines)
    lines[number] = replace(line, statement=replace(line.statement, **changes))
    return Nest(tuple(lines))


def without_line(nest: Nest, primitive: str) -> Nest:
    """A nest whose value goes past a primitive: its reader reads what it read."""
    number = nest.find(primitive)[0]
    dropped = nest.lines[number].statement
    lines = [
        replace(line, statement=replace(line.statement, operands=dropped.operands))
        if line.statement.operands == dropped.targets else line
        for line in nest.lines if line.statement != dropped
    ]  # fmt: skip
    return Nest(tuple(lines))


@pytest.mark.parametrize(
    "mutant",
    [
        without_line(opt2(opt1(OS)), "shift"),
        without_line(opt1(OS), "shift"),
        without_line(opt3(opt2(opt1(OS))), "shift"),
        wrong(opt1(OS), "shift", bits=1),
        wrong(opt3(opt2(opt1(OS))), "shift", bits=3),
    ],
)
def test_a_wrong_rewrite_is_caught_twice(mutant):
    rng = np.random.default_rng(7)
    a, b = rng.integers(-128, 128, (4, 8)), rng.integers(-128, 128, (8, 2))
    flow_of(mutant)
    assert (interpret(mutant, Tile(4, 2, 8), a, b).result != a @ b).any()
    with pytest.raises(ConfigError):
        check(mutant)


@pytest.mark.parametrize(
    "mutant",
    [
        wrong(opt1(OS), "half_reduce", accumulate=False),
        wrong(opt1(OS), "half_reduce", over=()),
        wrong(opt1(OS), "add", accumulate=True),
        wrong(opt4c(opt3(opt2(opt1(OS)))), "add", -1, accumulate=False),
        wrong(opt4e(opt4c(opt3(opt2(opt1(OS))))), "half_reduce", over=()),
        Nest(opt3(opt2(opt1(OS))).lines[:-1]),
    ],
)
def test_a_sum_that_is_not_whole_is_refused(mutant):
    with pytest.raises(ConfigError):
        flow_of(mutant)


WS = conventional("systolic_ws", 4, 2, depth=3)
TREE = conventional("adder_tree", 4, 2, depth=3)
OPT1, OPT2 = opt1(OS), opt2(opt1(OS))
OPT3 = opt3(OPT2)
OPT4C = opt4c(OPT3)
FINAL_IN_TIME_N = parse(
    "space m 4\n  time n 2\n    time k\n      space w 4\n        d = encode A[m,k], naf\n        p = map d, B[k,n]\n"
    "        q = shift p, 2w\n      s, c += half_reduce q over w\n    C[m,n] = add s, c\n"
)


@pytest.mark.parametrize(
    ("rewrite", "nest", "reason"),
    [
        (opt1, OPT1, "OPT1: no 'add' stands in a loop over k: there is no carry propagation to move out"),
        (
            opt1,
            opt1(WS),
            "OPT1, 'C[m,n] += add s, c': 'time m 4' stands between the loop over k and 'add': a carry-save pair would "
            "have to be stored for every m",
        ),
        (
            opt2,
            OS,
            "OPT2, 'C[m,n] += add s, c': it propagates carries in every step of k, and so mixes the weights: "
            "the sum over "
            "k must be in carry-save form (apply OPT1 first)",
        ),
        (
            opt2,
            OPT2,
            "OPT2, 'y = shift x, 2w': it already stands outside the loops over k: same weights are summed first",
        ),
        (
            opt2,
            share_encode(OPT1),
            "OPT2, 'd = encode A[m,k], booth': it does not stand in the loops of 's, c' and its final 'add': "
            "their loops "
            "must be shared from the outermost in (apply OPT2 before encoders and adders are shared)",
        ),
        (
            opt3,
            OPT1,
            "OPT3, 'q = shift p, 2w': it stands in the loop over k, where every step would need a shifter: "
            "same weights "
            "must be summed first (apply OPT2 first)",
        ),
        (
            opt3,
            opt2(opt1(TREE)),
            "OPT3, 'd = encode A[m,k], booth': a digit of 'space k 3' has hardware of its own, which would "
            "only wait if "
            "it were skipped: k must be in time",
        ),
        (opt3, OPT3, "OPT3, 'd = encode A[m,k], booth': zeros are skipped already"),
        (opt4c, OPT2, "OPT4C, 'd = encode A[m,k], booth': no loop around it skips zeros (apply OPT3 first)"),
        (opt4c, OPT4C, "OPT4C, 'd = encode A[m,k], booth': it stands outside every loop over n already"),
        (
            share_encode,
            FINAL_IN_TIME_N,
            "share encode, line 5, column 9 'd = encode A[m,k], naf': it stands in 'time n 2': outside of it "
            "the digits "
            "would have to be stored",
        ),
        (
            opt4e,
            OPT3,
            "OPT4E, 'd = encode A[m,k], booth': it stands in 'space n 2': four encoders for every PE (apply "
            "OPT4C first)",
        ),
        (opt4e, OPT2, "OPT4E, 'd = encode A[m,k], booth': no loop around it skips zeros (apply OPT4C first)"),
        (opt4e, opt4e(OPT4C), "OPT4E, 'd = encode A[m,k], booth': k is unrolled already, in 'space k 4'"),
        (
            opt4e,
            parse(print_nest(OPT4C).replace("time k", "time k 6")),
            "OPT4E, line 4, column 7 'd = encode A[m,k], booth': 'time k 6 skipping zeros' cannot be split "
            "into steps of 4",
        ),
        (
            rewrites.drain,
            OS,
            "drain, 'C[m,n] += add s, c': it works in every step of k: no pair waits in a register for it",
        ),
        (
            rewrites.drain,
            opt1(WS),
            "drain, 'C[m,n] += add s, c': 's, c' is summed in space only and read in every cycle: the adder "
            "has no time to "
            "serve another",
        ),
        (
            rewrites.drain,
            rewrites.drain(OPT1),
            "drain, 'C[m,n] = add s, c': it takes its turns already, in 'time m 4'",
        ),
    ],
)
def test_what_is_refused_and_why(rewrite, nest, reason):
    with pytest.raises(ConfigError) as refusal:
        rewrite(nest)
    assert str(refusal.value) == reason


def test_a_wrong_nest_is_no_start():
    with pytest.raises(ConfigError):
        opt1(wrong(OS, "shift", bits=1))


@pytest.mark.parametrize("width", [2, 5, 16])
def test_tiles_that_do_not_fit(width):
    with pytest.raises(ConfigError) as error:
        interpret(OS, Tile(5, 2, 8, OperandFormat(width, signed=True)), np.zeros((5, 8)), np.zeros((8, 2)))
    digits = -(-width // 2)
    assert [str(problem) for problem in error.value.problems] == [
        "m: the tile has 5, the nest's loops only 4",
        f"w: s{width} has {digits} digits under 'booth', not 4",
    ]

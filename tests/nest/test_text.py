from __future__ import annotations

import pytest
from hypothesis import given, settings

from gen.nest.canonical import BUILT, nest_of
from gen.nest.parse import parse, read
from gen.nest.printer import print_nest
from hdl.params import ConfigError
from tests.nest.strategies import nests

OPT4C = """\
space m 16
  time w 4
    time k skipping zeros
      d = encode A[m,k], ent
      space n 16
        p     = map d, B[k,n]
        s, c += half_reduce p
    time n 16
      x       = add s, c
      y       = shift x, 2w
      C[m,n] += add y
sync m
"""


@settings(max_examples=60)
@given(nests())
def test_whatever_is_printed_reads_back(nest):
    text = print_nest(nest)
    assert read(text) == nest
    assert print_nest(read(text)) == text


@pytest.mark.parametrize(("array", "scheme"), BUILT)
def test_nests_of_engines_read_back(array, scheme):
    nest = nest_of(array, scheme, 3, 5, depth=2)
    assert parse(print_nest(nest)) == nest


def test_normal_form():
    loose = """
    # OPT4C
space m 16   # rows
   time w 4

     time k   skipping zeros
       d=encode A[ m , k ],ent
       space n 16
           p = map d , B[k,n]
           s,c += half_reduce p   # 3:2
     time n 16
       x = add s, c
       y = shift x,2 w
       C[m, n] += add y
sync m"""
    assert print_nest(parse(loose)) == OPT4C


def test_loops_share_a_line_and_neighbours_join():
    apart = "space m 2\n  space n 3\n    time k\n      x = add y\n  space n 3\n    z = add x\n"
    assert print_nest(read(apart)) == "space m 2, n 3\n  time k\n    x = add y\n  z = add x\n"
    assert read(apart) == read("space m 2, n 3\n  time k\n    x = add y\n  z = add x\n")


def problems(text: str, reads=parse) -> list[str]:
    with pytest.raises(ConfigError) as error:
        reads(text)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["line 1, column 1: expected a loop nest, not an empty text"]),
        ("space m 4\n", ["line 1, column 1: nothing stands inside this loop: indent a statement below it"]),
        (
            "spce m 4\n  x = add y\n",
            [
                "line 1, column 1: expected a loop ('space' or 'time'), 'sync' or an assignment, not 'spce' "
                "(did you mean 'space'?)"
            ],
        ),
        (
            "space m 4, q 3\n  time k skiping zeros\n    d = encode A[m,k], both\n   p = mapp d, B[k,n]\n\tq = 3\n",
            [
                "line 1, column 12: expected an index: m, n, k or w, not 'q'",
                "line 2, column 10: expected ',' or 'skipping zeros', not 'skiping' (did you mean 'skipping'?)",
                "line 3, column 24: expected an encoder: booth, ent, naf, bit_serial, sign_magnitude, not 'both' "
                "(did you mean 'booth'?)",
                "line 4, column 4: indented by 3: no line above begins here (line up with column 5)",
                "line 5, column 1: indent with spaces, not with tabs",
            ],
        ),
        ("  x = add y\n", ["line 1, column 3: the first line must not be indented"]),
        (
            "x = add y\n  z = add x\n",
            ["line 2, column 3: indented by 2: a statement holds nothing (line up with column 1)"],
        ),
        ("space m 0\n  x = add y\n", ["line 1, column 9: a loop has 1 to 1048576 steps, not 0"]),
        (
            f"space m {'9' * 5000}\n  x = add y\n",
            ["line 1, column 9: a loop has 1 to 1048576 steps, not 999999999999"],
        ),
        (
            "space m ²\n  x = add y\n",
            ["line 1, column 9: expected ',' or 'broadcast', not '²'"],
        ),
        (
            "time w 4, k skipping zeros\n  x = add y\n",
            ["line 1, column 13: a loop that skips zeros stands on a line of its own"],
        ),
        ("C[m,k] = add x\n", ["line 1, column 1: expected a loop, a name or C[m,n], not 'C[m,k]'"]),
        (
            "d = encode A[k,m], booth\n",
            ["line 1, column 12: expected 'A[m,k]' or 'B[k,n]', not 'A[k,m]' (did you mean 'A[m,k]'?)"],
        ),
        (
            "C[m,n] =\n",
            ["line 1, column 9: expected a primitive: encode, map, shift, half_reduce, add, not the end of the line"],
        ),
        (
            "x = half_redude y\n",
            [
                "line 1, column 5: expected a primitive: encode, map, shift, half_reduce, add, not 'half_redude' "
                "(did you mean 'half_reduce'?)"
            ],
        ),
        ("sync z\n", ["line 1, column 6: expected an index: m, n, k, w, not 'z'"]),
        ("s, c, d = half_reduce x\n", ["line 1, column 5: expected '=' or '+=', not ','"]),
        ("over = add x\n", ["line 1, column 1: expected a name that is no word of the notation, not 'over'"]),
        ("q = shift p, 9w\n", ["line 1, column 14: a digit has 1 to 4 bits, not 9"]),
        ("x = add y over k, k\n", ["line 1, column 19: 'k' is named twice"]),
        ("x = add y z\n", ["line 1, column 11: expected the end of the line, not 'z'"]),
    ],
)
def test_what_cannot_be_read(text, expected):
    assert problems(text, read) == expected


MAC = """\
space m 4, n 4
  time k
    space w 4
      d = encode A[m,k], booth
      p = map d, B[k,n]
      q = shift p, 2w
    s, c    = half_reduce q over w
    C[m,n] += add s, c
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("map d", "map e", ["line 5, column 7: no value 'e' is written before, only d"]),
        ("map d", "map e1", ["line 5, column 7: no value 'e1' is written before, only d"]),
        (" over w", "", ["line 7, column 5: there is a 'q' for each w of 'space w 4': sum 'over w'"]),
        (
            "over w",
            "over w, k",
            ["line 7, column 5: 'over k' without a loop 'space k' between 'q' and its reader"],
        ),
        ("C[m,n] +=", "C[m,n] =", ["line 8, column 5: every k writes C[m,n] anew: write '+='"]),
        (
            "s, c    =",
            "s, c += ",
            [
                "line 7, column 5: each 's, c' is written only once, so '+=' sums nothing: write '='"
            ],
        ),
        ("shift p, 2w", "shift p, w", ["line 6, column 7: the encoder's digits have 2 bits each (shift by 2w)"]),
        (
            "      q = shift p, 2w\n    s, c    = half_reduce q",
            "    s, c    = half_reduce p",
            ["line 6, column 5: digits of different weight are summed before their 'shift'"],
        ),
        ("add s, c", "add s", ["line 8, column 5: 's' is not one value (name both halves of a pair, and one "
                               "value only)"]),
        ("space m 4, n 4", "space m 4", ["line 5, column 7: 'map' stands outside a loop over n, and needs to "
        "know its n",
                                        "line 8, column 5: 'add' stands outside a loop over n, and needs to "
                                        "know its n"]),
        ("space w 4", "space w", ["line 3, column 11: the loop over w needs a size: the number of digits"]),
        ("space m 4, n 4", "space m, n 4", ["line 1, column 7: 'space m' needs a size: the number of copies"]),
        ("time k\n", "time k broadcast\n", ["line 2, column 10: expected ',' or 'skipping zeros', not 'broadcast'"]),
        (
            "    C[m,n] += add s, c\n",
            "    x = add s, c\n",
            ["line 8, column 5: the nest ends without C[m,n] being written"],
        ),
        ("C[m,n] += add s, c\n", "C[m,n] += add s, c\nsync m\n",
         ["line 9, column 1: 'sync' is for the rows ('sync m') of a nest that skips zeros; all else keeps "
          "step by itself"]),
        ("time k\n", "time k skipping zeros\n",
         ["line 2, column 8: the digit in 'time k skipping zeros' has loops of its own ('space w 4'): each "
          "step needs one digit",
          "line 2, column 8: the rows of 'space m' skip different zeros and run apart: 'sync m' must follow "
          "outside of it"]),
        ("s, c    = half", "s = half", ["line 7, column 5: 'half_reduce' gives a pair: name sum and carry, as "
        "in 's, c'"]),
        ("d, B[k,n]", "d, A[m,k]",
         ["line 5, column 7: the digits are those of A[m,k]: 'map' multiplies the other operand (write B[k,n])"]),
        ("q = shift", "q = map", ["line 6, column 18: expected 'A[m,k]' or 'B[k,n]', not '2'"]),
    ],
)  # fmt: skip
def test_what_computes_something_else(old, new, expected):
    assert MAC.count(old) == 1
    assert problems(MAC.replace(old, new)) == expected


def test_values_do_not_outlive_their_step():
    late = """\
space m 2, n 2
  space w 4
    time k
      d = encode A[m,k], ent
      p = map d, B[k,n]
  time k
    space w 4
      q = shift p, 2w
    s, c += half_reduce q over w
  C[m,n] = add s, c
"""
    assert problems(late) == ["line 8, column 7: 'p' is a value of one step of 'time k', which has ended here"]


def test_rows_that_run_apart_need_sync():
    assert problems(OPT4C.replace("sync m\n", "")) == [
        "line 3, column 10: the rows of 'space m' skip different zeros and run apart: 'sync m' must follow "
        "outside of it"
    ]


def test_the_file_is_named():
    with pytest.raises(ConfigError) as error:
        parse("space m 4\n", "engine.toml")
    assert str(error.value).startswith("engine.toml: line 1, column 1: ")

"""What a user reads who gets a nest wrong: a place in it, and what is legal there."""

from __future__ import annotations

import pytest

from gen.nest.lower import lower
from gen.nest.parse import parse
from hdl.params import ConfigError

NEST = """\
space m 2
  time k
    space w 4
      d = encode A[m,k], booth
    space n 3
      space w 4
        p = map d, B[k,n]
        q = shift p, 2w
      s, c += half_reduce q over w
space n 3
  time m 2
    C[m,n] = add s, c
"""
#: Sums that go along a chain and over time at once: an engine has a statement for each.
BOTH = """\
space m 2
  time k, w 4
    space k 3
      d = encode A[m,k], booth
    space n 3
      space k 3
        p = map d, B[k,n]
        q = shift p, 2w
        s, c += half_reduce q
space n 3
  time m 2
    C[m,n] = add s, c
"""


def reasons(nest: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        lower(parse(nest))
    return list(map(str, caught.value.problems))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("space m 2", "space m", "line 1, column 7: 'space m' needs a size: the number of copies"),
        ("map d", "map e", "line 7, column 9: no value 'e' is written before, only d"),
        ("time m 2", "time m 3", "line 12, column 5: stands in m 3, but elsewhere m is m 2"),
        ("time k", "time k 8", "line 2, column 8: an engine takes tiles of any K: the outermost loop over k must be "
         "'time k' without a size, not 'k 8'"),
        ("2w", "w", "line 8, column 9: the encoder's digits have 2 bits each (shift by 2w)"),
        ("m 2", "m 2000", "line 1, column 7: an engine has 1 to 1,024 rows, not 2,000"),
        ("n 3", "n 1025", "line 5, column 11: an engine has 1 to 1,024 columns, not 1,025"),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_said_once_and_where(old, new, expected):
    text = NEST.replace(old, new, 1 if old == "space m 2" or old == "time m 2" else -1)
    assert reasons(text) == [expected]


def test_a_statement_that_is_missing_has_a_place():
    assert reasons(BOTH) == [
        "nest: an engine with these loops computes in other statements",
        "line 9, column 9: there 't, u += half_reduce s, c' stands behind this, in 'space m 2' / 'time k, w 4' / "
        "'space n 3'",
    ]


def test_steps_of_k_in_space_are_limited():
    assert reasons(BOTH.replace("space k 3", "space k 2000"))[0].startswith("nest: an engine with these loops")
    chain = BOTH.replace("time k, w 4", "time k")
    chain = chain.replace("space k 3", "space k 2000, w 4").replace("half_reduce q", "half_reduce q over w")
    chain = chain.replace("        s, c += half_reduce q over w\n", "      s, c += half_reduce q over k, w\n")
    assert reasons(chain) == ["line 3, column 11: an engine has 1 to 1,024 steps of K in space, not 2,000"]

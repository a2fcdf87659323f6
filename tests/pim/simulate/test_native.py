"""What is made of Python for the compiler means the same; what can't be made is refused, and done by Python."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params import ToolError
from sim_tb.pim.simulate import simulate
from sim_tb.pim.simulate.burst import Memory, burst
from sim_tb.pim.simulate.core import native, run
from sim_tb.pim.simulate.core.native import Native
from sim_tb.pim.simulate.core.translate import source_of
from tests.pim.machines import TINY
from tests.pim.simulate.directed import DIRECTED

SIX = 6


def helper(row, first, many):
    part = row[first : first + many]
    total = 0
    for i in range(len(part)):
        total += part[i]
    return total


def everything(row, a, b):
    """All that can be said."""
    row[0], row[1] = row[1], row[0]
    row[2] = row[3] = a // b + a % b * 3 - -(-a // b)
    low, high = min(a, b, SIX), max(a, b, SIX)
    found = 1 if low < a <= high and not (a == b or b in (1, 5, SIX)) else 0
    for value in (a, b, 7):
        row[4] ^= value << 2 | found
    for i in range(9, 2, -1):
        if i == b % 10:
            continue
        row[5] += i & a
        if row[5] > 60:
            break
    count = 0
    while True:
        count += 1
        if count > SIX:
            break
    tail = row[4:]
    tail[2] += ~count
    return helper(row, 2, 4) + (a >> 1) + low


def beyond(row):
    return sorted(row)[0]


def with_dict(row):
    row[0] = {1: 2}[1]


def with_value(row, a):
    return a or row[0]


def with_step(row):
    for i in range(0, 4, 2):
        row[i] = 0


def with_loop(row):
    for value in row:
        row[0] += value


def with_name(row):
    return helper(row, first=1, many=2)


def test_the_same():
    rng, compiled = random.Random(3), Native(everything)
    for _ in range(300):
        a, b = rng.randrange(-50, 50), rng.choice([-7, -3, -1, 1, 2, 5, 9])
        own = np.array([rng.randrange(-9, 9) for _ in range(8)], np.int64)
        other = own.copy()
        assert compiled.everything(own, a, b) == everything(other, a, b)
        assert own.tolist() == other.tolist()


@pytest.mark.parametrize("name", ["layers", "banks"])
def test_without_a_compiler(monkeypatch, name):
    """The core as Python, a few thousand times as slow."""
    words = assemble(DIRECTED[name], system=TINY).words
    fast, each = burst(TINY, words, [0], inputs=1400, memory=Memory(TINY)), simulate(TINY, words, inputs=1400)
    monkeypatch.setattr(native, "find_compiler", lambda: "")
    monkeypatch.setattr(run, "native", Native(*run.ENTRIES))
    assert burst(TINY, words, [0], inputs=1400, memory=Memory(TINY)) == fast
    assert simulate(TINY, words, inputs=1400) == each
    assert run.native.segment is run.segment


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (with_dict, "Dict"),
        (beyond, r"sorted\(row\)"),
        (with_value, r"a or row\[0\]"),
        (with_step, "a step of 2"),
        (with_loop, "a loop over row"),
        (with_name, r"helper\(row, first=1, many=2\)"),
    ],
)
def test_what_cannot_be_compiled(function, what):
    """Among it what would mean something else."""
    with pytest.raises(ToolError, match=rf"test_native.py:\d+: {what} is beyond what can be compiled"):
        source_of([function])


def test_a_compiler_that_fails(monkeypatch):
    monkeypatch.setattr(native, "find_compiler", lambda: "false")
    with pytest.raises(ToolError, match="false could not build the simulator"):
        Native(helper).helper(np.zeros(3, np.int64), 0, 3)


def test_a_broken_library(monkeypatch, tmp_path, capsys):
    """It is made anew, and said."""
    monkeypatch.setenv("BITLOOM_CACHE", str(tmp_path))
    row = np.arange(5)
    assert Native(helper).helper(row, 1, 3) == 6
    (library,) = tmp_path.glob("native/*/native.so")
    library.unlink()  # it is in use: a file of its own takes its place
    library.write_bytes(b"")
    assert Native(helper).helper(row, 1, 3) == 6
    assert "no library that can be used" in capsys.readouterr().err
    assert library.stat().st_size

"""Trees and accumulators under Verilator, bit for bit against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

from sim_tb.golden import float as golden
from tests.golden.float.numbers import fp32
from tests.hdl.float.parts import Reductions, bench

pytestmark = pytest.mark.sim
SEED = 11
Words = np.ndarray


def run(x: Words, en: Words | int = 1, **marks: Words) -> dict[str, Words]:
    """The part on 32 numbers a cycle; marks that are left out are low."""
    marks = {name: np.zeros(len(x), np.uint32) for name in ("valid", "first", "last")} | marks
    return bench(Reductions).run(x=x, en=en, **marks)


def test_trees() -> None:
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((4_000, 32)).astype(np.float32).view(np.uint32)
    x[::2] = fp32(rng, 2_000 * 32).reshape(2_000, 32)
    found, numbers = run(np.concatenate([x, x[:25]])), golden.floats(x)
    five = golden.bits(golden.tree(numbers[:, :5]))
    for name, latency, expected in (
        ("sum32", 20, golden.bits(golden.tree(numbers))),
        ("sum5", 6, five),
        ("greatest7", 3, golden.bits(golden.greatest(golden.widen(x[:, :7] >> 16))) >> 16),
    ):
        assert (found[name][latency : latency + len(x)] == expected).all(), name
        assert len(np.unique(expected)) > 1_000


def sequences(rng: np.random.Generator, gaps: bool) -> tuple[list[Words], Words, dict[str, Words]]:
    """Sequences of 1 to 40 beats, their beats over the cycles, and the marks; time to finish after each one."""
    parts, valid, first, last, beats = [], [], [], [], []
    for length in [*range(1, 12), *rng.integers(1, 41, 60)]:
        x = rng.standard_normal((length, 32)).astype(np.float32).view(np.uint32)
        x[:, 0] = fp32(rng, length) if rng.random() < 0.1 else x[:, 0]
        parts.append(x)
        for i in range(length):
            pause = rng.integers(0, 4) if gaps else 0
            beats += [x[i]] * (pause + 1)
            valid += [0] * pause + [1]
            first += [0] * pause + [int(i == 0)]
            last += [0] * pause + [int(i == length - 1)]
        wait = 13
        beats += [x[0]] * wait
        valid, first, last = (marks + [0] * wait for marks in (valid, first, last))
    marks = {"valid": valid, "first": first, "last": last}
    return parts, np.stack(beats), {name: np.array(values, np.uint32) for name, values in marks.items()}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("stalls", [False, True])
def test_accumulators(gaps: bool, stalls: bool) -> None:
    """Sequences with gaps have the same sums as without; the next one begins as soon as it may."""
    rng = np.random.default_rng(SEED)
    parts, x, marks = sequences(rng, gaps)
    moments = np.cumsum(rng.integers(1, 4, len(x))) if stalls else np.arange(len(x))
    cycles = moments[-1] + 1
    en = np.zeros(cycles, np.uint32)
    en[moments] = 1
    spread = rng.integers(0, 2, (cycles, 32)).astype(np.uint32)
    spread[moments] = x
    wide = {name: rng.integers(0, 2, cycles).astype(np.uint32) for name in marks}
    for name, values in marks.items():
        wide[name][moments] = values
    found = {name: values[moments] for name, values in run(spread, en, **wide).items()}

    ends = np.nonzero(marks["last"])[0]
    assert len(ends) == len(parts) == 71
    for count, tail in zip(Reductions.ACCUMULATORS, (1, 4, 9, 13), strict=True):
        done = np.nonzero(found[f"done{count}"])[0]
        assert (done == ends + tail).all()
        expected = [golden.accumulate(golden.floats(part[:, 0]), count) for part in parts]
        assert (found[f"total{count}"][done] == golden.bits(np.array(expected))).all()
        finishing = (np.arange(len(x))[:, None] > ends) & (np.arange(len(x))[:, None] <= ends + tail)
        assert (found[f"ready{count}"] == ~finishing.any(1)).all()
    # Unlike the others the running maximum has its result a step after any number.
    greatest = [golden.greatest(golden.widen(part[:, 0] >> 16)) for part in parts]
    assert (found["running"][ends + 1] == golden.bits(np.array(greatest)) >> 16).all()


def test_scalar_products_of_a_bank() -> None:
    """Products of bf16 numbers, their tree, and one accumulator without partial sums: a column a step."""
    rng = np.random.default_rng(SEED)
    parts, x, marks = sequences(rng, gaps=False)
    found = run(x, **marks)
    done = np.nonzero(found["dot_done"])[0]
    assert (done == np.nonzero(marks["last"])[0] + 4).all()
    pairs = [(part[:, :4] & 0xFFFF, part[:, :4] >> 16) for part in parts]
    expected = [golden.dot(a.ravel(), b.ravel(), lanes=4) for a, b in pairs]
    assert (found["dot"][done] == golden.bits(np.array(expected))).all()

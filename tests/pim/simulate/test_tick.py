"""Numbers that move with a refresh: within the bounds that a computation leaves, its outcome is linear."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from sim_tb.pim.simulate.burst.tick import Bounds, Interval, Moving, exact, slope

Number = int


def computed(rng: random.Random, tick: Number) -> tuple[list[Number], list[object]]:
    """Some numbers made of a tick and constants, and what was decided on the way."""
    numbers: list[Number] = [tick, 0, *(rng.randrange(-20, 120) for _ in range(4))]
    decided: list[object] = []
    for _ in range(25):
        a, b = rng.choice(numbers), rng.choice(numbers)
        how = rng.randrange(9)
        if how < 2:
            numbers.append(a + b if how else a - b)
        elif how == 2:
            numbers.append(max(a, b))
        elif how == 3:
            numbers.append(min(a, b))
        elif how == 4:
            decided.append(a < b)
        elif how == 5:
            decided.append(a >= b)
        elif how == 6:
            decided.append(a == b)
        elif how == 7:
            numbers.append(-a)
        else:
            decided.append(bool(a))
    return numbers, decided


def test_linear_within_bounds():
    """A thousand random computations, each at every shift that it allows."""
    wide = 0
    for seed in range(1000):
        bounds = Bounds()
        numbers, decided = computed(random.Random(seed), 1 * Interval.of(50, bounds))
        least, most = max(bounds.least, -60), min(bounds.most, 60)
        assert least <= 0 <= most
        wide += most > least
        values = [(int.__add__(number, 0), slope(number)) for number in numbers]
        for shift in range(least, most + 1):
            again, same = computed(random.Random(seed), 50 + shift)
            assert again == [value + by * shift for value, by in values]
            assert same == decided
    assert wide > 500


OTHERS: dict[str, Callable[[int], object]] = {
    "product": lambda tick: tick * 3,
    "quotient": lambda tick: 7 + tick // 4,
    "rest": lambda tick: tick % 8,
    "bits": lambda tick: tick & 7,
    "shift": lambda tick: 1 << tick,
    "key": lambda tick: {tick: 1},
    "integer": lambda tick: int(tick),
    "text": lambda tick: f"{tick}",
}


@pytest.mark.parametrize("name", OTHERS)
def test_anything_else_is_exact(name):
    bounds = Bounds()
    tick = 1 * Interval.of(50, bounds)
    assert type(tick) is Moving
    assert OTHERS[name](tick) == OTHERS[name](50)
    assert (bounds.least, bounds.most) == (0, 0)


def test_exact():
    bounds = Bounds()
    assert exact(7) == 7
    found = exact(2 * Interval.of(50, bounds))
    assert (type(found), found) == (int, 100)
    assert (bounds.least, bounds.most) == (0, 0)

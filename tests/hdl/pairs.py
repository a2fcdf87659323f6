"""All pairs of operands through a PE, every pair in a lane of its own (see :mod:`tests.hdl.lanes`).

A PE is tested by a function that drives it, ``drive(lanes, steps)``: it puts the operands of each step on the PE's
inputs, one pair for each lane, calls ``lanes.step()`` for each clock cycle, and returns what the PE then holds for the
sum of the products, as ``lanes.get("acc", columns)`` gives it, less what the steps add in excess. A step may take as
many cycles as the PE needs, and inputs may differ from lane to lane: a digit-serial PE gets each lane's own digits, a
PE of several lanes of K takes its further operands as zeros or from further steps. Then::

    netlist = netlists({"pe": part})["pe"]
    assert check_all_pairs(netlist, a, b, bits, drive) == len(STREAKS) * 65_536

``tests/hdl/test_pairs.py`` has such functions for ``mac`` and ``opt1``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hdl.params import OperandFormat
from tests.hdl.lanes import Lanes, Netlist

__all__ = ["STREAKS", "Drive", "Steps", "check_all_pairs", "differences", "missed_mutants", "mutants"]

Integers = NDArray[np.int64]
#: Operands a and b of every step, one of each for every lane.
Steps = Sequence[tuple[Integers, Integers]]
Drive = Callable[[Lanes, Steps], NDArray[np.uint64]]
#: Steps of the sums that follow each other. In every step all pairs occur, each time in other lanes. The long one fills
#: an accumulator that is not much wider than a product.
STREAKS = (1, 2, 24, 1)


def differences(
    netlist: Netlist,
    a: OperandFormat,
    b: OperandFormat,
    bits: int,
    drive: Drive,
    seed: int = 1,
    sample: int | None = None,
) -> tuple[int, int, str]:
    """Compare sums of all pairs, or of corners and so many at random, with those of integers, modulo 2**bits.

    Sums of one step, so that every product is seen by itself, and sums of several, so that they meet in the
    accumulator. Each begins with what the one before has left behind. Ends with the first streak that goes wrong.

    Returns
    -------
    compared, wrong : int
        Sums.
    example : str
        Of a wrong one.
    """
    rng = np.random.default_rng(seed)
    if sample is None:
        pairs = _pairs(*(np.arange(form.min, form.max + 1) for form in (a, b)))
    else:
        corners = _pairs(*(np.array([form.min, form.min + 1, 0, 1, form.max - 1, form.max]) for form in (a, b)))
        drawn = np.stack([rng.integers(form.min, form.max + 1, sample) for form in (a, b)])
        pairs = np.concatenate([corners, drawn], axis=1)
    lanes = Lanes(netlist, pairs.shape[1], seed)
    mask = np.uint64((1 << bits) - 1)
    compared = 0
    for streak in STREAKS:
        steps = [tuple(pairs if streak == 1 else rng.permutation(pairs, axis=1)) for _ in range(streak)]
        expected = np.sum([x * y for x, y in steps], axis=0).astype(np.uint64) & mask
        found = drive(lanes, steps) & mask
        compared += len(found)
        (where,) = np.nonzero(found != expected)
        if len(where):
            terms = " + ".join(f"{x[where[0]]} * {y[where[0]]}" for x, y in steps)
            return compared, len(where), f"{terms} is {expected[where[0]]}, not {found[where[0]]} (seed {seed})"
    return compared, 0, ""


def _pairs(x: Integers, y: Integers) -> Integers:
    return np.stack([each.ravel() for each in np.meshgrid(x, y)])


def check_all_pairs(
    netlist: Netlist, a: OperandFormat, b: OperandFormat, bits: int, drive: Drive, seed: int = 1
) -> int:
    """Fail where a sum differs; gives the number of sums compared. See :func:`differences`."""
    compared, wrong, example = differences(netlist, a, b, bits, drive, seed)
    assert not wrong, f"{wrong} of {compared} sums are wrong: {example}"
    return compared


def mutants(netlist: Netlist) -> list[tuple[int, str]]:
    """A netlist's gates, each turned into another kind. Of the ORs many are exclusive by what can occur: no XORs."""
    return [(i, kind) for i, kind in netlist.mutants() if (netlist.gates[i].kind, kind) != ("OR", "XOR")]


def missed_mutants(
    netlist: Netlist,
    a: OperandFormat,
    b: OperandFormat,
    bits: int,
    drive: Drive,
    *,
    count: int,
    sample: int = 2048,
    refusals: tuple[type[Exception], ...] = (),
) -> list[str]:
    """Those of ``count`` mutants at random that make no difference; ``refusals`` of ``drive`` make one as well."""
    missed = []
    for i, kind in random.Random(7).sample(mutants(netlist), count):
        try:
            _, wrong, _ = differences(netlist.mutated(i, kind), a, b, bits, drive, sample=sample)
        except refusals:
            continue
        if not wrong:
            missed.append(f"{netlist.gates[i]} as {kind}")
    return missed

"""The recoders' gates over all operands of every format."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gen.nest.encoders import DIGIT_BITS, encode
from hdl.arith.encoding import ENCODINGS, Recoder
from hdl.params import ENCODERS, OperandFormat
from tests.hdl.digits import unpack, value
from tests.hdl.lanes import Lanes, Netlist, netlists

FORMATS = [OperandFormat(width, signed) for width in range(2, 17) for signed in (True, False)]
RECODERS = {(encoder, operand): Recoder(encoder, operand) for encoder in ENCODINGS for operand in FORMATS}
S8 = OperandFormat(8, signed=True)
#: Mean digits that are not zero of an 8-bit operand: uniform, then normal with these standard deviations.
SIGMAS = (None, 10, 20, 30, 40, 50)
MEANS = {
    "booth": (3.000, 1.925, 2.294, 2.530, 2.673, 2.769),
    "ent": (2.918, 1.762, 2.115, 2.335, 2.490, 2.605),
    "naf": (2.777, 1.731, 2.063, 2.259, 2.397, 2.500),
    "sign_magnitude": (3.504, 1.890, 2.344, 2.619, 2.815, 2.968),
}

Integers = NDArray[np.int64]


@pytest.fixture(scope="module")
def gates() -> dict[tuple[str, OperandFormat], Netlist]:
    return netlists(RECODERS)


def operands(operand: OperandFormat) -> Integers:
    return np.arange(operand.min, operand.max + 1)


def digits(netlist: Netlist, recoder: Recoder) -> Integers:
    """The digits of all operands, in ascending order."""
    lanes = Lanes(netlist, 1 << recoder.encoding.operand.width)
    lanes.set(value=operands(recoder.encoding.operand))
    return unpack(recoder.encoding, lanes.get("digits").astype(np.int64))


def test_all_encoders_are_built() -> None:
    assert tuple(ENCODINGS) == ENCODERS
    assert len(RECODERS) == len(ENCODERS) * 15 * 2


@pytest.mark.parametrize("operand", FORMATS, ids=str)
@pytest.mark.parametrize("encoder", ENCODINGS)
def test_digits_are_the_operand(encoder: str, operand: OperandFormat, gates) -> None:
    recoder = RECODERS[encoder, operand]
    found = digits(gates[encoder, operand], recoder)
    assert (value(recoder.encoding, found) == operands(operand)).all()
    assert (found == encode(operands(operand), encoder, operand)).all()
    assert found.shape == (1 << operand.width, recoder.encoding.digits)
    assert recoder.encoding.digits == (
        operand.width if DIGIT_BITS[encoder] == 1 else -(-(operand.width + (not operand.signed)) // 2)
    )


@pytest.mark.parametrize("operand", FORMATS, ids=str)
@pytest.mark.parametrize("encoder", ENCODINGS)
def test_no_wire_is_idle(encoder: str, operand: OperandFormat, gates) -> None:
    """A digit that never takes a value has no wire for it."""
    lanes = Lanes(gates[encoder, operand], 1 << operand.width)
    lanes.set(value=operands(operand))
    wires = lanes.get("digits")
    ever, always = np.bitwise_or.reduce(wires), np.bitwise_and.reduce(wires)
    assert ever == (1 << RECODERS[encoder, operand].encoding.bits) - 1
    assert always == 0


@pytest.mark.parametrize("operand", FORMATS, ids=str)
def test_digits_of_ent_have_the_sign_of_the_operand(operand: OperandFormat, gates) -> None:
    """Relative to it they are the digits -1, 0, 1 and 2 of the magnitude."""
    sign = np.where(operands(operand) < 0, -1, 1)
    found = digits(gates["ent", operand], RECODERS["ent", operand]) * sign[:, None]
    assert set(np.unique(found)) <= {-1, 0, 1, 2}


@pytest.mark.parametrize("operand", FORMATS, ids=str)
def test_sign_magnitude_has_the_bits_of_the_magnitude(operand: OperandFormat, gates) -> None:
    """Each is zero or has the sign of the operand, the highest digit of the least value, too."""
    found = digits(gates["sign_magnitude", operand], RECODERS["sign_magnitude", operand])
    bits = abs(operands(operand))[:, None] >> np.arange(operand.width) & 1
    assert (found == np.sign(operands(operand))[:, None] * bits).all()


def fewest(limit: int) -> Integers:
    """The fewest powers of two that add up to each of 0 to ``limit``, added or subtracted."""
    count = np.zeros(limit + 2, dtype=np.int64)
    for n in range(1, limit + 1):
        count[n] = count[n // 2] if n % 2 == 0 else 1 if n == 1 else 1 + min(count[n // 2], count[n // 2 + 1])
    return count


@pytest.mark.parametrize("operand", FORMATS, ids=str)
def test_naf_is_not_adjacent_and_has_the_fewest_digits(operand: OperandFormat, gates) -> None:
    found = abs(digits(gates["naf", operand], RECODERS["naf", operand]))
    adjacent = (found[:, :-1] == 2) & (found[:, 1:] == 1)  # 2 is the upper bit of its pair, 1 the lower one
    assert not adjacent.any()
    assert ((found != 0).sum(axis=1) == fewest(1 << operand.width)[abs(operands(operand))]).all()


def chances(sigma: float | None) -> NDArray[np.float64]:
    """How probable each 8-bit operand is: all alike, or normal values, rounded, those outside drawn anew."""
    if sigma is None:
        return np.full(256, 1 / 256)

    def below(x: float) -> float:
        return math.erf(x / sigma / math.sqrt(2)) / 2

    weights = np.array([below(min(x + 0.5, 127)) - below(max(x - 0.5, -128)) for x in operands(S8)])
    return weights / weights.sum()


@pytest.mark.parametrize("encoder", MEANS)
def test_mean_digits(encoder: str, gates) -> None:
    """The exact figures, from the digits of the hardware."""
    count = (digits(gates[encoder, S8], RECODERS[encoder, S8]) != 0).sum(axis=1)
    assert tuple(round(float(chances(sigma) @ count), 3) for sigma in SIGMAS) == MEANS[encoder]


def test_mean_bits(gates) -> None:
    count = (digits(gates["bit_serial", S8], RECODERS["bit_serial", S8]) != 0).sum(axis=1)
    assert count.mean() == 4.0


@pytest.mark.parametrize(
    ("encoder", "operand"),
    [
        *itertools.product(MEANS, (S8, OperandFormat(5, signed=True))),
        *((encoder, OperandFormat(7, signed=False)) for encoder in ("booth", "ent", "naf")),
    ],
    ids=str,
)
def test_every_broken_gate_is_found(encoder: str, operand: OperandFormat, gates) -> None:
    """A gate of another kind gives a malformed digit or a wrong value for some operand, wherever it changes a wire."""
    recoder, netlist = RECODERS[encoder, operand], gates[encoder, operand]
    right = digits(netlist, recoder)
    same = 0
    for index, kind in netlist.mutants():
        try:
            found = digits(netlist.mutated(index, kind), recoder)
        except AssertionError:
            continue
        if (value(recoder.encoding, found) == operands(operand)).all():
            assert (found == right).all(), f"{netlist.gates[index]} as {kind}"
            same += 1  # such as an OR whose inputs are never both set
    assert len(netlist.mutants()) >= 20
    assert same <= len(netlist.mutants()) // 4

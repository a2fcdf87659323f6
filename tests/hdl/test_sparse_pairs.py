"""PEs that skip zeros over all pairs of 8-bit operands, plane by plane, and with gates that are broken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gen.nest.encoders import DIGIT_BITS, encode
from hdl.params import EngineParams
from hdl.sparse.opt3 import Opt3PE
from hdl.sparse.opt4 import Opt4PE
from hdl.sparse.plane import PlaneSum
from tests.hdl.lanes import Lanes, Netlist, netlists
from tests.hdl.pairs import STREAKS, Drive, Steps, check_all_pairs, missed_mutants

PES: dict[str, dict[str, Any]] = {
    "opt3": {"array": "matrix_2d", "scheme": "opt3", "encoder": "booth"},
    "opt3-systolic": {"array": "systolic_os", "scheme": "opt3", "encoder": "ent", "a": "u8", "carry_every": 1},
    "opt4c": {"array": "matrix_2d", "scheme": "opt4c", "encoder": "ent"},
    "opt4c-systolic": {"array": "systolic_os", "scheme": "opt4c", "encoder": "naf", "b": "u8", "carry_every": 4},
    "opt4c-bits": {"array": "matrix_2d", "scheme": "opt4c", "encoder": "bit_serial", "carry_every": 8},
    "opt4c-magnitude": {"array": "matrix_2d", "scheme": "opt4c", "encoder": "sign_magnitude"},
    "opt4e": {"array": "matrix_2d", "scheme": "opt4e", "encoder": "naf"},
    "opt4e-systolic": {"array": "systolic_os", "scheme": "opt4e", "encoder": "booth", "a": "u8", "b": "u8"},
}
BITS = 24
Integers = NDArray[np.int64]


def params(name: str) -> EngineParams:
    return EngineParams.from_dict({"accumulator": BITS, "segment": 32, **PES[name]})


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({name: (Opt3PE if "opt3" in name else Opt4PE)(params(name)) for name in PES})


class Planes:
    """What a PE is to do in each plane, and what its sums are worth."""

    def __init__(self, engine: EngineParams) -> None:
        self.engine = engine
        self.sum = PlaneSum(engine)
        self.columns = [*range(self.sum.width), *self.sum.carries]
        self.total = np.zeros(0)

    def digits(self, a: Integers) -> Integers:
        """Digits of operands, in a new last axis."""
        return encode(a, self.engine.encoder, self.engine.a)

    def value(self, lanes: Lanes, plane: int, steps: Integers) -> NDArray[np.uint64]:
        """The finished sum of a plane after so many steps, shifted by its weight."""
        found = lanes.get("acc", self.columns).astype(np.int64) - steps * self.sum.excess
        half = 1 << (self.sum.width - 1)
        signed = (found + half) % (2 * half) - half
        return (signed << DIGIT_BITS[self.engine.encoder] * plane).astype(np.uint64)


def code(digits: list[Integers]) -> Integers:
    """``two`` and ``neg`` of each lane."""
    word = np.zeros(len(digits[0]), dtype=np.int64)
    for lane, digit in enumerate(digits):
        word |= ((abs(digit) == 2) | (digit < 0) << 1).astype(np.int64) << (2 * lane)
    return word


def opt4(engine: EngineParams) -> Drive:
    """Steps go to the lanes in turn; their order changes from plane to plane."""
    planes, count = Planes(engine), engine.k_step
    systolic = engine.array == "systolic_os"

    def drive(lanes: Lanes, steps: Steps) -> NDArray[np.uint64]:
        encoded = [(planes.digits(a), b % (1 << engine.b.width)) for a, b in steps]
        zeros = np.zeros(lanes.lanes, dtype=np.int64)
        total = np.zeros(lanes.lanes, dtype=np.uint64)
        for plane in range(encoded[0][0].shape[-1]):
            done = zeros
            for first in range(0, len(encoded), count):
                chunk = encoded[first : first + count]
                digits, operands = [zeros] * count, zeros
                for i, (digit, b) in enumerate(chunk):
                    lane = (i + plane) % count
                    digits[lane] = digit[:, plane]
                    operands = operands | b << (lane * engine.b.width)
                valid = sum((digit != 0).astype(np.int64) << lane for lane, digit in enumerate(digits))
                clear = int(first == 0)
                busy = (valid != 0) | clear
                action = busy | clear << 1 | code(digits) << 2
                if systolic:
                    lanes.set(pick_in=action | valid << 2 + 2 * count, b_in=operands)
                    lanes.step()
                else:
                    lanes.set(action=0, load=busy, valid=valid, b_in=operands)
                    lanes.step()
                    lanes.set(action=action, load=0, b_in=~operands)
                    lanes.step()
                done = done + busy
            if systolic:
                lanes.set(pick_in=0, b_in=0)
                lanes.step()
            total += planes.value(lanes, plane, done)
        return total

    return drive


def opt3(engine: EngineParams) -> Drive:
    """Steps come in groups; each copy picks its own digits, and gets their operands."""
    planes, group = Planes(engine), engine.group

    def cycle(lanes: Lanes, load: Integers | int, operands: list[Integers]) -> Integers:
        """A clock cycle; gives where a step was done."""
        lanes.set(load_in=load)
        place = lanes.get("index").astype(np.int64) % group
        lanes.set(b_in=np.choose(place, operands))
        busy = lanes.get("step").astype(np.int64)
        lanes.step()
        return busy

    def drive(lanes: Lanes, steps: Steps) -> NDArray[np.uint64]:
        lanes.set(rst=1, load_in=0)
        lanes.step()
        lanes.set(rst=0)
        encoded = [(planes.digits(a), b % (1 << engine.b.width)) for a, b in steps]
        zeros = np.zeros(lanes.lanes, dtype=np.int64)
        total = np.zeros(lanes.lanes, dtype=np.uint64)
        operands = [zeros] * group
        cycle(lanes, 1, operands)  # a row begins the first sums as it does all others
        done = cycle(lanes, 0, operands)
        for plane in range(encoded[0][0].shape[-1]):
            for first in range(0, len(encoded), group):
                chunk = encoded[first : first + group]
                digits = [digit[:, plane] for digit, _ in chunk] + [zeros] * (group - len(chunk))
                operands = [b for _, b in chunk] + [zeros] * (group - len(chunk))
                word, picks = zeros + 2, zeros
                for i, digit in enumerate(digits):
                    for field, bit in enumerate((digit != 0, abs(digit) == 2, digit < 0)):
                        word = word | bit.astype(np.int64) << (2 + field * group + i)
                for load in (word, *[0] * (group + 1)):
                    picks = picks + lanes.get("picks")
                    done = done + cycle(lanes, load, operands)
                assert lanes.get("last").all()
                assert (picks == sum(digit != 0 for digit in digits)).all()
            cycle(lanes, 1, operands)
            began = cycle(lanes, 0, operands)
            assert began.all()
            assert lanes.get("clear").all()
            total += planes.value(lanes, plane, done)
            done = began
        return total

    return drive


def driver(engine: EngineParams) -> Drive:
    return opt3(engine) if engine.scheme == "opt3" else opt4(engine)


@pytest.mark.parametrize("name", PES)
def test_all_pairs(name: str, gates: dict[str, Netlist]) -> None:
    engine = params(name)
    assert check_all_pairs(gates[name], engine.a, engine.b, BITS, driver(engine)) == len(STREAKS) * 65_536


@pytest.mark.parametrize("name", ["opt3", "opt4c", "opt4c-systolic", "opt4e"])
def test_a_broken_gate_is_found(name: str, gates: dict[str, Netlist]) -> None:
    """Gates at random, each turned into another kind."""
    engine = params(name)
    drive, found = driver(engine), (AssertionError,)
    missed = missed_mutants(gates[name], engine.a, engine.b, BITS, drive, count=30, sample=1024, refusals=found)
    assert len(missed) <= 2, missed

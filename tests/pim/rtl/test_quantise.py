"""VQUANT, WR_BYTE and SOFTMUL on the hardware: every number, scales, bytes; and mistakes that are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest

from gen.pim.program import Program
from hdl.params.pim import FAULTS, Instruction, PimParams, instruction
from sim_tb.golden.pim import Machine, device, machine, quantise
from sim_tb.pim import check_log
from sim_tb.pim.bench.programs import random_elements
from sim_tb.pim.bench.system import Result, run_system
from tests.pim.machines import ALL_AT_ONCE, TINY, WIDE_INT8
from tests.pim.rtl.test_system import compare, moves
from tests.pim.simulate.compare import same, simulated

pytestmark = pytest.mark.sim

SYSTEMS = {"all at once": ALL_AT_ONCE, "wide int8": WIDE_INT8}
#: Of so many numbers one is tried.
EVERY = {ALL_AT_ONCE: 1, WIDE_INT8: 3}
#: Beside 127.5, whose scale is 1: all numbers from 2^-3 to 127.5, whose integers are 0 to 127.
NUMBERS = np.arange(124 << 7, 134 << 7, dtype=np.uint16)
#: The greatest of a vector: one of each exponent, and what has none, of both signs.
GREATEST = np.array([*range(0x0055, 0x8000, 0x100), *range(0x80AB, 0x10000, 0x100)], np.uint16)
GREATEST = np.concatenate([[0x7FFF, 0xFF80, 0x8000, 0x0000, 0x007F, 0x0080, 0x03FF], GREATEST]).astype(np.uint16)
#: Words at the end of SRAM that nothing is written to.
REST = 60


def chosen(params: PimParams) -> tuple[np.ndarray, np.ndarray]:
    """The numbers and the greatest ones that are tried on a system."""
    return np.concatenate([NUMBERS, NUMBERS | 0x8000])[:: EVERY[params]], GREATEST[:: EVERY[params]]


def content(params: PimParams) -> np.ndarray:
    """SRAM: the numbers, then a vector of 5 for each greatest one, then anything, and numbers."""
    rng, (numbers, most) = np.random.default_rng(5), chosen(params)
    found = rng.integers(0, 1 << 16, (params.sram_words, params.lanes)).astype(np.uint16)
    numbers = np.concatenate([numbers, [0x42FF] * (-len(numbers) % params.lanes)])
    groups = rng.integers(0, 1 << 16, (len(most), 5)).astype(np.uint16)
    # No magnitude above the greatest one's.
    groups = (groups & 0x8000) | np.minimum(groups & 0x7FFF, np.maximum(most & 0x7FFF, 1)[:, None])
    groups[:, 3] = most
    size, first = -(-5 // params.lanes), len(numbers) // params.lanes
    found[:first] = rng.permutation(numbers).reshape(first, -1)
    padded = np.zeros((len(most), size * params.lanes), np.uint16)
    padded[:, :5] = groups
    found[first : first + size * len(most)] = padded.reshape(-1, params.lanes)
    found[-REST:] = random_elements(rng, (REST, params.lanes))
    return found


def program(params: PimParams) -> list[Instruction]:
    """All numbers at once; a loop over the greatest ones; vectors of every length about two beats; slots of bytes."""
    lanes, (numbers, most), everyone = params.lanes, chosen(params), (1 << params.channels) - 1
    many, rest = len(numbers), params.sram_words - REST
    first, size = -(-many // lanes), -(-5 // lanes)
    free = first + size * len(most)
    code = [instruction("VQUANT", a=0, scale=free, d=0, n=many)]
    step = -(-5 // (2 * lanes)) + 1
    code += [
        instruction("LOOP", n=len(most), a=size, b=step, d=step),
        instruction("VQUANT", a=first, scale=free + 1, d=free + 2, n=5, advance=0b1110),
        instruction("ENDL"),
    ]
    for n in range(1, 4 * params.vector_lanes + 2):
        # The scale at the end of the source, or behind the integers; and who reads the scale at once.
        scale = 8 + -(-n // lanes) - 1 if n % 2 else 40 + -(-n // (2 * lanes))
        code += [
            instruction("VMOV", a=rest + n, d=8, n=n),
            instruction("VQUANT", a=8, scale=scale, d=8 if n % 3 == 0 and n % 2 == 0 else 40, n=n),
            instruction("VADD", a=scale, b=scale, d=50, n=1),
            instruction("WR_SB", mask=1, bank=1, row=1, col=n % params.row_cols, n=1, a=40),
        ]
        # Its weights are there, in its own place, or what was read just before.
        place = (60, 40)[n % 2]
        code += [
            instruction("VSCALE", imm=0x3DCD, a=rest + n, d=60, n=n),
            instruction("SOFTMUL", imm=0x3F4D, a=60, b=(rest, 60, 40)[n % 3], d=place, n=n),
            instruction("WR_SB", mask=1, bank=1, row=3, col=n % params.row_cols, n=1, a=place),
        ]
    units = params.units
    code.append(instruction("VQUANT", a=rest, scale=58, d=8, n=9 * units))
    for slot in range(9):
        word, half = divmod(slot * params.slot_words, 2)
        mask, byte = everyone if slot % 3 else 1 << slot % params.channels, slot % (2 * lanes)
        code.append(instruction("WR_BYTE", mask=mask, row=2, col=slot % 7, byte=byte, a=8 + word, half=half))
    return code


class Ran(NamedTuple):
    """A program on the hardware."""

    params: PimParams
    words: list[int]
    starts: list[int]
    result: Result

    def before(self) -> Machine:
        found = Machine(self.params)
        found.send(content(self.params))
        return found

    def after(self) -> Machine:
        found = self.before()
        for first in self.starts:
            assert found.run(self.words, first).fault is None
        return found


def run(params: PimParams, code: Sequence[Instruction], **settings: int) -> Ran:
    load, dump = moves(params)
    words = [*load, *Program.of(params, [*code, instruction("HALT")]).words, *dump]
    starts = [0, len(load), len(words) - len(dump)]
    unrun = Ran(params, words, starts, None)  # type: ignore[arg-type]
    return unrun._replace(result=run_system(params, words, starts, machine=unrun.before(), **settings))


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    return {name: run(params, program(params)) for name, params in SYSTEMS.items()}


@pytest.mark.parametrize("name", SYSTEMS)
def test_everything(ran, name):
    """Bit for bit what the golden model leaves, by the rules of time, and in the clocks of the simulator."""
    found = ran[name]
    golden = found.after()
    assert compare(found.result, golden, found.params) > 4 * found.params.sram_words
    assert found.result.violations == []
    assert check_log(found.params, found.result.log, found.result.cycles) == []
    own = simulated(found.params, found.words, found.starts, found.before(), golden)
    assert same(found.result, own) > 50


def upper_first(integers):
    return right_packed(integers).byteswap()


def truncated(a):
    scale = right_quantised(a)[1]
    values = quantise.widen(a).astype(np.float64) / float(quantise.widen(np.array([scale], np.uint16))[0])
    return np.clip(np.trunc(np.nan_to_num(values)), -127, 127).astype(np.int8), scale


def away(a):
    """Halves away from zero."""
    scale = right_quantised(a)[1]
    values = quantise.widen(a).astype(np.float64) / float(quantise.widen(np.array([scale], np.uint16))[0])
    values = np.nan_to_num(values, posinf=0, neginf=0)
    return np.clip(np.sign(values) * np.floor(np.abs(values) + 0.5), -127, 127).astype(np.int8), scale


def rounded_shares(a, factor, lanes, weights=None):
    """Shares are rounded before they meet their weights."""
    shares = right_softmax(a, factor, lanes)
    return shares if weights is None else machine.vector.rounded(machine.vector.BINARY["VMUL"], shares, weights)


right_packed, right_quantised, right_softmax = quantise.packed, quantise.quantised, machine.vector.softmax
#: What is replaced, and by what; ``None`` in place of a function stands for a constant.
MISTAKES = {
    "upper byte first": ("packed", upper_first),
    "towards zero": ("quantised", truncated),
    "halves away from zero": ("quantised", away),
    "no signs": ("quantised", lambda a: (np.abs(right_quantised(a)[0]), right_quantised(a)[1])),
    "-128": ("MOST", 128),
    "up to 126": ("MOST", 126),
    "least scale": ("LEAST", -125),
    "infinite scale": ("NAN", 0x7F80),
    "NaN in its own way": ("NAN", 0x7FFF),
    "rounded shares": ("softmax", rounded_shares),
    "shares without weights": ("softmax", lambda a, factor, lanes, weights=None: right_softmax(a, factor, lanes)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_of_the_arithmetic(ran, monkeypatch, mistake):
    """A golden model that did one thing otherwise differs from the hardware."""
    name, other = MISTAKES[mistake]
    users = [each for each in (quantise, machine.vector) if hasattr(each, name)]
    assert users
    for each in users:
        monkeypatch.setattr(each, name, other)
    if mistake == "-128":  # the numbers of int8 go on to the other side
        monkeypatch.setattr(quantise.np, "clip", lambda x, low, high: np.where(x > 127, 127, np.maximum(x, low)))
    with pytest.raises(AssertionError):
        compare(ran["all at once"].result, ran["all at once"].after(), ALL_AT_ONCE)


def other_byte(self, channel, column, byte, values):
    right_byte(self, channel, column, byte ^ 1, values)


right_byte, right_bytes = device.Device.write_byte, machine.Machine._bytes


@pytest.mark.parametrize("name", SYSTEMS)
def test_mistakes_of_bytes(ran, monkeypatch, name):
    """The other byte of a lane; the other half of a word; the byte of another bank."""
    found = ran[name]
    with monkeypatch.context() as patch:
        patch.setattr(device.Device, "write_byte", other_byte)
        with pytest.raises(AssertionError):
            compare(found.result, found.after(), found.params)
    for other in (
        lambda self, one, channel: right_bytes(self, one, channel)[::-1],
        lambda self, one, channel: right_bytes(self, one, (channel + 1) % found.params.channels),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(machine.Machine, "_bytes", other)
            with pytest.raises(AssertionError):
                compare(found.result, found.after(), found.params)


ILLEGAL = [
    ({"name": "VQUANT", "a": 0, "scale": 100, "d": 1, "n": 8}, "OVERLAP"),
    ({"name": "VQUANT", "a": 0, "scale": 101, "d": 100, "n": 16}, "OVERLAP"),
    ({"name": "VQUANT", "a": 0, "scale": 102, "d": 100, "n": 16}, ""),
    ({"name": "VQUANT", "a": 0, "scale": 1, "d": 100, "n": 16}, ""),
    ({"name": "VQUANT", "a": 0, "scale": 2047, "d": 2046, "n": 8}, ""),
    ({"name": "VQUANT", "a": 0, "scale": 2048, "d": 100, "n": 8}, "SRAM"),
    ({"name": "VQUANT", "a": 0, "scale": 0, "d": 2047, "n": 9}, "SRAM"),
    ({"name": "VQUANT", "a": 2047, "scale": 0, "d": 2047, "n": 4}, ""),
    ({"name": "VQUANT", "a": 0, "scale": 0, "d": 8, "n": 0}, "OPERAND"),
    ({"name": "WR_BYTE", "mask": 3, "row": 0, "byte": 8, "a": 0}, "OPERAND"),
    ({"name": "WR_BYTE", "mask": 3, "row": 0, "byte": 7, "a": 0, "half": 2}, "OPERAND"),
    ({"name": "WR_BYTE", "mask": 3, "row": 0, "byte": 7, "a": 2047, "half": 1}, "SRAM"),
    ({"name": "WR_BYTE", "mask": 3, "row": 0, "byte": 7, "a": 2047}, ""),
    ({"name": "WR_BYTE", "mask": 4, "row": 0, "byte": 7, "a": 0}, "MASK"),
    ({"name": "WR_BYTE", "mask": 1, "row": 64, "byte": 7, "a": 0}, "ROW"),
]


@pytest.mark.parametrize("params", [ALL_AT_ONCE, TINY], ids=["all at once", "tiny"])
def test_faults(params):
    """The hardware's, the golden model's and the simulator's, in the same clock."""
    cases = [(one, fault if params.int8 else "OPCODE") for one, fault in ILLEGAL]
    words: list[int] = []
    starts = []
    for values, _ in cases:
        starts.append(len(words))
        words += Program.of(params, [instruction(**values), instruction("HALT")]).words
    before = Machine(params)
    result = run_system(params, words, starts, machine=before)
    golden = Machine(params)
    outcomes = [golden.run(words, first) for first in starts]
    faults = [FAULTS[name].code if name else 0 for _, name in cases]
    assert [run.error for run in result.runs] == faults
    assert [outcome.fault.code if outcome.fault else 0 for outcome in outcomes] == faults
    same(result, simulated(params, words, starts, before, Machine(params)))

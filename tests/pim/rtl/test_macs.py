"""MAC units beyond PIM-GPT's on the hardware: directed programs, and mistakes that the comparison must find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import Const, Mux, Value
from amaranth.lib.data import View

from gen.pim.assemble import assemble
from gen.pim.program import Program
from hdl.params.pim import FAULTS, Instruction, PimParams, decode
from hdl.pim.channel.sequencer import Sequencer
from sim_tb.golden.pim import Machine, device
from sim_tb.pim import check_log
from sim_tb.pim.bench import sequencers
from sim_tb.pim.bench.programs import unrolled
from sim_tb.pim.bench.system import Result, run_system
from tests.pim.machines import ALL_AT_ONCE as PARAMS
from tests.pim.machines import TINY
from tests.pim.rtl.test_sequencer import mixed
from tests.pim.rtl.test_system import compare, loaded, moves
from tests.pim.rtl.work import done, expected, overlapped
from tests.pim.simulate.compare import same, simulated

pytestmark = pytest.mark.sim

#: Everything that several accumulators, vectors and buffers, and int8 are good for, with operands that differ.
TEXT = """
        wr_gb    a=0, n=8
        wr_gb    a=8, n=8, gb=8
        wr_gb    a=16, n=8, gb=16
        wr_bias  a=40, n=4, stride=3
        mac_ab   row=0, col=5, n=6, gb=2, acc=1, vectors=2
        mac_ab   row=2, col=1, n=4, gb=8, acc=0, vectors=2, int8
        rd_mac   d=100, acc=0, n=3, stride=5, accumulate
        wr_bias  zero, acc=2, n=2, mask=CH1
        rd_mac   d=120, acc=2, n=2, accumulate
        mac_ab   row=3, n=2, gb=17, acc=3, int8, mask=CH0
        scale_ab row=1, col=6, lane=3, acc=0, to=2, n=2
        rd_mac   d=130, acc=2, n=2
        wr_bias  a=60, n=2
        vmm      row=4, n=10, slots=2, a=0, b=60, d=140
i:      loop     n=3, a=8, d=4
          mac_ab   row=5, n=2, gb=0@i, acc=2, vectors=2
          rd_mac   d=160@i, acc=2, n=2
        endl     i
        rd_mac   d=180, acc=1
        halt
"""


@pytest.fixture(scope="module")
def ran() -> tuple[Program, list[int], list[int], Result]:
    load, dump = moves(PARAMS)
    program = assemble(TEXT, system=PARAMS)
    words = [*load, *program.words, *dump]
    starts = [0, len(load), len(words) - len(dump)]
    return program, words, starts, run_system(PARAMS, words, starts, machine=start())


def start() -> Machine:
    return loaded(PARAMS, np.random.default_rng(41), 0)


def after(words: list[int], starts: list[int]) -> Machine:
    """The golden machine after programs."""
    found = start()
    for first in starts:
        assert found.run(words, first).fault is None
    return found


def test_a_directed_program(ran):
    """What it leaves, its commands by the rules and one by one, and its clocks in the simulator."""
    program, words, starts, result = ran
    golden = after(words, starts)
    assert compare(result, golden, PARAMS) > 4 * PARAMS.sram_words
    assert result.violations == []
    assert check_log(PARAMS, result.log, result.cycles) == []
    code = list(unrolled(PARAMS, [one for one in program.instructions if one is not None]))
    for channel in range(PARAMS.channels):
        log = [entry for entry in result.log if entry.channel == channel]
        assert overlapped(done(PARAMS, log)) == overlapped(expected(PARAMS, code, channel))
    assert same(result, simulated(PARAMS, words, starts, start(), golden)) > 100


def mistaken(words: list[int]) -> Iterator[tuple[str, list[int]]]:
    """Programs of which one instruction has lost one of its new operands, or its flag."""
    plain = {"acc": 0, "vectors": 1, "stride": 0, "n": 1, "to": 1}
    for index, word in enumerate(words):
        one = decode(word)
        if one.op.unit != "pim" or one.op.name in ("WR_GB", "VMM"):
            continue
        for key, value in plain.items():
            if key in one.values and one[key] != value and not (one.op.name == "MAC_AB" and key == "n"):
                values = {**one.values, key: value}
                yield f"{one}: {key}", [*words[:index], _word(one, values, one.flags), *words[index + 1 :]]
        if "int8" in one.flags:
            other = _word(one, dict(one.values), one.flags - {"int8"})
            yield f"{one}: int8", [*words[:index], other, *words[index + 1 :]]


def _word(one: Instruction, values: dict[str, int], flags: frozenset[str]) -> int:
    return Program.of(PARAMS, [replace(one, values=values, flags=flags)]).words[0]


def test_every_operand_matters(ran):
    """Hardware that missed one operand of one instruction would leave something else."""
    _, words, starts, result = ran
    tried = 0
    for what, other in mistaken(words):
        golden = start()
        if any(golden.run(other, first).fault for first in starts):
            continue
        with pytest.raises(AssertionError):
            compare(result, golden, PARAMS)
        print(what)
        tried += 1
    assert tried >= 12


def unsigned(weights: device.Elements) -> np.ndarray:
    """Columns of int8 as if they had no sign."""
    return np.stack([weights & 0xFF, weights >> 8], axis=-1).reshape(*weights.shape[:-1], -1).astype(np.float32)


def upper_first(weights: device.Elements) -> np.ndarray:
    """The upper byte of each number first."""
    return np.stack([weights >> 8, weights & 0xFF], -1).astype(np.uint8).view(np.int8).reshape(
        *weights.shape[:-1], -1
    ).astype(np.float32)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("_bytes", unsigned),
        ("_bytes", upper_first),
        ("Device.clear", lambda self, channel, accumulator=0: None),
        ("Device.scale", lambda self, channels, column, lane, accumulator, to: None),
    ],
)
def test_mistakes_of_the_arithmetic(ran, monkeypatch, name, other):
    _, words, starts, result = ran
    monkeypatch.setattr(f"sim_tb.golden.pim.device.{name}", other)
    with pytest.raises(AssertionError):
        compare(result, after(words, starts), PARAMS)


def test_a_vector_with_the_buffer_of_another(ran, monkeypatch):
    _, words, starts, result = ran
    right = device.Device.multiply_accumulate

    def wrong(self, channels, column, count, buffer, accumulator=0, *, int8=False):
        right(self, channels, column, count, buffer % PARAMS.gb_words, accumulator, int8=int8)

    monkeypatch.setattr(device.Device, "multiply_accumulate", wrong)
    with pytest.raises(AssertionError):
        compare(result, after(words, starts), PARAMS)


# --- the sequencer with a mistake in it ------------------------------------------------------------------------------
def numbered(name: str, wrong: Callable[[Value], Value]) -> type[Sequencer]:
    """A sequencer which sends something else as one of its numbers."""

    class Mistaken(Sequencer):
        def _number(self, which: str) -> Value:
            right = super()._number(which)
            return wrong(right)[: len(right)] if which == name else right

    return Mistaken


class EveryAccumulator(Sequencer):
    """Scales once for each accumulator."""

    def _times(self, new: View) -> Value:
        scales = new.kind == len(self.kinds) - 1
        return Mux(scales, new.count, super()._times(new))


MISTAKES: dict[str, type[Sequencer]] = {
    "none": Sequencer,
    "accumulator": numbered("acc", lambda right: right ^ 1),
    "vectors": numbered("vectors", lambda right: Const(0, len(right))),
    "int8": numbered("int8", lambda right: Const(0, 1)),
    "to": numbered("to", lambda right: Const(0, len(right))),
    "scales": EveryAccumulator,
}


def test_mistakes_of_the_sequencer(monkeypatch):
    """Each shows in what the commands of random operations do."""
    tables = {name: replace(PARAMS.timing, clock_ps=900 + i) for i, name in enumerate(MISTAKES)}
    by_clock = {tables[name].clock_ps: kind for name, kind in MISTAKES.items()}
    monkeypatch.setattr(sequencers, "Sequencer", lambda params: by_clock[params.timing.clock_ps](params))
    code = mixed(PARAMS, np.random.default_rng(3), 400)
    logs = sequencers.run_sequencers(PARAMS, tables, sequencers.steps_of(PARAMS, code))
    right = overlapped(expected(PARAMS, code))
    assert {name: overlapped(done(PARAMS, log)) == right for name, log in logs.items()} == {
        name: name == "none" for name in MISTAKES
    }


# --- what is illegal -------------------------------------------------------------------------------------------------
ILLEGAL = [
    ("mac_ab row=0, n=1, acc=3, vectors=2", "OPERAND"),
    ("mac_ab row=0, n=1, vectors=3", "OPERAND"),
    ("mac_ab row=0, n=1, vectors=0", "OPERAND"),
    ("mac_ab row=0, n=3, gb=22, vectors=2", "BUFFER"),
    ("mac_ab row=0, n=2, gb=21, vectors=2, int8", "BUFFER"),
    ("mac_ab row=0, n=17, int8", "BUFFER"),
    ("wr_bias a=0, n=5", "OPERAND"),
    ("wr_bias a=0, n=0", "OPERAND"),
    ("wr_bias a=2000, n=4, stride=16", "SRAM"),
    ("wr_bias zero, n=3\nrd_mac d=0, n=4", "ACCUMULATOR"),
    ("wr_bias zero, n=4\nrd_mac d=2041, n=4", "SRAM"),
    ("wr_bias zero, n=4\nrd_mac d=0, acc=4", "OPERAND"),
    ("wr_bias zero\nscale_ab row=0, lane=0, to=1\nrd_mac d=0", "ACCUMULATOR"),
    ("scale_ab row=0, lane=0, to=1", "ACCUMULATOR"),
    ("wr_bias zero, n=2\nscale_ab row=0, lane=0, n=2, to=1", "OPERAND"),
    ("wr_bias zero, n=2\nscale_ab row=0, lane=0, n=2, to=3", "OPERAND"),
    ("wr_bias zero\nscale_ab row=0, lane=4, to=1", "OPERAND"),
    ("wr_bias zero\nscale_ab row=64, lane=0, to=1", "ROW"),
]
ELSEWHERE = [
    ("scale_ab row=0, lane=0, to=1", "OPCODE"),
    ("mac_ab row=0, n=1, acc=1", "OPERAND"),
    ("mac_ab row=0, n=1, vectors=2", "OPERAND"),
    ("mac_ab row=0, n=1, int8", "OPERAND"),
    ("wr_bias zero, n=2", "OPERAND"),
    ("wr_bias zero\nrd_mac d=0, acc=1", "OPERAND"),
]


@pytest.mark.parametrize(("params", "cases"), [(PARAMS, ILLEGAL), (TINY, ELSEWHERE)], ids=["all at once", "tiny"])
def test_faults(params: PimParams, cases: list[tuple[str, str]]):
    """The hardware's, the golden model's and the simulator's, in the same clock, and the same accumulators left."""
    words: list[int] = []
    starts = []
    for text, _ in [*cases, ("nop", "PROGRAM")]:
        starts.append(len(words))
        words += assemble(text, system=params, checked=False).words
    machine = Machine(params)
    result = run_system(params, words, starts, machine=machine)
    golden = Machine(params)
    outcomes = [golden.run(words, first) for first in starts]
    faults = [FAULTS[name].code for _, name in [*cases, ("nop", "PROGRAM")]]
    assert [run.error for run in result.runs] == faults
    assert [outcome.fault and outcome.fault.code for outcome in outcomes] == faults
    assert [run.pc for run in result.runs] == [outcome.pc for outcome in outcomes]
    same(result, simulated(params, words, starts, machine, Machine(params)))

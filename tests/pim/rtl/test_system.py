"""Programs on the controller's hardware: what they leave everywhere, bit for bit, and how they end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tests.pim.test_golden_programs as golden
from gen.pim.assemble import assemble
from gen.pim.program import Program
from hdl.params.pim import FAULTS, FIELDS, IllegalWord, PimParams, TimingTable, decode, encode, instruction
from hdl.pim.channel.channel import write_depth
from hdl.pim.channel.look_ahead import DEPTH
from sim_tb.golden.float import bits
from sim_tb.golden.pim import Machine
from sim_tb.pim import check_log
from sim_tb.pim.bench.programs import random_program, unrolled
from sim_tb.pim.bench.system import Result, run_system
from tests.pim.machines import MAC_SYSTEMS, SYSTEMS, TINY
from tests.pim.rtl.work import done, expected, overlapped

pytestmark = pytest.mark.sim

ALL = SYSTEMS | MAC_SYSTEMS
UNITS = ("control", "stream", "dram", "pim", "vector")


def moves(params: PimParams) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Programs that move all of SRAM in, and out."""
    load = assemble(f"in d=0, n={params.sram_words}\nhalt", system=params).words
    return load, assemble(f"out a=0, n={params.sram_words}\nhalt", system=params).words


LOAD, DUMP = moves(TINY)


def loaded(params: PimParams, rng: np.random.Generator, words: int) -> Machine:
    """A machine with something everywhere, and its SRAM's content in the input stream, before what programs take."""
    found = golden.start(params, rng, 0)
    found.send(found.sram)
    found.send(golden.start(params, rng, words).sram[:words])
    return found


def compare(result: Result, machine: Machine, params: PimParams) -> int:
    """Everything that is left; returns how many values were compared."""
    banks = np.zeros_like(result.banks)
    for (channel, row), content in machine.device.rows().items():
        banks[channel, row] = content.transpose(1, 0, 2)
    pairs = [
        (result.outputs, np.array(machine.outputs, np.uint16).reshape(-1, params.lanes)),
        (result.scalars, machine.scalars),
        (result.banks, banks),
        (result.buffers, machine.device.buffers),
        (result.accumulators, bits(machine.device.accumulators)),
        (np.array([tag for _, tag in result.marks]), np.array(machine.marks)),
    ]
    for found, right in pairs:
        assert found.shape == right.shape
        assert (found == right).all()
    return sum(right.size for _, right in pairs)


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in ALL for seed in range(12)])
def test_random_programs(name, seed):
    """Banks, global buffers, accumulators, SRAM, streams, marks; and the command logs by both checkers."""
    print(f"seed {seed}")
    rng, params = np.random.default_rng(seed), ALL[name]
    made = random_program(params, rng, 60, UNITS)
    machine = loaded(params, rng, made.input_words)
    load, dump = moves(params)
    words = [*load, *made.program.words, *dump]
    starts = [0, len(load), len(load) + len(made.program.words)]
    result = run_system(params, words, starts, machine=machine, stall=80 * (seed % 2), seed=seed + 1)
    for start, run in zip(starts, result.runs, strict=True):
        before = machine.interrupts
        outcome = machine.run(words, start)
        assert (run.error, run.pc, run.instructions) == (0, outcome.pc, outcome.instructions)
        assert run.interrupts == machine.interrupts - before
    assert compare(result, machine, params) > 4 * params.sram_words
    assert result.violations == []
    assert check_log(params, result.log, result.cycles) == []
    code = list(unrolled(params, [one for one in made.program.instructions if one is not None]))
    for channel in range(params.channels):
        found = done(params, [entry for entry in result.log if entry.channel == channel])
        right = expected(params, code, channel)
        if params.buffers > 1:
            assert overlapped(found) == overlapped(right)
        else:
            assert found == right


def scribbled(word: int, rng: np.random.Generator) -> int:
    """An instruction with ones and zeros at random in the bits that it doesn't use."""
    try:
        one = decode(word)
    except IllegalWord:
        return word
    unused = [bit for bit in range(FIELDS["opcode"].low) if decode(word ^ 1 << bit) == one]
    return word ^ sum(1 << bit for bit in unused if rng.integers(2))


@pytest.mark.parametrize("name", ALL)
def test_unused_bits_mean_nothing(name):
    """Every bit of a word that no operand or flag takes, of every instruction, a VMM with a long pitch among them."""
    print("seed 31")
    rng, params = np.random.default_rng(31), ALL[name]
    load, dump = moves(params)
    values = {"row": 0, "col": 0, "n": 2, "slots": 1, "a": 0, "d": 9}
    code = [encode(instruction("VMM", "zero", pitch=pitch, **values)) for pitch in (200, 300)]
    made = random_program(params, rng, 60, UNITS)
    words = [scribbled(word, rng) for word in (*load, *code, *made.program.words, *dump)]
    assert sum(one != other for one, other in zip(words[len(load) :], (*code, *made.program.words), strict=False)) > 40
    machine = loaded(params, rng, made.input_words)
    starts = [0, len(load), len(words) - len(dump)]
    result = run_system(params, words, starts, machine=machine)
    for start, run in zip(starts, result.runs, strict=True):
        outcome = machine.run(words, start)
        assert (run.error, run.pc, run.instructions) == (0, outcome.pc, outcome.instructions)
    assert compare(result, machine, params) > 4 * params.sram_words
    assert result.violations == []


def directed(text: str, inputs: int = 0) -> tuple[Result, Machine]:
    """A program between the loading of all of SRAM and its way out, here and on the golden model: the same is left.

    It takes ``inputs`` words from the input stream.
    """
    machine = loaded(TINY, np.random.default_rng(21), inputs)
    program = assemble(f"{text}\nhalt", system=TINY).words
    words = [*LOAD, *program, *DUMP]
    starts = [0, len(LOAD), len(LOAD) + len(program)]
    result = run_system(TINY, words, starts, machine=machine)
    outcomes = [machine.run(words, start) for start in starts]
    assert [run.error for run in result.runs] == [0, 0, 0]
    assert [outcome.fault for outcome in outcomes] == [None] * 3
    compare(result, machine, TINY)
    assert result.violations == []
    return result, machine


@pytest.mark.parametrize("channel", range(TINY.channels))
def test_long_writes_to_one_channel(channel):
    """Far more words than its queue holds, over many rows, while the other channel has nothing to do."""
    count = 12 * write_depth(TINY)
    text = f"wr_sb mask=CH{channel}, bank=1, row=20, col=3, n={count}, a=5"
    result, machine = directed(f"{text}\nrd_sb mask=CH{channel}, bank=1, row=20, col=3, n={count}, d=1000")
    assert (machine.sram[1000 : 1000 + count] == machine.sram[5 : 5 + count]).all()
    assert sum(entry.command == "WR_SB" for entry in result.log) == count


def test_columns_that_carry_in_nested_loops():
    """Columns of the inner and the outer loop run over the row's end, alone and together, twice in one address."""
    text = """
o:      loop    n=4, row=2, col=5, a=40
i:      loop    n=6, col=3, a=6
        wr_sb   mask=CH1, bank=2, row=4@o@i, col=7, n=2, a=0@o@i
        wr_sb   mask=CH0, bank=3, row=4@i, col=6, n=1, a=100@o@i
        wr_sb   mask=CH0, bank=1, row=4@o, col=6, n=1, a=200@o@i
        endl
        endl
    """
    result, _ = directed(text)
    assert sum(entry.command == "WR_SB" for entry in result.log) == 4 * 6 * (2 + 1 + 1)


def test_who_has_to_wait_to_write_writes_nothing():
    """Words from the host, the channels and the vector unit want the same banks of the SRAM, at every distance.

    Few words follow each other, so that what is written in the place of another word stays.
    """
    print("seed 33")
    rng, text, inputs = np.random.default_rng(33), [], 0
    for i in range(24):
        text.append(f"rd_sb mask=CH{i % 2}, bank={i % 4}, row={i}, n=40, d={1000 + 40 * (i % 12)}")
        text.append(f"vscale a={i}, d={1500 + 30 * (i % 16)}, n={61 + i}, imm=2")
        for count in map(int, rng.integers(1, 8, 4)):
            text.append(f"in d={100 + 9 * (inputs % 97)}, n={count}")
            inputs += count
    directed("\n".join(text), inputs)


def test_exact_cancellation_in_the_lanes():
    """X - x is +0 for every number, whatever its neighbours in a beat are; x - y for numbers that are near."""
    _, machine = directed("vsub a=0, b=0, d=300, n=800\nvsub a=0, b=1, d=600, n=800\nvadd a=300, b=300, d=1000, n=800")
    zero = machine.sram[300:500].ravel()
    assert (zero == 0).sum() > 600
    assert set(zero[zero != 0]) <= {0x7FC0}


def test_every_fault():
    """Each stops the program with its code and place; after it was cleared, the next program runs."""
    cases = [case for case in golden.test_every_fault.pytestmark[0].args[1] if case[1] != "PROGRAM"]
    cases.append(("nop", "PROGRAM", 2))
    words, starts = [], []
    for text, *_ in cases:
        starts.append(len(words))
        words += assemble(f"mark tag=5\n{text}", system=TINY, checked=False).words
    machine = Machine(TINY)
    result = run_system(TINY, words, starts, machine=machine)
    for (text, fault, pc), start, run in zip(cases, starts, result.runs, strict=True):
        outcome = machine.run(words, start)
        assert outcome.fault == FAULTS[fault], text
        assert (run.error, run.pc, run.instructions) == (outcome.fault.code, start + pc, outcome.instructions), text
        assert not run.halted
    assert {case[1] for case in cases} == set(FAULTS)
    assert len(result.marks) == len(cases)
    assert result.violations == []


def test_programs_with_a_flipped_bit():
    """Random programs with one bit wrong: the same fault at the same place, or the same result."""
    rng = np.random.default_rng(6)
    faults, compared = set(), 0
    while compared < 40:
        made = random_program(TINY, rng, 8, UNITS)
        words = list(made.program.words)
        words[int(rng.integers(len(words)))] ^= 1 << int(rng.integers(128))
        if turns(words) >= 100:
            continue
        machine = loaded(TINY, np.random.default_rng(1), made.input_words)
        before = loaded(TINY, np.random.default_rng(1), made.input_words)
        try:
            machine.run(LOAD)
            outcome = machine.run(words)
        except IndexError:  # it waits for the host
            continue
        result = run_system(TINY, [*words, *LOAD], [len(words), 0], machine=before)
        code = outcome.fault.code if outcome.fault else 0
        if outcome.fault is FAULTS["PROGRAM"]:
            continue
        assert (result.runs[1].error, result.runs[1].pc) == (code, outcome.pc), [str(decode(word)) for word in words]
        compare(result, machine, TINY)
        faults.add(code)
        compared += 1
    assert len(faults) > 4, faults


def turns(words: list[int]) -> int:
    """How often the innermost of a program's loops runs, if each is inside the one before."""
    found = 1
    for word in words:
        try:
            one = decode(word)
        except IllegalWord:
            continue
        found *= max(1, one["n"]) if one.op.name == "LOOP" else 1
    return found


def test_the_device_catches_every_rule():
    """The device keeps one time more by a clock than the controller does: it names the rule, with cycle and command."""
    text = ["in d=0, n=64", "loop n=40"]
    text += ["wr_sb bank=1, row=1, n=2, a=0", "rd_sb mask=CH0, bank=1, row=1, n=3, d=70", "wr_gb a=0, n=4"]
    text += ["wr_bias a=8", "mac_ab row=2, n=4", "rd_mac accumulate, d=80", "wr_gb a=0, n=2"]
    text += ["wr_sb bank=2, row=3, n=1, a=0"]
    text += [f"act bank={bank}, row={row}" for row in (4, 5) for bank in range(4)]
    text += [f"rd_sb mask=CH1, bank=0, row={row}, n=4, d=70" for row in (6, 5)]  # far past tRAS
    text += ["wr_elem row=5, col=1, lane=2, a=4", "mac_ab row=5, n=2"]
    text += ["wr_bias zero", "rd_mac d=80", "act_ab row=6", "pre_ab", "act_ab row=7", "endl", "halt"]
    words = assemble("\n".join(text), system=TINY).words
    timing = replace(TINY.timing, tfaw=24, trefi=160)
    machine = golden.start(TINY, np.random.default_rng(2), 64)
    params = replace(TINY, timing=timing)
    assert run_system(params, words, machine=machine).violations == []
    for key, rule in TimingTable.rules().items():
        sharper = replace(TINY, timing=replace(timing, **{key: getattr(timing, key) + 1}))
        rest = 10 * timing.trefi**2 if key == "trefi" else 0
        found = {each[3] for each in run_system(sharper, words, machine=machine, timing=timing, rest=rest).violations}
        print(key, sorted(found))
        assert rule["symbol"] in found or (rule["symbol"] in ("tBL", "CL", "CWL", "CL_REG", "CWL_REG") and found)


def test_stop_and_clear():
    """Stopped between instructions; cleared while an instruction waits for the host; a program runs afterwards."""
    text = "loop n=4000\nmac_ab row=2, n=8\nendl\nhalt"
    waits = len(assemble(text, system=TINY).words)
    words = [*assemble(text, system=TINY).words, *assemble("act_ab row=3\nin d=0, n=4\nhalt", system=TINY).words]
    words += assemble("mark tag=9\nmac_ab row=4, n=8\nhalt", system=TINY).words
    last = waits + 3
    machine = Machine(TINY)
    stopped, after = run_system(TINY, words, [0, last], machine=machine, stop_at=500).runs
    assert not stopped.halted
    assert stopped.error == 0
    assert stopped.cycle < 500 + (DEPTH + 4) * TINY.row_clocks  # those that the channels have taken are finished
    assert 1 <= stopped.pc <= 2
    assert after.halted
    result = run_system(TINY, words, [waits, last], machine=machine, clear_at=1000)
    cleared, after = result.runs
    assert 1000 < cleared.cycle < 1100
    assert (cleared.halted, cleared.error, after.halted, after.pc) == (False, 0, True, last + 3)
    assert [tag for _, tag in result.marks] == [9]
    assert result.violations == []


def test_program_memory_full():
    """A program as long as the memory."""
    program = Program.of(TINY, [decode(word) for word in assemble("nop\n" * 255 + "halt", system=TINY).words])
    result = run_system(TINY, program.words, machine=Machine(TINY))
    assert (result.runs[0].instructions, result.runs[0].pc) == (256, 256)

"""The golden model: programs with and without their loops, attention, and every fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.check import check
from gen.pim.program import Program
from hdl.params.pim import FAULTS, Instruction, PimParams
from hdl.params.pim.loops import advanced, steps
from sim_tb.golden.float import widen
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.programs import random_elements, random_program
from tests.pim.machines import SYSTEMS, TINY, numbers

# --- programs --------------------------------------------------------------------------------------------------------


def unroll(params: PimParams, code: list[Instruction], moved: tuple = (), rows: int = 0) -> list[Instruction]:
    """A program without its loops: an independent way to the same addresses."""
    listing, index = [], 0
    while index < len(code):
        one = code[index]
        if one.op.name != "LOOP":
            listing.append(replace(advanced(params, one, moved, rows=rows), advance=0))
            index += 1
            continue
        depth, end = 1, index
        while depth:
            end += 1
            depth += (code[end].op.name == "LOOP") - (code[end].op.name == "ENDL")
        for turn in range(one["n"]):
            here = {key: turn * by for key, by in steps(params, one).items()}
            if "rows" in one.flags:
                listing += unroll(params, code[index + 1 : end], moved, here["row"])
            else:
                listing += unroll(params, code[index + 1 : end], (*moved, here), rows)
        index = end + 1
    return listing


def start(params: PimParams, rng: np.random.Generator, words: int) -> Machine:
    """A machine with something everywhere a random program looks."""
    found = Machine(params)
    found.sram[:] = random_elements(rng, found.sram.shape)
    found.scalars[:] = rng.standard_normal(16).astype(np.float32).view(np.uint32)
    found.device.buffers[:] = random_elements(rng, found.device.buffers.shape)
    for channel in range(params.channels):
        for bank in range(params.banks):
            found.device.write(channel, bank, 0, random_elements(rng, (6 * params.row_cols, params.lanes)))
    found.send(random_elements(rng, (words, params.lanes)))
    return found


def state(found: Machine) -> list[Any]:
    rows = found.device.rows()
    arrays = [
        found.sram,
        found.scalars,
        found.device.buffers,
        found.device.accumulators.view(np.uint32),
        *rows.values(),
    ]
    return [
        list(rows),
        found.marks,
        [word.tolist() for word in found.outputs],
        len(found.inputs),
        *map(np.ndarray.tolist, arrays),
    ]


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_without_their_loops(name, seed):
    """A program and its unrolled form leave the same state; systems of other shapes included."""
    print(f"seed {seed}")
    params = SYSTEMS[name]
    made = random_program(params, np.random.default_rng(seed), 30)
    assert check(made.program) == []
    code = [one for one in made.program.instructions if one is not None]
    plain = Program.of(params, unroll(params, code))
    machines = [start(params, np.random.default_rng(seed + 1000), made.input_words) for _ in range(2)]
    before = state(machines[0])
    outcomes = [found.run(each.words) for found, each in zip(machines, (made.program, plain), strict=True)]
    assert [outcome.fault for outcome in outcomes] == [None, None]
    assert state(machines[0]) == state(machines[1]) != before
    assert not machines[0].inputs


ATTENTION = """
# One head of attention over TOKENS tokens, keys and values written token by token; head of 8 elements.
.const q = 0              # 2 words
.const k = 10             # 2 words a token
.const v = 100            # a slot (8 elements) a token
.const scores = 300
.const keys = 4           # rows: token t is a column pair of unit t % UNITS
.const values = 20        # row: element j of the head is unit j, token t its lane t
"""


def test_attention():
    """K as bursts to one bank each, V element by element, scores, softmax and the sum of values, against float64."""
    tokens, d = 13, 8
    rng = np.random.default_rng(9)
    q, keys, values = numbers(rng, d), numbers(rng, tokens, d), numbers(rng, tokens, d)
    lines = [ATTENTION]
    for t in range(tokens):
        channel, bank = divmod(t % TINY.units, TINY.banks)
        col, lane = divmod(t, TINY.lanes)
        lines.append(f"wr_sb mask=CH{channel}, bank={bank}, row=keys, col={2 * (t // TINY.units)}, n=2, a=k+{2 * t}")
        lines.append(f"wr_elem row=values, col={col}, lane={lane}, a=v+{2 * t}")
    lines.append("wr_gb a=q, n=2")
    for slot in range(2):
        lines += [f"mac_ab row=keys, col={2 * slot}, n=2", f"rd_mac d=scores+{slot}*SLOT_WORDS"]
    lines += [f"softmax a=scores, d=scores, n={tokens}, imm=0.25", "wr_gb a=scores, n=4"]
    lines += ["mac_ab row=values, n=4", "rd_mac d=400"]
    found = Machine(TINY)
    found.sram[:2] = q.reshape(2, 4)
    found.sram[10 : 10 + 2 * tokens] = keys.reshape(-1, 4)
    found.sram[100 : 100 + 2 * tokens] = values.reshape(-1, 4)
    assert found.run(assemble("\n".join([*lines, "halt"]), system=TINY).words).fault is None
    wide = [widen(each).astype(np.float64) for each in (q, keys, values)]
    weights = np.exp(0.25 * (wide[1] @ wide[0]))
    exact = weights / weights.sum() @ wide[2]
    result = widen(found.sram[400:402].reshape(-1))
    assert np.abs(result - exact).max() < 2e-2


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault", "pc"),
    [
        (".word 0", "OPCODE", 1),
        ("endl", "LOOP", 1),
        ("loop n=1\nloop n=1\nloop n=1\nendl\nendl\nendl", "LOOP", 3),
        ("loop n=1, rows\nloop n=1\nloop n=1\nloop n=1\nendl\nendl\nendl\nendl", "LOOP", 4),
        ("loop n=1, rows\nloop n=1, rows\nendl\nendl", "LOOP", 2),
        ("loop n=1\nloop n=1, rows\nendl\nendl", "LOOP", 2),
        ("loop n=1, d=1, rows\nendl", "LOOP", 1),
        ("loop n=1, col=8\nendl", "LOOP", 1),
        ("loop n=0\nendl", "OPERAND", 1),
        ("pre_ab mask=0", "MASK", 1),
        ("pre_ab mask=4", "MASK", 1),
        ("rd_sb bank=0, row=0, n=1, d=0", "MASK", 1),
        ("pre bank=4", "OPERAND", 1),
        ("vexp a=0, d=0, n=0", "OPERAND", 1),
        ("vexp a=2047, d=0, n=5", "SRAM", 1),
        ("act_ab row=64", "ROW", 1),
        ("wr_gb a=0, n=9", "BUFFER", 1),
        ("vexp a=0, d=1, n=8", "OVERLAP", 1),
        ("rd_mac d=0", "ACCUMULATOR", 1),
        ("wr_bias zero\nrd_mac d=0\nrd_mac d=0", "ACCUMULATOR", 3),
        ("nop", "PROGRAM", 2),
        ("mac_ab mask=0, row=64, n=9", "MASK", 1),  # the first of several
        ("setr r=r3, value=0\nvmm row=0, n=1, slots=r3, a=0, d=8, zero", "OPERAND", 2),
        ("setr r=r3, value=600\nvmm row=0, n=1, slots=r3, a=0, d=8, zero", "ROW", 2),
        ("setr r=r3, value=3000\nvgather a=0, d=1000, n=5, stride=r3", "SRAM", 2),
        ("i: loop n=3, a=1000\nout a=100@i, n=1\nendl", "SRAM", 2),
        ("loop n=3, row=40, rows\nact_ab row=0\nendl", "ROW", 2),
        ("vmm row=0, n=9, slots=1, pitch=7, a=0, d=16, zero", "OPERAND", 1),
        ("vmm row=0, n=17, slots=2, pitch=86, a=0, d=20, zero", "ROW", 1),
        ("setr r=r3, value=1<<20\nrd_item row=0, n=1, r=r3, d=0", "OPERAND", 2),
        ("setr r=r3, value=(1<<20)-1\nrd_item row=0, n=1, r=r3, d=0", "ROW", 2),
        ("skeep r=r15, s=r0", "OPERAND", 1),
        ("skeep r=r0, s=r15", "OPERAND", 1),
    ],
)
def test_every_fault(text, fault, pc):
    """The program stops at the instruction, and what came before it has been done."""
    found = Machine(TINY)
    outcome = found.run(assemble(f"mark tag=5\n{text}", system=TINY, checked=False).words)
    assert (outcome.fault, outcome.pc) == (FAULTS[fault], pc)
    assert found.marks == [5]
    # It recovers: another program runs, on what is there.
    assert found.run(assemble("mark tag=6\nhalt", system=TINY).words).fault is None
    assert found.marks == [5, 6]


def test_faults_are_all_there():
    faults = {case[1] for case in test_every_fault.pytestmark[0].args[1]}
    assert faults == set(FAULTS)


@pytest.mark.parametrize("seed", range(60))
def test_what_the_machine_faults_on_the_checker_had_found(seed):
    """Random programs with one bit flipped. Only what comes from a scalar register can escape the checker."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    words = random_program(TINY, rng, 15).program.words
    for _ in range(8):
        index, bit = int(rng.integers(len(words))), int(rng.integers(128))
        flipped = words[index] ^ 1 << bit
        trial = Program(TINY, (*words[:index], flipped, *words[index + 1 :]))
        code = trial.instructions
        if np.prod([one["n"] for one in code if one is not None and one.op.name == "LOOP"]) > 300:
            continue
        found = Machine(TINY)
        found.send(np.zeros((100000, 4), np.uint16))
        outcome = found.run(trial.words)
        if outcome.fault is not None and not check(trial):
            blamed = code[outcome.pc]
            assert blamed is not None
            assert blamed.by_register

"""Instructions that say more than they seem, on the hardware: loops over rows, items, VMM with a pitch, SKEEP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sim_tb.golden.pim.machine as machine_module
import tests.pim.test_golden_programs as golden
from gen.pim.check import check
from gen.pim.program import Program
from hdl.params.pim import FAULTS, ITEM_BITS, Instruction, PimParams, encode, expanded, instruction
from hdl.params.pim.encoding import advance_bit
from sim_tb.golden.float import bits
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.programs import unrolled
from sim_tb.pim.bench.system import Result, run_system
from tests.pim.machines import SYSTEMS, TINY
from tests.pim.rtl.test_system import compare, loaded, moves
from tests.pim.rtl.work import done, expected

pytestmark = pytest.mark.sim

HALT = instruction("HALT")


def on_hardware(
    params: PimParams, code: list[Instruction], seed: int, **run: Any
) -> tuple[Result, Callable[[], Machine]]:
    """A program between those that load and dump the SRAM; and how the golden model gets to the same end."""
    load, dump = moves(params)
    words = [*load, *(encode(one) for one in [*code, HALT]), *dump]
    starts = [0, len(load), len(words) - len(dump)]

    def end() -> Machine:
        machine = loaded(params, np.random.default_rng(seed), 0)
        for start in starts:
            assert machine.run(words, start).fault is None
        return machine

    result = run_system(params, words, starts, machine=loaded(params, np.random.default_rng(seed), 0), **run)
    assert [each.error for each in result.runs] == [0, 0, 0]
    assert result.violations == []
    return result, end


@pytest.mark.parametrize("name", SYSTEMS)
def test_items(name, monkeypatch):
    """In every unit, across rows, with channels that are no power of two; and what a wrong unit would have given."""
    print("seed 5")
    rng, params = np.random.default_rng(5), SYSTEMS[name]
    code = []
    for index, item in enumerate([*range(params.units + 1), *map(int, rng.integers(4 * params.units, size=8))]):
        n = int(rng.integers(1, 6))
        row, col = int(rng.integers(2)), int(rng.integers(params.row_cols))
        code += [instruction("SETR", r=index % 16, value=item)]
        code += [instruction("RD_ITEM", row=row, col=col, n=n, r=index % 16, d=8 * index)]
    result, end = on_hardware(params, code, 5)
    assert compare(result, end(), params)
    for channel in range(params.channels):
        entries = [entry for entry in result.log if entry.channel == channel]
        assert done(params, entries) == expected(params, list(unrolled(params, code)), channel)
    right = machine_module.item_read
    monkeypatch.setattr(machine_module, "item_read", lambda p, one, item: right(p, one, item ^ 1))
    with pytest.raises(AssertionError):
        compare(result, end(), params)


def test_items_that_are_not_there():
    """The number of an item and its place at the limit and beyond; the fault is the lowest of several."""
    params = replace(TINY, rows=64)
    cases = [
        (0, 511, 1, ""),
        (8, 511, 1, "ROW"),
        (7, 511, 2, "ROW"),
        ((1 << ITEM_BITS) - 1, 0, 1, "ROW"),
        (1 << ITEM_BITS, 0, 1, "OPERAND"),
        ((1 << 32) - 8, 0, 1, "OPERAND"),
        (504, 8, 8, "ROW"),
        (503, 8, 8, ""),
        (503, 9, 8, "ROW"),
        (0, 512, 1, "ROW"),
    ]
    words, starts = [], []
    for item, column, n, _ in cases:
        row, col = divmod(column, params.row_cols)
        starts.append(len(words))
        one = instruction("RD_ITEM", row=row, col=col, n=n, r=3, d=0)
        words += [encode(each) for each in (instruction("SETR", r=3, value=item), one, HALT)]
    starts.append(len(words))  # no such column, whatever the item
    words += [encode(each) for each in (instruction("RD_ITEM", row=0, col=8, n=1, r=3, d=0), HALT)]
    result, machine = run_system(params, words, starts, machine=Machine(params)), Machine(params)
    for case, start, run in zip([*cases, (0, 8, 1, "OPERAND")], starts, result.runs, strict=True):
        fault = machine.run(words, start).fault
        assert (fault.name if fault else "") == case[3], case
        assert run.error == (FAULTS[case[3]].code if case[3] else 0), case


def test_three_loops():
    """Rows move with the outermost one, whatever tags say, and columns carry into rows; the commands are those."""
    row, a, d = (advance_bit(address, 0) for address in ("row", "a", "d"))
    inner = advance_bit("row", 1)
    body = [
        instruction("ACT_AB", mask=3, row=1),
        instruction("WR_SB", mask=2, bank=1, row=0, col=5, n=2, a=9, advance=1 << row),
        instruction("WR_ELEM", mask=3, row=2, col=7, lane=1, a=30, advance=1 << inner),
        instruction("WR_GB", mask=3, a=0, n=4, gb=0, advance=1 << a | 1 << d),
        instruction("MAC_AB", mask=3, row=3, col=6, n=3, gb=0, advance=1 << a),
        instruction("RD_MAC", mask=3, d=100, advance=1 << d),
        instruction("RD_ITEM", row=0, col=1, n=3, r=4, d=150, advance=1 << d | 1 << row),
        instruction("VMM", "zero", row=1, col=3, n=3, slots=2, pitch=5, a=0, d=200, advance=1 << row | 1 << d),
        instruction("LAYERNORM", a=0, b=4, beta=8, d=300, n=8, eps=6, share=5, advance=1 << d),
    ]
    code = [
        instruction("SETR", r=4, value=13),
        instruction("LOOP", "rows", n=3, row=2, col=5),
        instruction("LOOP", n=2, row=1, col=2, a=1, d=4),
        instruction("LOOP", n=2, col=7),
        *body,
        *([instruction("ENDL")] * 3),
        instruction("ACT_AB", mask=3, row=1),
    ]
    assert check(Program.of(TINY, [*code, HALT])) == []
    result, end = on_hardware(TINY, code, 8)
    assert compare(result, end(), TINY)
    listing = list(unrolled(TINY, code))
    assert len({one["row"] for one in listing if one.op.name == "ACT_AB"}) > 6
    for channel in range(TINY.channels):
        entries = [entry for entry in result.log if entry.channel == channel]
        assert done(TINY, entries) == expected(TINY, listing, channel)


@pytest.mark.parametrize("name", SYSTEMS)
def test_products_with_a_pitch(name):
    """Whole chunks and rests, with biases and without, every pitch that matters; rows open when the rules say."""
    print("seed 6")
    rng, params = np.random.default_rng(6), SYSTEMS[name]
    most, code = params.gb_words, []
    for n in (1, most - 1, most, most + 1, 2 * most + 3):
        for pitch in (0, min(n, most), most, most + 1, params.row_cols + most):
            for flags in ((), ("zero",)):
                row, col = int(rng.integers(3)), int(rng.integers(params.row_cols))
                slots = int(rng.integers(1, 4))
                code.append(
                    instruction("VMM", *flags, row=row, col=col, n=n, slots=slots, pitch=pitch, a=0, b=100, d=200)
                )
    result, end = on_hardware(params, code, 6)
    assert compare(result, end(), params)
    parts = [part for one in code for part in expanded(params, one)]
    for channel in range(params.channels):
        entries = [entry for entry in result.log if entry.channel == channel]
        assert done(params, entries) == expected(params, parts, channel)
        # A row that is opened for the slot that follows is opened before accumulators are read.
        opens = [entry.row for entry in entries if entry.command == "ACT_AB"]
        rows = [part["row"] for part in parts if part.op.name == "ACT_AB"]
        assert [row for row, last in zip(opens, [None, *opens], strict=False) if row != last][: len(rows)]


def test_the_greater_of_numbers_in_registers():
    """Every kind of number against every other, places that wrap, and pairs that overlap."""
    print("seed 7")
    rng = np.random.default_rng(7)
    special = [0, 1 << 31, 1, 1 << 31 | 1, 0x0080_0000, 0x8080_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x7F80_0000]
    special += [0xFF80_0000, 0x7FC0_0000, 0xFF80_0001, 0x3F80_0000, 0xBF80_0000]
    words: list[int] = []
    starts, machine = [], Machine(TINY)
    numbers = [*special, *map(int, rng.integers(1 << 32, size=6, dtype=np.uint64))]
    outputs = []
    for kept in numbers:
        starts.append(len(words))
        part = [instruction("SETR", r=i, value=int(rng.integers(1 << 32, dtype=np.uint64))) for i in range(16)]
        for found in numbers:
            r, s = int(rng.integers(15)), int(rng.integers(15))
            part += [instruction("SETR", r=r, value=kept), instruction("SETR", r=s, value=found)]
            part += [instruction("SKEEP", r=r, s=s, value=int(rng.integers(1 << 32, dtype=np.uint64)))]
            # What has become of it shows at the end: the sum of all that is there.
            part += [instruction("SKEEP", r=14, s=0, value=1)]
        words += [encode(each) for each in [*part, HALT]]
        outputs.append(len(part))
    params = replace(TINY, program_words=1 << 11)
    taken = 0
    for start in starts:
        before = Machine(params)
        result = run_system(params, words, [start], machine=before)
        assert result.runs[0].error == 0
        machine.scalars[:] = 0
        machine.run(words, start)
        assert result.scalars.tolist() == machine.scalars.tolist()
        taken += len(set(machine.scalars.tolist()))
    assert taken > 100

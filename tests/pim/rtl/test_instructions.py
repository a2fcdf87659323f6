"""Instructions that say more than they seem, on the hardware: loops over rows, items, VMM with a pitch, SKEEP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import sim_tb.golden.pim.machine as machine_module
from gen.pim.check import check
from gen.pim.program import Program
from hdl.params.pim import FAULTS, ITEM_BITS, Instruction, PimParams, encode, expanded, instruction
from hdl.params.pim.encoding import advance_bit
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
    row, a, b, d = (advance_bit(address, 0) for address in ("row", "a", "b", "d"))
    inner = advance_bit("row", 1)
    body = [
        instruction("ACT_AB", mask=3, row=1),
        instruction("WR_SB", mask=2, bank=1, row=0, col=5, n=2, a=9, advance=1 << row),
        instruction("WR_ELEM", mask=3, row=2, col=7, lane=1, a=30, advance=1 << inner | 1 << b),
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
        instruction("LOOP", n=2, row=1, col=2, a=1, b=6, d=4),
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
        # Where a slot begins in another row than the one before has ended in, that row opens before the read.
        after = [each.command for entry, each in pairwise(entries) if entry.command == "ACT_AB"]
        changes = sum(part.op.name == "ACT_AB" and other.op.name == "RD_MAC" for part, other in pairwise(parts))
        assert after.count("RD_MAC") >= 0.8 * changes > 10


def test_the_greater_of_numbers_in_registers():
    """Every kind of number against every other, and places that wrap."""
    print("seed 7")
    rng = np.random.default_rng(7)
    numbers = [0, 1 << 31, 1, 1 << 31 | 1, 0x0080_0000, 0x8080_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x7F80_0000]
    numbers += [0xFF80_0000, 0x7FC0_0000, 0xFF80_0001, 0x3F80_0000, 0xBF80_0000]
    taken = 0
    for found in numbers:
        for first in (0, 7):
            code = [instruction("SETR", r=14, value=found), instruction("SETR", r=15, value=_word(rng))]
            for i, kept in enumerate(numbers[first : first + 7]):
                code += [instruction("SETR", r=2 * i, value=kept), instruction("SETR", r=2 * i + 1, value=i)]
                code.append(instruction("SKEEP", r=2 * i, s=14, value=_word(rng)))
            taken += sum(place != i for i, place in enumerate(_registers(code)[1:14:2]))
    # Of 14 numbers 4 are zeros and 2 are NaNs: those are of one kind, and the others greater or less.
    assert taken == (14 * 13 - 4 * 3 - 2) // 2


def test_pairs_of_registers_that_overlap():
    """All is read before anything is written."""
    for r, s in ((4, 4), (4, 5), (5, 4), (14, 13), (13, 14), (0, 1)):
        code = [instruction("SETR", r=i, value=0x3F80_0000 + (i * 7 % 16 << 16)) for i in range(16)]
        _registers([*code, instruction("SKEEP", r=r, s=s, value=5), instruction("SKEEP", r=s, s=r, value=9)])


def _word(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 32, dtype=np.uint64))


def _registers(code: list[Instruction]) -> list[int]:
    """What is in the scalar registers after a program, on hardware as on the golden model."""
    words = [encode(each) for each in [*code, HALT]]
    result, machine = run_system(TINY, words, machine=Machine(TINY)), Machine(TINY)
    assert machine.run(words).fault is None
    assert result.scalars.tolist() == machine.scalars.tolist()
    return result.scalars.tolist()

"""The instruction set: its table, its words, and what is illegal."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdl.params import ConfigError
from hdl.params.pim import (
    COMMANDS,
    FAULTS,
    FIELDS,
    INSTRUCTIONS,
    LENGTHS,
    OPCODES,
    PRESETS,
    WORD_BITS,
    IllegalWord,
    accesses,
    decode,
    encode,
    instruction,
    violations,
)
from hdl.params.pim.encoding import _instruction, advance_bit
from hdl.params.pim.loops import advanced
from hdl.pim.issue.decode import controls
from hdl.pim.vector.phases import PHASES
from sim_tb.golden.pim.vector import FUNCTIONS
from tests.pim.strategies import instructions

TINY = PRESETS["tiny"]


def test_fields_tile_the_word():
    bits = sorted((field.low, field.low + field.width) for field in FIELDS.values())
    assert bits[0][0] == 0
    assert bits[-1][1] == WORD_BITS
    assert all(end == begin for (_, end), (begin, _) in pairwise(bits))


def test_operands_of_an_instruction_share_no_bits():
    for op in INSTRUCTIONS.values():
        used = [name for operand in op.operands for name in operand.fields]
        assert len(used) == len(set(used)), op.name
        names = [operand.name for operand in op.operands]
        assert len(names) == len(set(names)), op.name
        assert len({flag.bit for flag in op.all_flags}) == len(op.all_flags), op.name
        assert sum(operand.or_scalar for operand in op.operands) <= 1, op.name
        assert op.meaning


def test_codes_are_unique():
    assert len(OPCODES) == len(INSTRUCTIONS)
    assert 0 not in OPCODES
    assert all(code < 64 for code in OPCODES)
    assert len({command.code for command in COMMANDS.values()}) == len(COMMANDS)
    assert sorted(fault.code for fault in FAULTS.values()) == list(range(1, len(FAULTS) + 1))


def test_the_vector_unit_has_a_function_for_each_of_its_instructions():
    """The description, the hardware's phases, the golden function: all know the same instructions."""
    names = {op.name for op in INSTRUCTIONS.values() if op.unit == "vector"}
    assert set(FUNCTIONS) == set(PHASES) == names


def test_ranges_are_of_operands():
    """What an instruction touches is where an operand says, and every address operand is such a place."""
    for op in INSTRUCTIONS.values():
        places = {operand.name for operand in op.operands if operand.kind in ("sram", "row", "buffer")}
        assert {touch.operand for touch in op.touches} == places - ({"row"} if op.name == "LOOP" else set()), op.name
        assert all(touch.length in LENGTHS for touch in op.touches)
        for touch in op.touches:
            assert touch.space == {"row": "dram", "gb": "buffer"}.get(touch.operand, "sram")


def test_decoded_ranges_are_those_of_the_table():
    """The hardware looks at as many ranges as the rules do, and lets results begin where the same sources begin."""
    for op in INSTRUCTIONS.values():
        found = controls(op)
        assert found.get("has", 0).bit_count() == len(op.touches), op.name
        assert found.get("in_place", 0).bit_count() == sum(touch.in_place for touch in op.touches), op.name


def test_a_word_by_hand():
    """The fields of some words, written out."""
    one = instruction("MAC_AB", "fence", "irq", mask=0x1A5, row=0x1234, col=0x2B, n=0xABC, gb=0x77)
    word = (
        0x1B << 122
        | 0b0101 << 118
        | 0xA5 << 110
        | 0x1234 << 90
        | 0x2B << 84
        | 0xABC << 72
        | 0x77 << 56
        | 1 << 40
        | 1 << 8
    )
    assert encode(one) == word
    assert decode(word) == one
    assert encode(instruction("SETR", r=3, value=0x3F80_1234)) == 6 << 122 | 3 << 106 | 0x3F80_1234 << 8
    assert encode(instruction("ARGMAX", r=1, a=2, n=50257)) == 0x33 << 122 | 1 << 106 | 12 << 84 | 1105 << 72 | 2 << 56
    norm = instruction("RMSNORM", a=1, b=2, d=3, n=4, eps=5, share=6)
    assert encode(norm) == 0x3A << 122 | 5 << 106 | 6 << 90 | 4 << 72 | 1 << 56 | 2 << 40 | 3 << 24
    assert decode(encode(norm) | 1 << 95)["share"] == 6
    assert encode(instruction("LOOP", n=2, a=-1)) == 4 << 122 | 2 << 72 | 0xFFFF << 56
    assert encode(instruction("LOOP", "rows", n=2, row=3)) == 4 << 122 | 0b0010 << 118 | 3 << 90 | 2 << 72
    vmm = instruction("VMM", row=1, n=2, slots=3, pitch=0xCAB, a=4, b=5, d=6)
    assert (
        encode(vmm) == 0x1D << 122 | 0xAB << 110 | 0xC << 106 | 1 << 90 | 2 << 72 | 4 << 56 | 5 << 40 | 6 << 24 | 3 << 8
    )
    item = instruction("RD_ITEM", row=1, col=2, n=3, r=4, d=5)
    assert encode(item) == 0x17 << 122 | 4 << 106 | 1 << 90 | 2 << 84 | 3 << 72 | 5 << 24
    keep = instruction("SKEEP", r=1, s=2, value=0x1234_5678)
    assert encode(keep) == 0x36 << 122 | 1 << 106 | 0x1234 << 40 | 0x5678 << 24 | 2 << 8
    add = instruction("VMADD", a=1, b=2, c=3, d=4, n=5)
    assert encode(add) == 0x27 << 122 | 5 << 72 | 1 << 56 | 2 << 40 | 4 << 24 | 3 << 8
    assert encode(instruction("VADD", a=1, b=2, d=3, n=4, advance=0b1010_0010)) & 0xFF == 0b1010_0010


@settings(max_examples=300)
@given(instructions())
def test_words_read_back(one):
    assert decode(encode(one)) == one


@settings(max_examples=300)
@given(st.integers(0, 2**WORD_BITS - 1))
def test_any_word_decodes_to_what_it_says_or_is_refused(word):
    if word >> 122 not in OPCODES:
        with pytest.raises(IllegalWord, match="no instruction has opcode"):
            decode(word)
        return
    again = encode(decode(word))
    assert again & ~word == 0
    assert decode(again) == decode(word)


def test_what_an_instruction_can_not_hold():
    with pytest.raises(ConfigError) as caught:
        instruction("MAC_AB", "accumulate", mask=1 << 24, row=65536, n=-1, gbb=3)
    assert str(caught.value).splitlines() == [
        "mac_ab: has no operand 'gbb' (did you mean 'gb'?)",
        "mac_ab: has no flag 'accumulate'",
        "mac_ab mask: must be 0 to 16777215, not 16777216",
        "mac_ab row: must be 0 to 65535, not 65536",
        "mac_ab n: must be 0 to 4095, not -1",
    ]
    for wrong, message in (
        ({"name": "MACAB"}, "instruction: there is no instruction 'MACAB' (did you mean 'MAC_AB'?)"),
        ({"name": "SRECIP", "r": 1, "s": 16}, "srecip s: must be 0 to 15, not 16"),
        ({"name": "RD_MAC", "mask": 1}, "rd_mac: needs operand 'd'"),
        ({"name": "RD_MAC", "mask": 1, "d": 0, "advance": 1}, "rd_mac: can't let those addresses advance (0x01)"),
    ):
        with pytest.raises(ConfigError) as caught:
            instruction(**wrong)
        assert str(caught.value) == message
    with pytest.raises(ConfigError, match="vscale imm: must be 0 to 15, not 16"):
        instruction("VSCALE", "reg", imm=16, a=0, d=0, n=1)


def test_operands_of_any_integer_type():
    """NumPy's integers have 64 bits, a word 128: a word is the same whichever type a program was made with."""
    given = {"mask": 1, "bank": 3, "row": 40_001, "col": 7, "n": 5, "d": 9}
    _instruction.cache_clear()  # equal values of other types are found in it
    one = instruction("RD_SB", **{name: np.int64(value) for name, value in given.items()})
    assert {type(value) for value in one.values.values()} == {int}
    _instruction.cache_clear()
    assert one.word == instruction("RD_SB", **given).word
    _instruction.cache_clear()
    with pytest.raises(ConfigError, match=r"^rd_sb row: must be an integer, not 1\.0$"):
        instruction("RD_SB", **{**given, "row": 1.0})


def test_addresses_that_advance():
    one = instruction("WR_SB", mask=1, bank=0, row=0, n=1, a=0, advance=1 << advance_bit("row", 1))
    assert one.advances("row", 1)
    assert one.advances("col", 1)
    assert not one.advances("row", 0)
    assert not one.advances("a", 1)
    assert not one.advances("n", 1)
    # Global buffers: of a product with the sources, of a load with the results.
    assert instruction("MAC_AB", mask=1, row=0, n=1, advance=1 << advance_bit("a", 0)).advances("gb", 0)
    assert instruction("WR_GB", mask=1, a=0, n=1, advance=1 << advance_bit("d", 0)).advances("gb", 0)


def test_rows_that_all_advance():
    """A loop with flag rows moves rows of everything, beside what the tag says, and no other address."""
    one = instruction("WR_SB", mask=1, bank=0, row=2, col=5, n=1, a=7, advance=1 << advance_bit("row", 0))
    moved = [{"row": 4, "a": 3, "b": 0, "d": 0}]
    here = advanced(TINY, one, moved, rows=10)
    assert (here["row"], here["col"], here["a"]) == (4, 3, 7)
    assert advanced(TINY, instruction("ACT_AB", mask=1, row=2), [], rows=17)["row"] == 4
    norm = instruction("RMSNORM", a=1, b=2, d=3, n=4, eps=5, share=6)  # its field of rows holds a register
    assert advanced(TINY, norm, moved, rows=8) == norm
    assert {op.name for op in INSTRUCTIONS.values() if op.moves_rows} == {
        *("ACT_AB", "ACT", "WR_SB", "RD_SB", "WR_ELEM", "WR_BYTE", "RD_ITEM", "MAC_AB", "SCALE_AB", "VMM")
    }


def faults(name: str, *flags: str, scalar: int | None = None, **values: int) -> list[str]:
    found = violations(TINY, instruction(name, *flags, **values), scalar)
    return [f"{each.fault.name} {each.operand}: {each.message}" for each in found]


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        (
            {"name": "PRE_AB", "mask": 3},
            {"mask": 4},
            "MASK mask: channel 2 takes part, but there are channels 0 to 1",
        ),
        ({"name": "PRE_AB", "mask": 1}, {"mask": 0}, "MASK mask: no channel takes part"),
        (
            {"name": "RD_SB", "mask": 2, "bank": 3, "row": 0, "n": 1, "d": 0},
            {"mask": 3},
            "MASK mask: one channel can be read at a time, not 2",
        ),
        ({"name": "PRE", "mask": 1, "bank": 3}, {"bank": 4}, "OPERAND bank: the last bank is 3, not 4"),
        (
            {"name": "WR_ELEM", "mask": 1, "row": 0, "lane": 3, "a": 0},
            {"lane": 4},
            "OPERAND lane: the last lane is 3, not 4",
        ),
        (
            {"name": "MAC_AB", "mask": 1, "row": 0, "col": 7, "n": 1},
            {"col": 8},
            "OPERAND col: the last col is 7, not 8",
        ),
        (
            {"name": "MAC_AB", "mask": 1, "row": 63, "col": 4, "n": 4},
            {"n": 5},
            "ROW row: columns 508 to 512 go beyond a bank, which has 64 rows of 8",
        ),
        (
            {"name": "MAC_AB", "mask": 1, "row": 0, "n": 3, "gb": 5},
            {"n": 4},
            "BUFFER gb: words 5 to 8 go beyond the global buffer, which has 8",
        ),
        ({"name": "ACT", "mask": 1, "bank": 0, "row": 63}, {"row": 64}, "ROW row: columns 512 to 512 go beyond a bank"),
        ({"name": "VADD", "a": 0, "b": 1, "d": 2, "n": 4}, {"n": 0}, "OPERAND n: a count must be at least 1, not 0"),
        (
            {"name": "OUT", "a": 2000, "n": 48},
            {"n": 49},
            "SRAM a: words 2000 to 2048 go beyond the SRAM, which has 2048",
        ),
        ({"name": "IN", "d": 2047, "n": 1}, {"d": 2048}, "SRAM d: words 2048 to 2048 go beyond the SRAM"),
        ({"name": "RD_MAC", "mask": 1, "d": 2046}, {"d": 2047}, "SRAM d: words 2047 to 2048 go beyond the SRAM"),
        ({"name": "WR_BIAS", "mask": 1, "a": 2046}, {"a": 2047}, "SRAM a: words 2047 to 2048 go beyond the SRAM"),
        (
            {"name": "WR_GBX", "mask": 3, "a": 0, "stride": 2045, "n": 3},
            {"stride": 2046},
            "SRAM a: words 2046 to 2048 go beyond the SRAM",
        ),
        (
            {"name": "VADD", "a": 0, "b": 8, "d": 0, "n": 32},
            {"d": 1},
            "OVERLAP d: must begin where 'a' begins, or not overlap it",
        ),
        (
            {"name": "LAYERNORM", "a": 0, "b": 8, "beta": 16, "d": 24, "n": 32, "eps": 0, "share": 1},
            {"d": 17},
            "OVERLAP d: must begin where 'beta' begins, or not overlap it",
        ),
        (
            {"name": "VGATHER", "a": 0, "stride": 3, "d": 4, "n": 6},
            {"d": 3},
            "OVERLAP d: must not overlap 'a'",
        ),
        ({"name": "LOOP", "n": 1, "col": 7}, {"col": 8}, "LOOP col: a step of columns is 0 to 7, not 8"),
        (
            {"name": "VMM", "row": 0, "n": 8, "slots": 4, "a": 0, "b": 8, "d": 16},
            {"slots": 0},
            "OPERAND slots: a count must be at least 1, not 0",
        ),
        (
            {"name": "VMM", "row": 62, "n": 8, "slots": 2, "a": 0, "b": 8, "d": 8},
            {"slots": 3},
            "ROW row: columns 496 to 519 go beyond a bank, which has 64 rows of 8",
        ),
        (
            {"name": "VMM", "row": 0, "n": 8, "slots": 4, "a": 0, "b": 8, "d": 16},
            {"d": 7},
            "OVERLAP d: must not overlap 'a'",
        ),
        (
            {"name": "VMM", "row": 0, "n": 10, "slots": 4, "pitch": 8, "a": 0, "b": 10, "d": 20},
            {"pitch": 7},
            "OPERAND pitch: slots must be at least as far apart as the longest chunk, 8 columns, not 7",
        ),
        (
            {"name": "VMM", "row": 0, "n": 3, "slots": 4, "pitch": 3, "a": 0, "b": 8, "d": 16},
            {"pitch": 2},
            "OPERAND pitch: slots must be at least as far apart as the longest chunk, 3 columns, not 2",
        ),
        (
            {"name": "VMM", "row": 58, "n": 10, "slots": 3, "pitch": 8, "a": 0, "b": 10, "d": 20},
            {"pitch": 9},
            "ROW row: columns 464 to 517 go beyond a bank, which has 64 rows of 8",
        ),
        ({"name": "SKEEP", "r": 14, "s": 14}, {"r": 15}, "OPERAND r: the last r is 14, not 15"),
        ({"name": "SKEEP", "r": 14, "s": 14}, {"s": 15}, "OPERAND s: the last s is 14, not 15"),
        (
            {"name": "RD_ITEM", "row": 0, "n": 1, "r": 0, "d": 0},
            {"n": 0},
            "OPERAND n: a count must be at least 1, not 0",
        ),
        ({"name": "RD_ITEM", "row": 0, "n": 3, "r": 0, "d": 2045}, {"d": 2046}, "SRAM d: words 2046 to 2048 go beyond"),
        (
            {"name": "VMADD", "a": 0, "b": 8, "c": 16, "d": 16, "n": 32},
            {"d": 17},
            "OVERLAP d: must begin where 'c' begins, or not overlap it",
        ),
        (
            {"name": "MAC_AB", "mask": 1, "row": 0, "n": 3, "gb": 5},
            {"gb": 6},
            "BUFFER gb: words 6 to 8 go beyond the global buffer, which has 8",
        ),
    ],
)
def test_at_the_limit_and_beyond(good, bad, message):
    assert faults(**good) == []
    assert any(each.startswith(message) for each in faults(**(good | bad)))


def test_steps_of_a_loop_over_rows():
    assert faults("LOOP", "rows", n=2, row=-3, col=7) == []
    for name in "abd":
        message = f"LOOP {name}: a loop with flag rows moves rows and columns only: there is no step of {name!r}"
        assert faults("LOOP", "rows", n=2, **{name: -1}) == [message]
        assert faults("LOOP", n=2, **{name: -1}) == []


def test_what_depends_on_a_scalar_register():
    item = {"row": 62, "col": 3, "n": 4, "r": 3, "d": 0}
    assert faults("RD_ITEM", **item) == []
    assert faults("RD_ITEM", scalar=23, **item) == []
    assert faults("RD_ITEM", scalar=24, **item) == [
        "ROW row: columns 511 to 514 go beyond a bank, which has 64 rows of 8"
    ]
    beyond = faults("RD_ITEM", scalar=1 << 20, **item)
    assert beyond[0] == "OPERAND r: the last item is 1048575, not 1048576"
    assert faults("RD_ITEM", scalar=(1 << 20) - 1, **item)[0].startswith("ROW row: columns")
    vmm = {"name": "VMM", "row": 0, "n": 8, "slots": 3, "a": 0, "d": 8}
    assert faults(vmm.pop("name"), "reg", "zero", **vmm) == []
    assert faults("VMM", "reg", "zero", scalar=0, **vmm) == ["OPERAND slots: a count must be at least 1, not 0"]
    assert faults("VMM", "reg", "zero", scalar=65, **vmm)[0].startswith("ROW row: columns 0 to 519")
    gather = {"a": 0, "stride": 3, "d": 2000, "n": 4}
    assert faults("VGATHER", "reg", **gather) == []
    assert faults("VGATHER", "reg", scalar=2666, **gather) == []
    assert faults("VGATHER", "reg", scalar=2667, **gather) == ["OVERLAP d: must not overlap 'a'"]


def test_faults_come_in_order():
    found = faults("MAC_AB", mask=0, row=64, col=9, n=9)
    assert [each.split()[0] for each in found] == ["MASK", "OPERAND", "ROW", "BUFFER"]


@settings(max_examples=200)
@given(instructions())
def test_ranges_of_all_instructions(one):
    for access in accesses(TINY, one):
        assert access.space in ("sram", "dram", "buffer")
        assert one.op.operand(access.operand) is not None
    assert all(each.fault.name in FAULTS for each in violations(TINY, one))

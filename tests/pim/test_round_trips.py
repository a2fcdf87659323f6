"""Programs through text and files, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen.pim.assemble import assemble
from gen.pim.disassemble import disassemble
from gen.pim.program import Program, load, save
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, EnergyTable, PimParams, instruction
from tests.pim.strategies import instructions, words
from tests.pim.texts import TINY, program

# --- round trips -----------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.lists(instructions(), max_size=12))
def test_instructions_read_back(listing):
    start = Program.of(TINY, listing)
    text = disassemble(start)
    assert assemble(text, checked=False) == start


@settings(max_examples=150)
@given(st.lists(words(), max_size=12))
def test_any_words_read_back(listing):
    start = Program(TINY, tuple(listing))
    again = assemble(disassemble(start), checked=False)
    assert again == start
    assert disassemble(again) == disassemble(start)


def test_what_the_text_of_a_program_looks_like():
    start = program("""
        i:  loop n=2, row=1, d=SLOT_WORDS
              mac_ab mask=CH1, row=3@i, col=0, n=8, gb=0
              rd_mac d=64@i, mask=CH1, fence
            endl
            setr r=r2, value=0.25
            setr r=r3, value=768
            setr r=r4, value=0x7fc00001
            vaxpy imm=-0.1, a=1, b=2, d=3, n=4
            halt
    """)
    bad = Program(TINY, (*start.words, 0, 4 << 122 | 1))
    assert disassemble(bad).splitlines() == [
        ".system tiny",
        "L0:     loop      n=2, row=1, d=2",
        "          mac_ab    mask=CH1, row=3@L0, n=8",
        "          rd_mac    mask=CH1, d=64@L0, fence",
        "        endl      L0",
        "        setr      r=r2, value=0.25",
        "        setr      r=r3, value=768",
        "        setr      r=r4, value=0x7fc00001",
        "        vaxpy     imm=-0.1, a=1, b=2, d=3, n=4",
        "        halt",
        "        .word     0x00000000000000000000000000000000  # no instruction has opcode 0x00",
        "        .word     0x10000000000000000000000000000001  # loop with bits that it doesn't use",
    ]


def test_loops_over_rows_and_registers():
    """What a loop over layers looks like: nothing names it, and loops inside it have their places as ever."""
    text = """
        i:  loop n=12, row=5, rows
        j:    loop n=2, d=4, fence
                vmm   row=0, n=2, slots=2, pitch=8, a=0, b=100, d=200@j
              endl
            endl
            rd_item row=1, n=2, r=r7, d=0
            skeep   r=r4, s=r8, value=-1
            vmadd   a=0, b=1, c=2, d=3, n=4
            halt
    """
    assert disassemble(program(text)).splitlines() == [
        ".system tiny",
        "L0:     loop      n=12, row=5, rows",
        "L1:       loop      n=2, d=4, fence",
        "            vmm       row=0, n=2, slots=2, pitch=8, a=0, b=100, d=200@L1",
        "          endl      L1",
        "        endl      L0",
        "        rd_item   row=1, n=2, r=r7, d=0",
        "        skeep     r=r4, s=r8, value=4294967295",
        "        vmadd     a=0, b=1, c=2, d=3, n=4",
        "        halt",
    ]


def test_systems_read_back():
    for params in (
        *PRESETS.values(),
        replace(TINY, channels=4, energy=EnergyTable(read=0.1, write=3e-7)),
        replace(PRESETS["aim_measured"], timing=replace(PRESETS["aim_measured"].timing, trefi=0)),
        PimParams(banks=8, rows=99, energy=EnergyTable(mac=5)),
    ):
        start = Program.of(params, [instruction("HALT")])
        assert assemble(disassemble(start)) == start


@pytest.mark.parametrize("suffix", [".bin", ".hex"])
@settings(max_examples=20)
@given(listing=st.lists(words(), max_size=5))
def test_files_read_back(tmp_path_factory, suffix, listing):
    start = Program(TINY, tuple(listing))
    path = tmp_path_factory.mktemp("program") / f"a{suffix}"
    save(start, path)
    assert load(path) == start


def test_layout_of_files(tmp_path: Path):
    start = program("nop\nhalt irq")
    data = start.to_bytes()
    header = int.from_bytes(data[8:12], "little")
    assert data[:8] == b"PIMPROG1"
    assert header % 16 == 0
    assert int.from_bytes(data[12:16], "little") == 2
    assert [int.from_bytes(data[at : at + 16], "little") for at in (header, header + 16)] == [
        1 << 122,
        2 << 122 | 4 << 118,
    ]
    assert start.to_hex().splitlines()[1:] == ["04000000000000000000000000000000", "09000000000000000000000000000000"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "is no program of the PIM controller"),
        (lambda data: b"\xff\xfe", "is no program of the PIM controller"),
        (lambda data: data[:12], "ends within its header"),
        (lambda data: data[:-1], "should hold 2 instructions in 32 bytes, not 31 bytes"),
        (lambda data: data.replace(b'"rows":64', b'"rows":65'), "has a header whose hash doesn't fit its system"),
        (lambda data: data.replace(b'"rows":64', b'"rows":00'), "has a header that is damaged"),
        (lambda data: data.replace(b'"rows":64', b'"rows":-1'), "pim.rows: must be 1 to 65536, not -1"),
    ],
)
def test_files_that_are_damaged(tmp_path: Path, damage, message):
    path = tmp_path / "a.bin"
    path.write_bytes(damage(program("nop\nhalt").to_bytes()))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_hex_files_that_are_damaged(tmp_path: Path):
    path = tmp_path / "a.hex"
    text = program("nop\nhalt").to_hex()
    for wrong, message in (
        (text[:-1].rsplit("\n", 1)[0], "should hold 2 instructions, not 1"),
        (text.replace("0800", "080"), "line 3 must have 32 hexadecimal digits, not '080"),
        (text.replace("0800", "08_0"), "line 3 must have 32 hexadecimal digits, not '08_0"),
    ):
        path.write_text(wrong)
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: {message}")


def test_files_of_others_stay(tmp_path: Path):
    path = tmp_path / "notes.bin"
    path.write_text("mine")
    for target, message in (
        (path, "is no program of the PIM controller: it stays as it is"),
        (tmp_path / "a.elf", "a program file ends in .bin or .hex, not in '.elf'"),
        (tmp_path / "nowhere" / "a.bin", "can't be written: No such file or directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            save(program("halt"), target)
        assert str(caught.value) == f"{target}: {message}"
    assert path.read_text() == "mine"
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load(tmp_path / "nowhere.bin")

"""``bitloom pim asm`` and ``disasm``."""

from __future__ import annotations

import json

import pytest

from hdl.params.pim import PRESETS

TEXT = """\
.system tiny
slots:  loop    n=4, row=1, d=SLOT_WORDS
          mac_ab  row=0@slots, n=8
          rd_mac  d=64@slots
        endl
        halt    irq
"""
LISTING = """\
.system tiny
L0:     loop      n=4, row=1, d=2
          mac_ab    row=0@L0, n=8
          rd_mac    d=64@L0
        endl      L0
        halt      irq
"""


def test_there_and_back(bitloom, here):
    (here / "a.pim").write_text(TEXT)
    result = bitloom("pim", "asm", "a.pim")
    digest = PRESETS["tiny"].hash
    assert (result.status, result.err) == (0, "")
    assert result.out == f"a.bin: 5 of 256 instructions, for system {digest[:8]}\n"
    result = bitloom("pim", "disasm", "a.bin")
    assert (result.status, result.out, result.err) == (0, LISTING, "")
    (here / "b.pim").write_text(LISTING)
    result = bitloom("pim", "asm", "b.pim", "-o", "b.hex", "--json")
    assert result.json == {"file": "b.hex", "hash": digest, "instructions": 5, "memory": 256}
    assert bitloom("pim", "disasm", "b.hex").out == LISTING
    listing = bitloom("pim", "disasm", "b.hex", "--json").json
    assert (listing["text"], listing["instructions"]) == (LISTING, 5)
    assert listing["system"] == PRESETS["tiny"].to_dict()
    assert bitloom("pim", "asm", "a.pim", "-q").out == ""


def test_every_problem_at_its_place(bitloom, here):
    (here / "a.pim").write_text(".system tiny\nvadd a=0, b=1, dd=2, n=4\nmac_ab row=0, n=x\n")
    result = bitloom("pim", "asm", "a.pim")
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines() == [
        "bitloom: a.pim:2:16: vadd has no operand 'dd' (did you mean 'd'?)",
        "bitloom: a.pim:3:1: the program runs past its end: its last instruction must be HALT",
        "bitloom: a.pim:3:17: there is no constant 'x'",
    ]
    (here / "a.pim").write_text(".system tiny\nmac_ab row=0, n=9\nrd_mac d=2047\n")
    result = bitloom("pim", "asm", "a.pim")
    assert result.err.splitlines() == [
        "bitloom: a.pim:2:1: words 0 to 8 go beyond the global buffer, which has 8",
        "bitloom: a.pim:3:1: the program runs past its end: its last instruction must be HALT",
        "bitloom: a.pim:3:10: words 2047 to 2048 go beyond the SRAM, which has 2048",
    ]
    assert not (here / "a.bin").exists()


def test_unchecked(bitloom, here):
    (here / "a.pim").write_text(".system tiny\nrd_mac d=2047\n.word 0\n")
    assert bitloom("pim", "asm", "a.pim").status == 2
    assert bitloom("pim", "asm", "a.pim", "--unchecked").status == 0
    assert "no instruction has opcode 0x00" in bitloom("pim", "disasm", "a.bin").out


def test_another_system(bitloom, here):
    (here / "a.pim").write_text("mac_ab row=0, n=8\nrd_mac d=0\nhalt\n")
    params = PRESETS["tiny"].to_dict() | {"channels": 4}
    (here / "mine.json").write_text(json.dumps(params))
    assert bitloom("pim", "asm", "a.pim", "--system", "mine.json").status == 0
    assert bitloom("pim", "disasm", "a.bin").out.startswith(".system tiny, channels=4\n")
    assert bitloom("pim", "asm", "a.pim", "--system", "pimgpt_paper").status == 0
    assert bitloom("pim", "disasm", "a.bin").out.startswith(".system pimgpt_paper\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["asm", "none.pim"], "none.pim: can't be read: No such file or directory"),
        (["asm", "bytes.pim"], "bytes.pim: is not UTF-8 text (byte 0)"),
        (["asm", "fine.pim", "-o", "a.elf"], "a.elf: a program file ends in .bin or .hex, not in '.elf'"),
        (["asm", "fine.pim", "-o", "a.txt"], "a.txt: a program file ends in .bin or .hex, not in '.txt'"),
        (["asm", "fine.pim", "-o", "a"], "a: a program file ends in .bin or .hex, not in nothing"),
        (["asm", "."], ".: can't be read: Is a directory"),
        (["asm", "/"], "/: can't be read: Is a directory"),
        (["asm", "deep.pim"], "deep.pim:2:112: at most 100 brackets and signs can stand inside one another"),
        (
            ["asm", "fine.pim", "--system", "deep.json"],
            "deep.json: is not valid JSON: brackets inside brackets without end",
        ),
        (["asm", "fine.pim", "-o", "notes.bin"], "notes.bin: is no program of the PIM controller: it stays as it is"),
        (
            ["asm", "fine.pim", "--system", "tinny"],
            "system: must be one of pimgpt_paper, aim_measured, aim_reference, tiny, not 'tinny' "
            "(did you mean 'tiny'?)",
        ),
        (["asm", "fine.pim", "--system", "list.json"], "list.json: must hold an object: the parameters of a system"),
        (
            ["asm", "fine.pim", "--system", "bad.json"],
            "bad.json: pim.chanels: unknown key (did you mean 'channels'? legal: channels, banks, lanes, ",
        ),
        (["asm", "fine.pim", "--system", "twice.json"], "twice.json: trp: is there twice, as 12 and as 13"),
        (["asm", "fine.pim", "--system", "holes.json"], "holes.json: timing: lacks trefi: a table is whole"),
        (["asm", "fine.pim", "--system", "none.json"], "none.json: can't be read: No such file or directory"),
        (["asm", "fine.pim", "--system", "fine.pim"], "fine.pim: is not valid JSON: Expecting value"),
        (["disasm", "fine.pim"], "fine.pim: is no program of the PIM controller"),
        (["disasm", "none.bin"], "none.bin: can't be read: No such file or directory"),
    ],
)
def test_requests_that_are_wrong(bitloom, here, arguments, message):
    (here / "fine.pim").write_text(TEXT)
    (here / "bytes.pim").write_bytes(b"\xff\xfe")
    (here / "deep.pim").write_text(f".system tiny\n.const a = {'(' * 3000}1{')' * 3000}\nhalt\n")
    (here / "deep.json").write_text("[" * 100_000)
    (here / "twice.json").write_text('{"timing": {"trp": 12, "trc": 36, "trp": 13}}')
    system = PRESETS["tiny"].to_dict()
    del system["timing"]["trefi"]
    (here / "holes.json").write_text(json.dumps(system))
    (here / "notes.bin").write_text("mine")
    (here / "list.json").write_text("[1]")
    (here / "bad.json").write_text('{"chanels": 2}')
    result = bitloom("pim", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"bitloom: {message}")
    assert (here / "notes.bin").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pim"], "the following arguments are required: VERB\nTry 'bitloom pim --help'."),
        (["pim", "disasn", "x"], "unknown command 'disasn' (did you mean 'disasm'?)\nTry 'bitloom pim --help'."),
        (
            ["pim", "asm", "x", "--waves"],
            "unexpected argument '--waves' (that is an option of other commands than 'asm')\n"
            "Try 'bitloom pim asm --help'.",
        ),
        (
            ["pim", "asm", "x", "--unchekced"],
            "unexpected argument '--unchekced' (did you mean '--unchecked'?)\nTry 'bitloom pim asm --help'.",
        ),
    ],
)
def test_command_lines_that_are_wrong(bitloom, arguments, message):
    result = bitloom(*arguments)
    assert (result.status, result.err) == (2, f"bitloom: {message}\n")

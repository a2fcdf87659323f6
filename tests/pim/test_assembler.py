"""The assembler: what is read, and what is refused and where."""

from __future__ import annotations

import textwrap
import time
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gen.pim.assemble
from gen.pim.assemble import assemble, constants_of
from gen.pim.check import check
from gen.pim.literals import bf16_bits, fp32_bits, shortest, value_of
from hdl.params import ConfigError
from hdl.params.pim import PRESETS
from tests.pim.texts import TINY, code, problems, program

# --- what is read ----------------------------------------------------------------------------------------------------


def test_every_form():
    text = """
    # a comment
    .const BASE = 2 * (ROW_COLS + 1) - 0x2     # 16
    .CONST mask_1 = CH1 | 0

            SETR    r=r1, value=1e-5, fence
    outer:  loop    n=2, row=-1, col=3, a=0b10
    inner:    Loop    n = 0x3 , d=SLOT_WORDS
                mac_ab  row=BASE@outer, col=1, n=2, mask=mask_1
                vmov    a=1@inner, d=64@outer@inner, n=4, irq
              endl    inner, fence
            endl
            vscale  imm=r3, a=0, d=0, n=1
            vaxpy   imm=-1/8, a=0, b=1, d=2, n=1
            wr_bias zero
            rd_mac  d=8, accumulate, mask=CH0
            vgather a=0, d=8, n=2, stride=r2
            mark    tag=0xff
            halt
    """
    assert code(text) == [
        "setr r=1, value=925353388, fence",
        "loop n=2, row=-1, col=3, a=2, b=0, d=0",
        "loop n=3, row=0, col=0, a=0, b=0, d=2",
        "mac_ab mask=2, row=16, col=1, n=2, gb=0, acc=0, vectors=1, advance=0x01",
        "vmov a=1, d=64, n=4, irq, advance=0xa8",
        "endl fence",
        "endl",
        "vscale imm=3, a=0, d=0, n=1, reg",
        "vaxpy imm=48640, a=0, b=1, d=2, n=1",
        "wr_bias mask=3, a=0, acc=0, n=1, stride=0, zero",
        "rd_mac mask=1, d=8, acc=0, n=1, stride=0, accumulate",
        "vgather a=0, stride=2, d=8, n=2, reg",
        "mark tag=255",
        "halt",
    ]


def test_the_text_of_the_documentation():
    text = gen.pim.assemble.__doc__.split("::\n\n")[1].split("\n\nInstructions")[0]
    found = assemble(textwrap.dedent(text))
    assert len(found.words) == 8
    assert check(found) == []


def test_system_with_changes():
    found = assemble(".system tiny, channels=4, timing.trp=7, timing.trc=21, energy.read=1.5\nhalt")
    assert found.params == replace(
        TINY, channels=4, timing=replace(TINY.timing, trp=7, trc=21), energy=replace(TINY.energy, read=1.5)
    )
    assert assemble(".system pimgpt_paper\nhalt", system=TINY).params == TINY
    assert assemble("halt", system=TINY).params == TINY


@pytest.mark.parametrize("name", PRESETS)
def test_constants(name):
    constants = constants_of(PRESETS[name])
    text = "\n".join(f"mark tag={name} & 0xff" for name in constants)
    found = assemble(f".system {name}\n{text}\nhalt")
    assert [one["tag"] for one in found.instructions[:-1]] == [value & 255 for value in constants.values()]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("-7 // 2", -4),
        ("7 % 4", 3),
        ("1 << 3 | 1", 9),
        ("~0 & 0xf", 15),
        ("6 ^ 3", 5),
        ("6 / 2", 3),
        ("--5", 5),
        ("1_000", 1000),
        ("256 >> 4 >> 2", 4),
    ],
)
def test_expressions(expression, value):
    assert program(f".const X = {expression}\nsetr r=r0, value=X + 100\nhalt").instructions[0]["value"] == value + 100


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("1.0", 0x3F80),
        ("-2", 0xC000),
        ("0.1", 0x3DCD),
        ("1.00390625", 0x3F80),  # halfway to the next: even
        ("1.01171875", 0x3F82),
        ("1.0039062500000000001", 0x3F81),  # just above halfway: one rounding, not two
        ("3.3895313892515355e38", 0x7F7F),
        ("0.0", 0),
        ("-0.0", 0x8000),
        ("inf", 0x7F80),
        ("-inf", 0xFF80),
        ("nan", 0x7FC0),
        ("1/3", 0x3EAB),
        ("2e-38", 0x00DA),
    ],
)
def test_bf16(text, bits):
    assert program(f"vscale imm={text}, a=0, d=0, n=1\nhalt").instructions[0]["imm"] == bits


def test_bf16_numbers_read_back():
    """Zero, infinities, the one NaN, and every fraction of some exponents; subnormal numbers have no decimal."""
    named = 0
    for exponent in (0, 1, 2, 63, 100, 120, 126, 127, 128, 150, 200, 253, 254, 255):
        for bits in (sign << 15 | exponent << 7 | fraction for sign in (0, 1) for fraction in range(128)):
            text = shortest(bits, 16)
            special = exponent in (0, 255)
            assert bool(text) == (not special or bits & 0x7F == 0 or bits == 0x7FC0)
            if text and not special:
                assert bf16_bits(Fraction(text)) == bits
                assert len(text.lstrip("-").replace(".", "").split("e")[0].strip("0")) <= 4
                named += 1
    assert named == 12 * 256


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_single_precision(value):
    bits = fp32_bits(value)
    assert value_of(bits, 32) == value
    assert fp32_bits(Fraction(value)) == bits or value == 0
    assert fp32_bits(float(shortest(bits, 32))) == bits


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3.4e38", "the value is beyond the greatest bf16 number"),
        ("-1e400", "the value is beyond the greatest bf16 number"),
        ("1e-39", "the value is below the least bf16 number that counts, 2^-126"),
        ("1e5000", "'1e5000' is no number"),
    ],
)
def test_numbers_out_of_range(text, message):
    assert problems(f"vscale imm={text}, a=0, d=0, n=1\nhalt") == [f"2:12: {message}"]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_every_problem_at_once_each_at_its_place():
    text = """\
    .const X = Y
    vad  a=0, b=1, d=2, n=4
    vadd a=0, b=1, dd=2, n=4
    vadd a=0, b=1, d=2
    vadd a=0, b=1, d=65536, n=4, fenc
      mac_ab mask=ALL, row=1.5, n=2
    softmax a=0 d=1, n=3
    srecip r=r16, s=r1
    vexp a=0, a=1, d=2, n=1
    rd_mac d=0, fence, fence
    endl nothing
    .consst Z = 1
    foo: vexp a=0, d=1, n=1
    halt now
    """
    assert problems(text) == [
        "2:12: there is no constant 'Y'",
        "3:1: expected an instruction, not 'vad' (did you mean 'vadd'?)",
        "4:16: vadd has no operand 'dd' (did you mean 'd'?)",
        "5:1: vadd needs n",
        "6:18: 'd' is 0 to 65535 (16 bits), not 65536",
        "6:30: expected an operand or a flag of vadd, not 'fenc' (did you mean 'fence'?)",
        "7:24: 'row' is an integer",
        "8:13: expected ',', not 'd'",
        "9:10: expected a scalar register, r0 to r15, not 'r16'",
        "10:11: 'a' is given twice",
        "11:20: 'fence' is given twice",
        "12:6: 'nothing' is not the loop that ends here",
        "13:1: expected a directive: .system, .const, .word, not '.consst' (did you mean '.const'?)",
        "14:6: a label names a loop: expected 'loop' after it",
        "15:6: expected an operand or a flag of halt, not 'now'",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the program runs past its end: its last instruction must be HALT"),
        ("nop", "2:1: the program runs past its end: its last instruction must be HALT"),
        ("halt\nnop\nhalt", "2:1: ends the program here: it must be the last instruction, outside loops"),
        ("mac_ab mask=0, row=0, n=1\nhalt", "2:13: no channel takes part"),
        ("pre_ab mask=4\nhalt", "2:13: channel 2 takes part, but there are channels 0 to 1"),
        ("rd_sb bank=0, row=0, n=1, d=0\nhalt", "2:1: one channel can be read at a time, not 2"),
        ("pre bank=4\nhalt", "2:10: the last bank is 3, not 4"),
        ("wr_gb a=0, n=2, gb=7\nhalt", "2:20: words 7 to 8 go beyond the global buffer, which has 8"),
        ("vexp a=0, d=2040, n=33\nhalt", "2:13: words 2040 to 2048 go beyond the SRAM, which has 2048"),
        ("vexp a=0, d=1, n=8\nhalt", "2:13: must begin where 'a' begins, or not overlap it"),
        ("vexp a=0, d=0, n=0\nhalt", "2:18: a count must be at least 1, not 0"),
        ("act_ab row=64\nhalt", "2:12: columns 512 to 512 go beyond a bank, which has 64 rows of 8"),
        (
            "rd_mac d=0\nhalt",
            "2:1: reads the accumulators of channel 0, 1 too early: no MAC_AB or WR_BIAS has written them since they "
            "were cleared",
        ),
        (
            "wr_bias zero, mask=CH0\nrd_mac d=0\nhalt",
            "3:1: reads the accumulators of channel 1 too early: no MAC_AB or WR_BIAS has written them since they "
            "were cleared",
        ),
        ("wr_bias zero\nrd_mac d=0\nrd_mac d=0, mask=CH0\nhalt", "4:18: reads the accumulators of channel 0 too early"),
        ("loop n=2\nhalt", "2:1: has no ENDL"),
        ("endl\nhalt", "2:1: ends no loop: there is no LOOP before it"),
        ("loop n=2\nloop n=2\nloop n=2\nendl\nendl\nendl\nhalt", "4:1: is inside 2 loops: a third can't be"),
        ("loop n=0\nendl\nhalt", "2:8: a count must be at least 1, not 0"),
        ("loop n=2, col=8\nendl\nhalt", "2:15: a step of columns is 0 to 7, not 8: the rest is rows"),
        (".word 0\nhalt", "2:1: no instruction has opcode 0x00"),
        (".word 1 << 122 | 7\nhalt", "2:1: bits are set that nop doesn't use (0x7)"),
        (".word 6 << 122 | 1 << 128", "2:7: a word is an integer of 128 bits"),
        ("vexp a=0, d=1, n=1, reg\nhalt", "2:21: expected an operand or a flag of vexp, not 'reg'"),
        ("vscale imm=0.5, a=r1, d=1, n=1\nhalt", "2:19: there is no constant 'r1'"),
        ("setr r=3, value=0\nhalt", "2:8: expected a scalar register, r0 to r15, not '3'"),
        ("wr_bias a=0, zero\nhalt", "2:1: nothing is read at 'a' with flag 'zero'"),
        ("mac_ab row=0, n=1/2\nhalt", "2:17: 'n' is an integer"),
        ("mac_ab row=1 % 0, n=1\nhalt", "2:14: division by zero"),
        ("setr r=r0, value=1 << 5000\nhalt", "2:20: a shift is 0 to 4096 bits, not 5000"),
        ("setr r=r0, value=1 << 4000 << 4000\nhalt", "2:28: the result is too large"),
        ("setr r=r0, value=inf * 0\nhalt", "2:22: nothing can be computed with infinity, NaN and negative zero"),
        ("setr r=r0, value=(1\nhalt", "2:20: expected ')', not the end of the line"),
        ("setr r=r0, value=0x\nhalt", "2:18: '0x' is no number"),
        ("setr r=r0, value=1 << 32\nhalt", "2:18: 'value' is 0 to 4294967295 (32 bits), not 4294967296"),
        ("layernorm a=0, b=8, beta=16, d=24, n=5, eps=r1\nhalt", "2:1: layernorm needs share"),
        (".const ALL = 1\nhalt", "2:8: 'ALL' already has a meaning"),
        (".const x = 1\nx: loop n=1\nendl\nhalt", "3:1: 'x' already has a meaning"),
        (".const r7 = 1\nhalt", "2:8: 'r7' already has a meaning"),
        (".system tiny\nhalt", "2:1: the system is stated once, before everything else"),
        ("a: loop n=1\nvexp a=0@b, d=1, n=1\nendl\nhalt", "3:10: 'b' is no loop around this instruction (legal: a)"),
        ("a: loop n=1\nvexp a=0, d=1, n=1@a\nendl\nhalt", "3:19: 'n' can't advance: only row, a, b, d and gb do"),
        ("a: loop n=1\nb: loop n=1\nendl a\nendl\nhalt", "4:6: 'a' is not the loop that ends here (the innermost loop"),
    ],
)
def test_refused(text, message):
    found = problems(text)
    assert any(each.startswith(message) for each in found), found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A loop whose line is wrong is still a loop, and so is one whose name is.
        ("a: loop n=x\nvexp a=0@a, d=1, n=1\nendl a\nhalt", ["2:11: there is no constant 'x'"]),
        (
            "a: lop n=2\nvexp a=0@a, d=1, n=1\nendl a\nhalt",
            [
                "2:4: a label names a loop: expected 'loop' after it",
                "2:4: expected an instruction, not 'lop' (did you mean 'loop'?)",
            ],
        ),
        # What a constant should have been is one problem, wherever it is used.
        (".const x = y\nout a=x, n=x + 1\nhalt", ["2:12: there is no constant 'y'"]),
        # An instruction that nobody knows, or a flag, may have loaded the accumulators, or have kept them.
        (
            "mac_abb row=0, n=1\nrd_mac d=0\nhalt",
            ["2:1: expected an instruction, not 'mac_abb' (did you mean 'mac_ab'?)"],
        ),
        (
            "mac_ab row=0, n=1\nrd_mac d=0, accumulat\nrd_mac d=0\nhalt",
            ["3:13: expected an operand or a flag of rd_mac, not 'accumulat' (did you mean 'accumulate'?)"],
        ),
        ("out a=0, n=1\nhalt soon", ["3:6: expected an operand or a flag of halt, not 'soon'"]),
        ("hlat", ["2:1: expected an instruction, not 'hlat' (did you mean 'halt'?)"]),
        # A vector of which one operand is not known is no overlap.
        ("vexp a=x, d=1, n=64\nhalt", ["2:8: there is no constant 'x'"]),
    ],
)
def test_wrong_lines_cause_no_other_problems(text, found):
    assert problems(text) == found


def test_names_and_addresses_in_one_go():
    """Every problem of a line and of the text, whatever its kind, in the order of the text."""
    text = """\
    vadd a=x, b=5000, d=y+z, n=4
    mac_ab row=q, n=9
    rd_mac d=2047
    out a=2048, n=1, fenc
    wr_sb mask=CH2, bank=4, row=0, n=1, a=1.5
    """
    assert problems(text) == [
        "2:8: there is no constant 'x'",
        "2:13: words 5000 to 5000 go beyond the SRAM, which has 2048",
        "2:21: there is no constant 'y'",
        "2:23: there is no constant 'z'",
        "3:1: words 0 to 8 go beyond the global buffer, which has 8",
        "3:12: there is no constant 'q'",
        "4:10: words 2047 to 2048 go beyond the SRAM, which has 2048",
        "5:7: words 2048 to 2048 go beyond the SRAM, which has 2048",
        "5:18: expected an operand or a flag of out, not 'fenc' (did you mean 'fence'?)",
        "6:1: the program runs past its end: its last instruction must be HALT",
        "6:12: there is no constant 'CH2' (did you mean 'CH1'?)",
        "6:22: the last bank is 3, not 4",
        "6:39: 'a' is an integer",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f".const a = {'(' * 3000}1{')' * 3000}", "2:112: at most 100 brackets and signs can stand inside one another"),
        (f".const a = {'-' * 3000}1", "2:112: at most 100 brackets and signs can stand inside one another"),
        (f".const a = {'~(' * 60}1", "2:112: at most 100 brackets and signs can stand inside one another"),
        (f".const a = 0x{'f' * 6000}", "2:12: the number is too large"),
        (f".const a = {'9' * 5000}", f"2:12: '{'9' * 40}...' is no number"),
        (f"{'a' * 5000}", f"2:1: expected an instruction, not '{'a' * 40}...'"),
    ],
)
def test_texts_without_end(text, message):
    assert message in problems(f"{text}\nhalt")


def test_deep_brackets_that_are_legal():
    assert program(f".const a = {'(' * 99}7{')' * 99}\nmark tag=a\nhalt").instructions[0]["tag"] == 7


def test_a_text_that_is_none():
    """It is given up after the first problems, however long it is; so is a line."""
    start = time.monotonic()
    found = problems("x\n" * 100_000)
    assert len(found) == 201
    assert found[-1] == "202:1: the rest was not read: so many problems make no program"
    found = problems("vadd " + "x," * 100_000)
    assert 50 <= len(found) < 60
    assert time.monotonic() - start < 60


def test_no_system():
    for text, where in (("halt", "1:1"), ("# nothing\n\n", "1:1"), (".const x = 1\nvexp\n", "2:1")):
        with pytest.raises(ConfigError) as caught:
            assemble(text, "a.asm")
        message = f"a.asm:{where}: which system is this for? Begin with '.system' and its name"
        message += " (legal: pimgpt_paper, aim_measured, aim_reference, tiny)"
        assert str(caught.value).splitlines()[0] == message


def test_wrong_system():
    with pytest.raises(ConfigError) as caught:
        assemble(".system tyny\nvexp a=0, d=0, n=1, x\nhalt")
    assert str(caught.value).splitlines() == [
        "1:9: must be one of pimgpt_paper, aim_measured, aim_reference, tiny, not 'tyny' (did you mean 'tiny'?)",
        "2:21: expected an operand or a flag of vexp, not 'x'",
    ]
    with pytest.raises(ConfigError) as caught:
        assemble(".system tiny, banks=3, timing.trpp=4, energy.read=-1")
    assert str(caught.value).splitlines() == [
        "1:15: pim.banks must be a power of two, not 3 (2 or 4)",
        "1:24: timing.trpp unknown key (did you mean 'trp'? legal: " + ", ".join(vars(TINY.timing)) + ")",
        "1:39: energy.read must be a number from 0 to 1,000,000, not -1",
    ]
    with pytest.raises(ConfigError) as caught:
        assemble(".system tiny, energy.mac=1e4000, chanels=2, timin.trp=4, gb_words=0, foo\nout a=x, n=1\nhalt")
    assert [line.split(" (")[0] for line in str(caught.value).splitlines()] == [
        "1:26: the number is too large",
        "1:34: pim.chanels unknown key",
        "1:45: timin.trp 'timin' is no table of a system",
        "1:58: pim.gb_words must be 1 to 4095, not 0",
        "1:73: expected '=', not the end of the line",
        "2:7: there is no constant 'x'",
    ]


def test_program_memory():
    text = "nop\n" * TINY.program_words
    assert len(program(f"{text[4:]}halt").words) == TINY.program_words
    memory = TINY.program_words
    assert problems(f"{text}halt") == [
        f"{memory + 2}:1: is beyond the program memory, which holds {memory} instructions of the {memory + 1}"
    ]

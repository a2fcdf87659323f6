"""``bitloom pim run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim_tb.golden.float import widen
from sim_tb.pim.bench import execute as executes
from tests.pim.machines import TINY

EVENTS_OF_TINY = TINY.energy.events(TINY.timing, TINY.word_bits)
ROOT = Path(__file__).resolve().parents[2]
TEXT, WORDS = ROOT / "configs" / "attention.pim", ROOT / "configs" / "attention.hex"


SHAPE = "must have the shape (words, 4) or be a vector of a multiple of 4"
PLACED = "gen.pim.layout places matrices and vectors, see docs/pim-tutorial.md"
KINDS = "must hold bf16 as uint16, or floating-point numbers"


@pytest.mark.sim
def test_a_program_and_what_it_leaves(bitloom, here):
    """Scores and their softmax, from the assembled text and from a program file; figures that agree with each other."""
    arguments = ["--input", str(WORDS), "--output", "out.npy", "--dump-sram", "sram.npy", "--dump-memory", "banks.hex"]
    result = bitloom("pim", "run", str(TEXT), *arguments, "--json")
    assert (result.status, result.err) == (0, "")
    found = result.json
    assert (found["passed"], found["error"], found["pc"]) == (True, None, 17)
    assert found["counters"]["instructions"] == 17 == found["instructions"]
    assert found["commands"]["MAC_AB"] == found["counters"]["macs"] == 2
    assert found["commands"]["WR_SB"] == found["counters"]["writes"] == 8
    assert [mark["tag"] for mark in found["marks"]] == [1, 2]
    assert found["marks"][0]["cycle"] < found["marks"][1]["cycle"] < found["cycles"] == found["counters"]["cycles"]
    assert found["compared"] > TINY.sram_words * TINY.lanes
    scores = np.array([1, 2, 3, 4, -4, 2, 0, 4], np.float32)
    outputs = np.load("out.npy")
    assert (widen(outputs[:2].reshape(-1)) == scores).all()
    weights = np.exp(scores.astype(np.float64) / 2)
    assert np.abs(widen(outputs[2:].reshape(-1)) - weights / weights.sum()).max() < 4e-3
    assert (np.load("sram.npy")[16:20] == outputs).all()
    banks = Path("banks.hex").read_text().splitlines()
    assert len(banks) == TINY.units * TINY.rows * TINY.row_cols
    first = [line.split("//")[0] for line in WORDS.read_text().splitlines()[1:9]]
    assert banks[:: TINY.rows * TINY.row_cols] == first
    # The same from a file, from SRAM in place of the stream, under a host that pauses.
    bitloom("pim", "asm", str(TEXT), "-o", "a.bin")
    again = bitloom(
        "pim", "run", "a.bin", "--input", str(WORDS), "--stall", "100", "--output", "out.hex", "--json"
    ).json
    assert again["passed"]
    assert again["cycles"] > found["cycles"]
    assert again["commands"] == found["commands"]
    lines = ["".join(f"{each:04x}" for each in word[::-1]) for word in outputs.tolist()]
    check_energy(found)
    assert Path("out.hex").read_text().splitlines() == lines


def check_energy(found: dict[str, Any]) -> None:
    """The classes' energies, from the counters, which the log's window must agree with."""
    energy, counters, commands, events = found["energy"], found["counters"], found["commands"], EVENTS_OF_TINY
    parts = energy["parts_pj"]
    assert parts["MAC"] == pytest.approx(counters["macs"] * events["MAC_AB"])
    assert counters["activates"] == commands["ACT"] + commands["ACT_AB"]
    assert parts["activation"] == pytest.approx((commands["ACT"] + 4 * commands["ACT_AB"]) * events["ACT"])
    assert parts["write"] == pytest.approx(counters["writes"] * events["WR_SB"])
    assert parts["read"] == counters["reads"] == 0
    words = counters["buffer_writes"] + counters["accumulator_reads"] + counters["accumulator_writes"]
    assert parts["registers"] == pytest.approx(words * events["WR_GB"])
    assert parts["refresh"] == pytest.approx(counters["refreshes"] * events["REF"])
    cycles, table = found["cycles"], energy["table"]
    low, high = (2 * cycles * table[key] for key in ("standby_precharged", "standby_active"))
    assert low < parts["background"] < high
    assert parts["controller"] == pytest.approx(cycles * 304.59)
    assert energy["total_pj"] == pytest.approx(sum(parts.values()))
    assert energy["macs"] == counters["macs"] * 4 * 4
    assert energy["pj_per_mac"] == pytest.approx(energy["total_pj"] / energy["macs"])
    assert set(energy["sources"]) == set(table)
    assert all(energy["sources"].values())
    assert energy["note"].startswith("the table is of channels with 16 banks of 16 lanes")


@pytest.mark.sim
def test_the_page_shows_what_is_printed(bitloom, here):
    page = (ROOT / "docs" / "pim.md").read_text(encoding="utf-8")
    shown = page.split("--input configs/attention.hex --output weights.npy\n")[1].split("...\n")[0]
    assert shown.startswith("halted after ")
    assert bitloom("pim", "run", str(TEXT), "--input", str(WORDS)).out.startswith(shown)


@pytest.mark.sim
def test_memory_and_scalars(bitloom, here):
    """Banks and registers from files and options, floating-point numbers rounded to bf16."""
    image = np.zeros((2, 4, 2, 4), np.float32)
    image[1, 2, 1] = [1.5, -2, 3.0000001, 100]
    np.save("banks.npy", image)
    text = "rd_sb mask=CH1, bank=2, row=0, col=1, n=1, d=5\nvscale a=5, d=6, n=4, imm=r3\nout a=6, n=1\nhalt\n"
    (here / "a.pim").write_text(text)
    arguments = ["--system", "tiny", "--memory", "banks.npy", "--scalar", "r3=2.0", "--output", "out.npy"]
    result = bitloom("pim", "run", "a.pim", *arguments)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("halted after ")
    assert "timing violations: none" in result.out
    warning = "warning: 1 column of the banks was given and not read, the first is 0"
    assert result.out.splitlines()[1] == warning
    assert widen(np.load("out.npy")).tolist() == [[3, -4, 6, 200]]


@pytest.mark.sim
def test_what_should_be_looked_at(bitloom, here):
    """What was read and never written, given and never read, is no number, or no number that counts: a warning each."""
    (here / "a.pim").write_text(
        ".system tiny\nin d=0, n=1\nwr_gb a=0, n=2\nmac_ab row=0, n=3\nrd_mac d=8\nout a=8, n=2\nhalt\n"
    )
    given = np.ones((3, 4), np.float32)
    given[1] = [np.nan, 1, np.inf, 1]
    np.save("in.npy", given)
    np.save("sram.npy", np.arange(8, dtype=np.uint16))
    np.save("banks.npy", np.ones((2, 4, 2, 4), np.float32))
    arguments = ["--input", "in.npy", "--sram", "sram.npy", "--memory", "banks.npy", "--json"]
    result = bitloom("pim", "run", "a.pim", *arguments)
    assert (result.status, result.err) == (0, "")
    assert result.json["warnings"] == [
        "in.npy: 2 of 3 words were not read: the program reads 1",
        "in.npy: 2 of 12 elements are infinite or NaN, the first at [1, 0]",
        "sram.npy: 7 of 8 elements are no normal numbers and count as zero (uint16 holds the bits of bf16 numbers), "
        "the first at [0, 1]",
        "instruction 2 (mac_ab mask=3, row=0, col=0, n=3, gb=0, acc=0, vectors=1) reads "
        "8 columns of the banks that nobody has written, "
        "the first at 2: they are zero",
        "instruction 2 (mac_ab mask=3, row=0, col=0, n=3, gb=0, acc=0, vectors=1) reads "
        "2 words of the global buffer that nobody has "
        "written, the first at 2: they are zero",
    ]


@pytest.mark.sim
def test_programs_that_end_badly(bitloom, here, monkeypatch):
    """A fault, a program that waits for ever, and a golden model that differs."""
    (here / "a.pim").write_text("nop\nrd_mac d=0\nhalt\n")
    result = bitloom("pim", "run", "a.pim", "--system", "tiny", "--unchecked")
    assert result.status == 1
    assert result.out.splitlines()[0].startswith("error ACCUMULATOR at instruction 1 (rd_mac")
    assert "as the golden model" in result.out
    (here / "b.pim").write_text("nop\nin d=0, n=4\nvadd a=0, b=0, d=0, n=4\nhalt\n")
    result = bitloom("pim", "run", "b.pim", "--system", "tiny", "--limit", "500", "--unchecked")
    assert result.status == 1
    assert "given up after " in result.out
    assert "waits for the host" in result.out.splitlines()[0]
    (here / "c.pim").write_text("setr r=r1, value=7\nhalt\n")
    run = executes.Machine.run

    def wrong(self, program, start=0):
        outcome = run(self, program, start)
        self.scalars[1] ^= 1
        self.device.buffers[0, 0, 0] ^= 1
        return outcome

    monkeypatch.setattr(executes.Machine, "run", wrong)
    result = bitloom("pim", "run", "c.pim", "--system", "tiny", "--json")
    assert result.status == 1
    assert result.json["differences"] == [
        "scalar registers: 1 of 16 values differ, the first at [1]: 0x7 in hardware, 0x6 in the golden model",
        "global buffers: 1 of 64 values differ, the first at [0, 0, 0]: 0x0 in hardware, 0x1 in the golden model",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.pim"], "none.pim: can't be read: No such file or directory"),
        (["bad.pim"], "bad.pim:2:1: has no ENDL\nbitloom: bad.pim:2:8: there is no constant 'x'"),
        (["none.bin"], "none.bin: can't be read: No such file or directory"),
        (
            ["fine.pim", "--system", "tinny"],
            "system: must be one of pimgpt_paper, aim_measured, aim_reference, tiny, not 'tinny'",
        ),
        (["fine.pim", "--stall", "256"], "--stall: must be from 0 to 255, not 256"),
        (["fine.pim", "--limit", "0"], "--limit: must be from 1 to 2,147,483,648, not 0"),
        (["fine.pim", "--rows", "65"], "--rows: must be from 1 to 64, not 65"),
        (["fine.pim", "--input", "none.npy"], "none.npy: can't be read: No such file or directory"),
        (["fine.pim", "--input", "fine.pim"], "fine.pim: a file of words ends in .npy or .hex, not in '.pim'"),
        (["fine.pim", "--input", "text.hex"], "text.hex:2: must have 16 hexadecimal digits, not 'words'"),
        (["fine.pim", "--input", ""], "argument --input: must name a file or a folder, not be empty"),
        (["fine.pim", "--sram", "text.npy"], "text.npy: is not a NumPy file, or is damaged"),
        (["fine.pim", "--sram", "folder.npy"], "folder.npy: can't be read: Is a directory"),
        (["fine.pim", "--sram", "two.npy"], "two.npy: goes on behind its array: it is damaged, or holds several"),
        (["fine.pim", "--sram", "several.npy"], "several.npy: must hold a single array, as numpy.save writes it"),
        (["fine.pim", "--sram", "int.npy"], "int.npy: must hold bf16 as uint16, or floating-point numbers, not int64"),
        (["fine.pim", "--sram", "odd.npy"], f"odd.npy: {SHAPE}, not (3,) ({PLACED})"),
        # Shapes that would have to be guessed at: other than words, the words of a matrix, an image of the banks.
        (["reads.pim", "--input", "32x5.npy"], f"32x5.npy: {SHAPE}, not (32, 5) ({PLACED})"),
        (["reads.pim", "--input", "64x128.npy"], f"64x128.npy: {SHAPE}, not (64, 128) ({PLACED})"),
        (["reads.pim", "--input", "image.npy"], f"image.npy: {SHAPE}, not (2, 4, 512, 4) ({PLACED})"),
        (["fine.pim", "--sram", "32x5.npy"], f"32x5.npy: {SHAPE}, not (32, 5) ({PLACED})"),
        (["reads.pim", "--input", "number.npy"], f"number.npy: {SHAPE}, not () ({PLACED})"),
        # Numbers that bf16 has not, and types that could mean numbers or bits.
        (["reads.pim", "--input", "large.npy"], "large.npy: the number 1e+39 at [1, 2] is beyond the greatest of bf16"),
        (["reads.pim", "--input", "complex.npy"], f"complex.npy: {KINDS}, not complex128"),
        (["reads.pim", "--input", "bool.npy"], f"bool.npy: {KINDS}, not bool (numbers: .astype(numpy.float32); bits: "),
        # Too few words; with none at all the program would wait for ever.
        (["reads.pim", "--input", "few.npy"], "few.npy: has 29 words: the program reads 30 words of 4 elements"),
        (["reads.pim"], "reads.pim: reads the input stream, and there is no --input: the program reads 30 words"),
        (["fine.pim", "--sram", "long.npy"], "long.npy: has 2049 words; the SRAM holds 2048"),
        (
            ["fine.pim", "--memory", "long.npy"],
            "long.npy: must have the shape (channels, banks, columns, lanes) = (2, 4, up to 512, 4), not (2049, 4) "
            "(gen.pim.layout.Memory places matrices",
        ),
        (
            ["fine.pim", "--memory", "64x128.npy"],
            "64x128.npy: must have the shape (channels, banks, columns, lanes) = ",
        ),
        (["fine.pim", "--memory", "other.npy"], "other.npy: must have the shape (channels, banks, columns, lanes) = "),
        (["fine.pim", "--memory", "image.npy", "--rows", "8"], "image.npy: has 512 columns; 64 columns of each bank "),
        (["fine.pim", "--memory", "text.hex"], "text.hex: what the banks hold comes as a .npy file"),
        # What is written: in a format that there is, in place of nothing but the same.
        (["fine.pim", "--output", "o.txt"], "o.txt: a file of words ends in .npy or .hex, not in '.txt'"),
        (["fine.pim", "--dump-sram", "o"], "o: a file of words ends in .npy or .hex, not in nothing"),
        (["fine.pim", "--output", "none/o.npy"], "none/o.npy: can't be written: there is no folder 'none'"),
        (["fine.pim", "--output", "folder.npy"], "folder.npy: can't be written: it is a folder"),
        (["fine.pim", "--output", "text.npy"], "text.npy: is no .npy file of words: it stays as it is"),
        (["fine.pim", "--output", "text.hex"], "text.hex: is no .hex file of words: it stays as it is"),
        (["fine.pim", "--dump-memory", "a.hex"], "a.hex: is no .hex file of words: it stays as it is"),
        (["a.hex", "--output", "a.hex"], "a.hex: is no .hex file of words: it stays as it is"),
        (
            ["fine.pim", "--sram", "few.npy", "--dump-sram", "./few.npy"],
            "--dump-sram: ./few.npy can't be written: few.npy is read",
        ),
        (
            ["fine.pim", "--output", "o.npy", "--dump-sram", "./o.npy"],
            "--dump-sram: ./o.npy can't be written: output is written there",
        ),
        (["fine.pim", "--scalar", "r16=1"], "--scalar: must be rN=VALUE with N from 0 to 15, not 'r16=1'"),
        (["fine.pim", "--scalar", "r1=1.0e40"], "--scalar: 1.0e40 is beyond the greatest single-precision number"),
        (["fine.pim", "--scalar", "r1=nan"], "--scalar: must be rN=VALUE with N from 0 to 15, not 'r1=nan'"),
        (["fine.pim", "--scalar", "r1=0x1ffffffff"], "--scalar: 0x1ffffffff has more than 32 bits"),
        (["fine.pim", "--scalar", f"r1={'9' * 5000}"], f"--scalar: {'9' * 40} has more than 32 bits"),
    ],
)
def test_requests_that_are_wrong(bitloom, here, arguments, message):
    (here / "fine.pim").write_text(".system tiny\nhalt\n")
    (here / "bad.pim").write_text(".system tiny\nloop n=x\nhalt\n")
    (here / "reads.pim").write_text(".system tiny\nloop n=10\nin d=0, n=3\nendl\nhalt\n")
    (here / "text.npy").write_text("words")
    (here / "text.hex").write_text("// mine\nwords")
    (here / "folder.npy").mkdir()
    assert bitloom("pim", "asm", "fine.pim", "-o", "a.hex").status == 0
    np.save("32x5.npy", np.zeros((32, 5), np.float32))
    np.save("64x128.npy", np.zeros((64, 128), np.float32))
    np.save("image.npy", np.zeros((2, 4, 512, 4), np.float32))
    np.save("other.npy", np.zeros((4, 2, 512, 4), np.float32))
    np.save("number.npy", np.float32(1))
    np.save("few.npy", np.zeros(29 * 4, np.float32))
    np.save("bool.npy", np.zeros(120, bool))
    np.save("complex.npy", np.zeros(120, complex))
    large = np.zeros((30, 4))
    large[1, 2] = 1e39
    np.save("large.npy", large)
    with (here / "two.npy").open("wb") as file:
        np.save(file, large)
        np.save(file, large)
    with (here / "several.npy").open("wb") as file:
        np.savez(file, large=large)
    before = {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()}
    np.save("int.npy", np.zeros(4, np.int64))
    np.save("odd.npy", np.zeros(3, np.uint16))
    np.save("long.npy", np.zeros((2049, 4), np.uint16))
    result = bitloom("pim", "run", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"bitloom: {message}")
    assert {path.name: path.read_bytes() for path in here.iterdir() if path.is_file() and path.name in before} == before


def test_a_program_for_another_system(bitloom, here):
    (here / "a.pim").write_text(".system tiny\nhalt\n")
    assert bitloom("pim", "asm", "a.pim").status == 0
    result = bitloom("pim", "run", "a.bin", "--system", "pimgpt_paper")
    assert result.status == 2
    assert result.err.startswith("bitloom: a.bin: is for system 9f1c3779, not for ")

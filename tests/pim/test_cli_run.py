"""``bitloom pim run``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim_tb.golden.float import widen
from sim_tb.pim import execute as executes
from tests.pim.machines import TINY

ROOT = Path(__file__).resolve().parents[2]
TEXT, WORDS = ROOT / "configs" / "attention.pim", ROOT / "configs" / "attention.hex"


@pytest.mark.sim
def test_a_program_and_what_it_leaves(bitloom, here):
    """Scores and their softmax, from the assembled text and from a program file; figures that agree with each other."""
    arguments = ["--input", str(WORDS), "--output", "out.npy", "--dump-sram", "sram.npy", "--dump-memory", "banks.hex"]
    result = bitloom("pim", "run", str(TEXT), *arguments, "--json")
    assert (result.status, result.err) == (0, "")
    found = result.json
    assert (found["passed"], found["error"], found["pc"]) == (True, None, 17)
    assert found["counters"]["instructions"] == 17 == found["instructions"]
    assert found["commands"]["MAC"] == found["counters"]["macs"] == 2
    assert found["commands"]["WR"] == found["counters"]["writes"] == 8
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
    assert Path("out.hex").read_text().splitlines() == lines


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
    assert widen(np.load("out.npy")).tolist() == [[3, -4, 6, 200]]


@pytest.mark.sim
def test_programs_that_end_badly(bitloom, here, monkeypatch):
    """A fault, a program that waits for ever, and a golden model that differs."""
    (here / "a.pim").write_text("nop\nrd_mac d=0\nhalt\n")
    result = bitloom("pim", "run", "a.pim", "--system", "tiny", "--unchecked")
    assert result.status == 1
    assert result.out.splitlines()[0].startswith("error ACCUMULATOR at instruction 1 (rd_mac")
    assert "as the golden model" in result.out
    (here / "b.pim").write_text("nop\nin d=0, n=4\nvadd a=0, b=0, d=0, n=4\nhalt\n")
    result = bitloom("pim", "run", "b.pim", "--system", "tiny", "--limit", "500")
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
        (["bad.pim"], "bad.pim:2:8: there is no constant 'x'"),
        (["none.bin"], "none.bin: can't be read: No such file or directory"),
        (["fine.pim", "--system", "tinny"], "system: must be one of pimgpt_paper, aim_measured, tiny, not 'tinny'"),
        (["fine.pim", "--stall", "256"], "--stall: must be from 0 to 255, not 256"),
        (["fine.pim", "--limit", "0"], "--limit: must be from 1 to 2,147,483,648, not 0"),
        (["fine.pim", "--rows", "65"], "--rows: must be from 1 to 64, not 65"),
        (["fine.pim", "--input", "none.npy"], "none.npy: can't be read: No such file or directory"),
        (["fine.pim", "--input", "fine.pim"], "fine.pim:1: must have 16 hexadecimal digits, not '.system tiny'"),
        (["fine.pim", "--sram", "text.npy"], "text.npy: is not a NumPy file"),
        (["fine.pim", "--sram", "int.npy"], "int.npy: must hold bf16 as uint16, or floating-point numbers, not int64"),
        (["fine.pim", "--sram", "odd.npy"], "odd.npy: must hold whole words of 4 elements, not 3 elements"),
        (["fine.pim", "--sram", "long.npy"], "long.npy: has 2049 words; the SRAM holds 2048"),
        (
            ["fine.pim", "--memory", "long.npy"],
            "long.npy: must have the shape (channels, banks, columns, lanes): (2, 4, ",
        ),
        (["fine.pim", "--scalar", "r16=1"], "--scalar: must be rN=VALUE with N from 0 to 15, not 'r16=1'"),
        (["fine.pim", "--scalar", "r1=0x1ffffffff"], "--scalar: 0x1ffffffff has more than 32 bits"),
    ],
)
def test_requests_that_are_wrong(bitloom, here, arguments, message):
    (here / "fine.pim").write_text(".system tiny\nhalt\n")
    (here / "bad.pim").write_text(".system tiny\nloop n=x\nhalt\n")
    (here / "text.npy").write_text("words")
    np.save("int.npy", np.zeros(4, np.int64))
    np.save("odd.npy", np.zeros(3, np.uint16))
    np.save("long.npy", np.zeros((2049, 4), np.uint16))
    result = bitloom("pim", "run", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"bitloom: {message}")


def test_a_program_for_another_system(bitloom, here):
    (here / "a.pim").write_text(".system tiny\nhalt\n")
    assert bitloom("pim", "asm", "a.pim").status == 0
    result = bitloom("pim", "run", "a.bin", "--system", "pimgpt_paper")
    assert result.status == 2
    assert result.err.startswith("bitloom: a.bin: is for system 9f1c3779, not for ")

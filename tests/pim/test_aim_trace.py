"""Traces for aim_simulator."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from gen.pim.aim_trace import aim_trace, write_aim_trace
from gen.pim.assemble import assemble
from gen.pim.unroll import unrolled
from hdl.params import ConfigError
from hdl.params.pim import PRESETS

AIM = PRESETS["aim_measured"]


def lines(text: str, **sizes: int) -> list[str]:
    """The trace of a text."""
    return list(aim_trace([assemble(text, "text", replace(AIM, **sizes))]))


def test_every_request():
    found = lines(
        """
        wr_gb   mask=0b101, a=7, n=64
        wr_gbx  mask=0b11, a=10, n=2, stride=5
        wr_bias mask=0xff, a=100
        wr_bias zero, mask=1
        mac_ab  mask=0xff, row=9, col=60, n=10
        rd_mac  mask=0xff, d=200
        wr_sb   mask=CH1, bank=3, row=4, col=63, n=2, a=30
        rd_sb   mask=CH7, bank=15, row=6, n=2, d=40
        wr_elem mask=0b110, row=11, col=5, lane=3, a=50
        softmax a=0, d=0, n=16, imm=1.0
        act_ab  mask=0xff, row=9
        pre_ab  mask=0xff
        halt
        """
    )
    assert found == [
        "W CFR 0 1",
        "AiM WR_GB 64 7 0xa0000000",
        "AiM WR_GB 2 10 0x80000000",
        "AiM WR_GB 2 15 0x40000000",
        "AiM WR_BIAS 100 0xff000000",
        "AiM WR_BIAS 0 0x80000000",
        "AiM MAC_ABK 4 0xff000000 9",
        "AiM MAC_ABK 6 0xff000000 10",
        "AiM RD_MAC 200 0xff000000",
        "AiM WR_SBK 30 0x40000000 3 4",
        "AiM WR_SBK 31 0x40000000 3 5",
        "AiM RD_SBK 40 0x01000000 15 6",
        "AiM RD_SBK 41 0x01000000 15 6",
        "AiM WR_ABK 51 0x40000000 11",
        "AiM WR_ABK 52 0x20000000 11",
        "AiM EOC",
    ]


def test_a_product_and_an_item():
    """VMM as its slots; an item in the bank of its turn."""
    found = lines(
        "setr r=r3, value=257\nvmm zero, row=2, col=0, n=96, slots=2, a=0, d=100\nrd_item row=50, n=48, r=r3, d=9\nhalt"
    )
    everyone = "0xff000000"
    product = [
        f"AiM WR_GB 64 0 {everyone}",
        f"AiM WR_BIAS 0 {everyone}",
        f"AiM MAC_ABK 64 {everyone} 2",
        f"AiM RD_MAC 100 {everyone}",
        f"AiM MAC_ABK 64 {everyone} 3",
        f"AiM RD_MAC 108 {everyone}",
        f"AiM WR_GB 32 64 {everyone}",
        f"AiM WR_BIAS 100 {everyone}",
        f"AiM MAC_ABK 32 {everyone} 4",
        f"AiM RD_MAC 100 {everyone}",
        f"AiM WR_BIAS 108 {everyone}",
        f"AiM MAC_ABK 32 {everyone} 4",
        f"AiM RD_MAC 108 {everyone}",
    ]
    # Item 257 of 128 units: the third turn, so 96 columns behind the first one, in bank 1 of channel 0.
    item = [f"AiM RD_SBK {9 + i} 0x80000000 1 {50 + (96 + i) // 64}" for i in range(48)]
    assert found == ["W CFR 0 1", *product, *item, "AiM EOC"]


def test_loops_are_unrolled():
    """Three loops, the outermost one moving every row; addresses carry from column to row."""
    text = """
        loop rows, n=2, row=100
    outer:  loop n=2, row=1, d=8
    inner:  loop n=3, col=40, d=1
              mac_ab row=1@outer@inner, n=30
              rd_mac d=0@outer@inner
            endl
        endl
        act_ab row=5
        endl
        halt
    """
    program = assemble(text, "text", AIM)
    found = [(one["row"], one["col"]) for _, one in unrolled(program) if one.op.name == "MAC_AB"]
    columns = [64 * (1 + 100 * i + j) + 40 * k for i in range(2) for j in range(2) for k in range(3)]
    assert found == [divmod(column, 64) for column in columns]
    assert [one["d"] for _, one in unrolled(program) if one.op.name == "RD_MAC"] == [0, 1, 2, 8, 9, 10] * 2
    assert [one["row"] for _, one in unrolled(program) if one.op.name == "ACT_AB"] == [5, 105]
    assert Counter(line.split()[1] for line in aim_trace([program])) == {
        "CFR": 1,
        "MAC_ABK": 16,
        "RD_MAC": 12,
        "EOC": 1,
    }


def test_what_a_register_holds():
    """A length that only the run knows is refused."""
    text = "argmax r=r3, a=0, n=9\nrd_item row=0, n=4, r=r3, d=0\nhalt"
    with pytest.raises(ConfigError, match="instruction 1: uses r3, which an instruction before it has computed"):
        lines(text)


def test_other_devices_are_refused(tmp_path):
    with pytest.raises(ConfigError) as error:
        list(aim_trace([assemble("halt", "text", PRESETS["tiny"])]))
    assert [problem.where for problem in error.value.problems] == ["pim.banks", "pim.lanes", "pim.row_cols"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("mac_ab row=0, n=1, acc=2", "mac_ab needs an accumulator other than the first one"),
        ("mac_ab row=0, n=1, vectors=2", "mac_ab needs several vectors"),
        ("mac_ab row=0, n=1, int8", "mac_ab needs columns of int8"),
        ("wr_bias zero, n=2", "wr_bias needs several accumulators"),
        ("wr_bias zero\nscale_ab row=0, lane=0, to=1", "scale_ab needs an accumulator other than the first one"),
    ],
)
def test_what_aim_has_not_is_refused(text, what):
    system = replace(AIM, accumulators=4, vectors=2, buffers=2, int8=True)
    index = text.count("\n")
    with pytest.raises(ConfigError) as error:
        list(aim_trace([assemble(f"{text}\nhalt", "text", system)]))
    assert str(error.value) == f"instruction {index}: {what}, which a trace of AiM requests can't say"
    # With everything at once, a program that uses none of it has the same trace as without.
    plain = "wr_bias zero\nmac_ab row=0, n=1\nrd_mac d=0\nhalt"
    assert list(aim_trace([assemble(plain, "text", system)])) == list(aim_trace([assemble(plain, "text", AIM)]))


def test_files(tmp_path):
    program = assemble("halt", "text", AIM)
    target = tmp_path / "a.trace"
    assert write_aim_trace(target, [program]) == 2
    assert target.read_text() == "W CFR 0 1\nAiM EOC\n"
    assert write_aim_trace(target, [program, program]) == 2
    target.write_text("mine\n")
    with pytest.raises(ConfigError, match="is not a trace of AiM requests: it stays as it is"):
        write_aim_trace(target, [program])
    assert target.read_text() == "mine\n"
    with pytest.raises(ConfigError, match="there is no folder"):
        write_aim_trace(tmp_path / "none" / "a.trace", [program])

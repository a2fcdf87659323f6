"""Which words a program reads that nobody has written, and which it leaves unread."""

from __future__ import annotations

import numpy as np
import pytest

from gen.pim.assemble import assemble
from sim_tb.golden.pim import Footprint, Machine
from tests.pim.machines import TINY


def followed(text: str, *, sram: int = 0, columns: int = 0, inputs: int = 0) -> Footprint:
    """What a program did, given words of SRAM, columns of the banks and words of input."""
    machine = Machine(TINY)
    machine.footprint = Footprint(TINY)
    machine.footprint.give_sram(sram)
    machine.footprint.give_banks(columns)
    machine.send(np.zeros((inputs, TINY.lanes), np.uint16))
    assert machine.run(assemble(f"{text}\nhalt", system=TINY).words).fault is None
    return machine.footprint


def strays(text: str, **given: int) -> list[tuple[int, str, int, int]]:
    return [(each.pc, each.space, each.first, each.count) for each in followed(text, **given).strays]


@pytest.mark.parametrize(
    ("text", "given", "found"),
    [
        ("out a=0, n=4", {"sram": 4}, []),
        ("out a=0, n=4", {"sram": 3}, [(0, "SRAM", 3, 1)]),
        ("in d=2, n=2\nout a=2, n=2", {"inputs": 2}, []),
        ("in d=2, n=2\nout a=1, n=4", {"inputs": 2}, [(1, "SRAM", 1, 2)]),
        ("vadd a=0, b=4, d=8, n=13\nvexp a=8, d=8, n=13", {"sram": 8}, []),
        ("vadd a=0, b=4, d=8, n=13\nvexp a=8, d=8, n=17", {"sram": 8}, [(1, "SRAM", 12, 1)]),
        ("layernorm a=0, b=1, beta=2, d=3, n=4, eps=r0, share=r0", {"sram": 2}, [(0, "SRAM", 2, 1)]),
        # A stride meets some words only.
        ("vgather a=0, stride=16, d=100, n=3", {"sram": 1}, [(0, "SRAM", 4, 2)]),
        ("vmov a=0, d=8, n=4\nvgather a=0, stride=32, d=100, n=2", {"sram": 1}, []),
        # Banks: a burst, one element a bank, a product.
        ("wr_sb mask=CH1, bank=2, row=1, n=2, a=0\nrd_sb mask=CH1, bank=2, row=1, n=2, d=0", {"sram": 2}, []),
        (
            "wr_sb mask=CH1, bank=2, row=1, n=2, a=0\nrd_sb mask=CH1, bank=3, row=1, n=2, d=0",
            {"sram": 2},
            [(1, "banks", 8, 2)],
        ),
        ("wr_elem row=0, col=3, lane=1, a=0\nwr_gb a=0, n=1\nmac_ab row=0, col=3, n=1", {"sram": 2}, []),
        ("wr_gb a=0, n=1\nmac_ab row=0, n=1", {"sram": 1, "columns": 1}, []),
        (
            "wr_gb a=0, n=1\nmac_ab row=0, n=2",
            {"sram": 1, "columns": 1},
            [(1, "banks", 1, 8), (1, "global buffer", 1, 2)],
        ),
        ("wr_gb mask=CH0, a=0, n=1\nmac_ab row=0, n=1", {"sram": 1, "columns": 1}, [(1, "global buffer", 0, 1)]),
        ("act_ab row=9\npre_ab\nact mask=CH0, bank=1, row=3", {}, []),
        # Slots: of the channels that take part.
        ("wr_bias a=0, mask=CH0\nrd_mac d=8, mask=CH0\nout a=8, n=1", {"sram": 1}, []),
        ("wr_bias a=0, mask=CH1\nrd_mac d=8, mask=CH1\nout a=8, n=2", {"sram": 2}, [(2, "SRAM", 8, 1)]),
        ("wr_bias a=0", {"sram": 1}, [(0, "SRAM", 1, 1)]),
        ("wr_bias zero\nrd_mac d=0\nout a=0, n=2", {}, []),
        ("wr_gbx a=0, n=1, stride=4, mask=CH1", {"sram": 5}, []),
        ("wr_gbx a=0, n=1, stride=4", {"sram": 1}, [(0, "SRAM", 4, 1)]),
        # VMM: its chunks and slots, the biases, and the partial sums that it reads again.
        ("vmm row=0, n=10, slots=2, a=0, d=20, zero\nout a=20, n=4", {"sram": 10, "columns": 20}, []),
        ("vmm row=0, n=10, slots=2, a=0, d=20, zero", {"sram": 10, "columns": 19}, [(0, "banks", 19, 8)]),
        ("vmm row=0, n=10, slots=2, a=0, b=30, d=20", {"sram": 10, "columns": 20}, [(0, "SRAM", 30, 4)]),
        (
            "setr r=r1, value=2\nvmm row=0, n=10, slots=r1, a=0, d=20, zero",
            {"sram": 10, "columns": 16},
            [(1, "banks", 16, 32)],
        ),
        # With a pitch: not what lies between the slots.
        ("vmm row=0, n=6, slots=2, pitch=8, a=0, d=20, zero", {"sram": 6, "columns": 14}, []),
        ("vmm row=0, n=6, slots=2, pitch=8, a=0, d=20, zero", {"sram": 6, "columns": 13}, [(0, "banks", 13, 8)]),
        # An item: in one bank.
        ("setr r=r1, value=8\nrd_item row=0, n=2, r=r1, d=0\nout a=0, n=2", {"columns": 4}, []),
        (
            "setr r=r1, value=8\nrd_item row=0, n=2, r=r1, d=0\nout a=0, n=3",
            {"columns": 3},
            [(1, "banks", 3, 1), (2, "SRAM", 2, 1)],
        ),
        (
            "wr_sb mask=CH1, bank=2, row=0, n=2, a=0\nsetr r=r1, value=6\nrd_item row=0, n=2, r=r1, d=0",
            {"sram": 2},
            [],
        ),
        (
            "wr_sb mask=CH1, bank=2, row=0, n=2, a=0\nsetr r=r1, value=5\nrd_item row=0, n=2, r=r1, d=0",
            {"sram": 2},
            [(2, "banks", 0, 2)],
        ),
        ("vmadd a=0, b=1, c=2, d=3, n=4", {"sram": 2}, [(0, "SRAM", 2, 1)]),
        # In loops: each iteration, at the place of the instruction.
        ("i: loop n=3, a=2\nout a=0@i, n=1\nendl", {"sram": 2}, [(1, "SRAM", 2, 2)]),
    ],
)
def test_reads_of_what_nobody_has_written(text, given, found):
    assert strays(text, **given) == found


def test_what_is_given_and_not_read():
    done = followed("out a=1, n=2\nwr_gb a=1, n=1\nmac_ab row=0, col=1, n=1", sram=5, columns=4)
    assert done.unread_sram(5) == [0, 3, 4]
    assert done.unread_columns(4) == [0, 2, 3]


def test_rows_that_are_not_followed():
    machine = Machine(TINY)
    machine.footprint = Footprint(TINY, rows=2)
    machine.footprint.give_sram(1)
    machine.run(assemble("wr_gb a=0, n=1\nmac_ab row=1, col=7, n=1\nmac_ab row=2, n=1\nhalt", system=TINY).words)
    assert [(each.pc, each.first) for each in machine.footprint.strays] == [(1, 15)]

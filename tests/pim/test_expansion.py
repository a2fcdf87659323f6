"""VMM and RD_ITEM as the instructions that they stand for."""

from __future__ import annotations

import pytest

from hdl.params.pim import expand_vmm, expanded, instruction, item_read
from tests.pim.machines import TINY


def test_expansion_of_vmm():
    """20 columns are chunks of 8, 8 and 4; later chunks begin from what the one before left."""
    vmm = instruction("VMM", row=3, col=6, n=20, slots=2, a=100, b=200, d=300)
    text = [str(one) for one in expand_vmm(TINY, vmm, 2)]
    assert len(text) == 1 + 3 * (1 + 2 * 3)
    assert text[:8] == [
        "act_ab mask=3, row=3",
        "wr_gb mask=3, a=100, n=8, gb=0",
        "wr_bias mask=3, a=200, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=3, col=6, n=8, gb=0, acc=0, vectors=1",
        "rd_mac mask=3, d=300, acc=0, n=1, stride=0",
        "wr_bias mask=3, a=202, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=4, col=6, n=8, gb=0, acc=0, vectors=1",
        "rd_mac mask=3, d=302, acc=0, n=1, stride=0",
    ]
    assert text[15:] == [
        "wr_gb mask=3, a=116, n=4, gb=0",
        "wr_bias mask=3, a=300, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=7, col=6, n=4, gb=0, acc=0, vectors=1",
        "rd_mac mask=3, d=300, acc=0, n=1, stride=0",
        "wr_bias mask=3, a=302, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=8, col=2, n=4, gb=0, acc=0, vectors=1",
        "rd_mac mask=3, d=302, acc=0, n=1, stride=0",
    ]


def test_expansion_of_vmm_with_a_pitch():
    """Every slot in a row of its own, which is opened before the accumulators of the slot before it are read."""
    vmm = instruction("VMM", "zero", row=3, n=12, slots=2, pitch=8, a=100, d=300)
    assert [str(one) for one in expand_vmm(TINY, vmm, 2)] == [
        "act_ab mask=3, row=3",
        "wr_gb mask=3, a=100, n=8, gb=0",
        "wr_bias mask=3, a=0, acc=0, n=1, stride=0, zero",
        "mac_ab mask=3, row=3, col=0, n=8, gb=0, acc=0, vectors=1",
        "act_ab mask=3, row=4",
        "rd_mac mask=3, d=300, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=4, col=0, n=8, gb=0, acc=0, vectors=1",
        "act_ab mask=3, row=5",
        "rd_mac mask=3, d=302, acc=0, n=1, stride=0",
        "wr_gb mask=3, a=108, n=4, gb=0",
        "wr_bias mask=3, a=300, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=5, col=0, n=4, gb=0, acc=0, vectors=1",
        "act_ab mask=3, row=6",
        "rd_mac mask=3, d=300, acc=0, n=1, stride=0",
        "wr_bias mask=3, a=302, acc=0, n=1, stride=0",
        "mac_ab mask=3, row=6, col=0, n=4, gb=0, acc=0, vectors=1",
        "rd_mac mask=3, d=302, acc=0, n=1, stride=0",
    ]


@pytest.mark.parametrize(
    ("item", "place"), [(0, (0, 0, 3, 6)), (7, (1, 3, 3, 6)), (8, (0, 0, 4, 3)), (29, (1, 1, 5, 5))]
)
def test_the_place_of_an_item(item, place):
    """Items of 5 columns, from row 3 and column 6 on, round the 2 x 4 units."""
    channel, bank, row, col = place
    read = instruction("RD_SB", mask=1 << channel, bank=bank, row=row, col=col, n=5, d=40)
    one = instruction("RD_ITEM", row=3, col=6, n=5, r=9, d=40)
    assert item_read(TINY, one, item) == read
    assert list(expanded(TINY, one, item)) == [read]

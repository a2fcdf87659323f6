"""The static check of programs: addresses, overlaps and accumulators in loops."""

from __future__ import annotations

import pytest

from tests.pim.texts import problems, program

# --- loops -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loop", "body", "message"),
    [
        ("n=4, a=500", "out a=500@i, n=48", ""),
        ("n=4, a=500", "out a=500@i, n=49", "words 2000 to 2048 go beyond the SRAM, which has 2048, in iteration 4"),
        ("n=4, a=-1", "out a=3@i, n=1", ""),
        ("n=5, a=-1", "out a=3@i, n=1", "words -1 to -1 go beyond the SRAM, which has 2048, in iteration 5"),
        ("n=3, row=29, col=7", "mac_ab row=3@i, col=2, n=8", ""),
        (
            "n=3, row=29, col=7",
            "mac_ab row=3@i, col=3, n=8",
            "columns 505 to 512 go beyond a bank, which has 64 rows of 8, in iteration 3",
        ),
        ("n=3, a=1, d=9", "mac_ab row=0, n=6, gb=0@i", ""),
        (
            "n=3, a=1",
            "mac_ab row=0, n=6, gb=1@i",
            "words 3 to 8 go beyond the global buffer, which has 8, in iteration 3",
        ),
        ("n=3, a=9, d=1", "wr_gb a=0, n=6, gb=0@i", ""),
        ("n=3, d=1", "wr_gb a=0, n=6, gb=1@i", "words 3 to 8 go beyond the global buffer, which has 8, in iteration 3"),
        # The result walks towards the source, and meets it in the middle iteration only.
        ("n=3, d=16", "vexp a=16, d=0@i, n=4", ""),
        ("n=3, d=15", "vexp a=16, d=0@i, n=4", ""),
        ("n=3, d=15", "vexp a=16, d=0@i, n=8", "must begin where 'a' begins, or not overlap it"),
        ("n=3, a=8, d=8", "vexp a=0@i, d=0@i, n=8", ""),
        ("n=3, a=8, d=9", "vexp a=0@i, d=0@i, n=8", "must begin where 'a' begins, or not overlap it"),
    ],
)
def test_addresses_in_loops(loop, body, message):
    text = f"i: loop {loop}\n{body}\nendl\nhalt"
    if not message:
        assert len(program(text).words) == 4
    else:
        found = problems(text)
        assert len(found) == 1
        assert found[0].split(": ", 1)[1] == message


def test_a_loop_over_rows():
    """It moves rows of everything inside, two loops further in as well, and nothing has to say so."""
    text = "loop n=3, row={}, rows\ni: loop n=2, row=1\nloop n=2\nmac_ab row=7@i, n=8\nendl\nendl\nendl\nhalt"
    assert len(program(text.format(27)).words) == 8
    beyond = "columns 512 to 519 go beyond a bank, which has 64 rows of 8, in iteration 3, 2, 1"
    assert problems(text.format(28)) == [f"5:12: {beyond}"]
    assert problems("loop n=2, a=1, rows\nendl\nhalt") == [
        "2:13: a loop with flag rows moves rows and columns only: there is no step of 'a'"
    ]
    # Results and sources stay where they are: they meet nowhere else.
    assert len(program("loop n=9, row=1, rows\ni: loop n=2, a=2\nvmov a=1@i, d=0, n=4\nendl\nendl\nhalt").words) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "i: loop n=1\nloop n=1, rows\nendl\nendl\nhalt",
            "3:1: is inside another loop: with flag rows it is the outermost one",
        ),
        (
            "loop n=1, rows\nloop n=1, rows\nendl\nendl\nhalt",
            "3:1: is inside another loop: with flag rows it is the outermost one",
        ),
        (
            "loop n=1, rows\nloop n=1\nloop n=1\nloop n=1\nendl\nendl\nendl\nendl\nhalt",
            "5:1: is inside 2 loops: a third can't be",
        ),
        (
            "i: loop n=1, rows\nact_ab row=0@i\nendl\nhalt",
            "3:14: every row moves with 'i', which has flag rows: no operand names it",
        ),
    ],
)
def test_where_a_loop_over_rows_can_not_be(text, message):
    assert problems(text) == [message]


def test_addresses_in_two_loops():
    text = "i: loop n=3, a=100\nj: loop n=5, a=-10\nout a={}@i@j, n=1\nendl\nendl\nhalt"
    assert len(program(text.format(40)).words) == 6
    assert len(program(text.format(1847)).words) == 6
    assert problems(text.format(39))[0].endswith("words -1 to -1 go beyond the SRAM, which has 2048, in iteration 1, 5")
    beyond = "words 2048 to 2048 go beyond the SRAM, which has 2048, in iteration 3, 1"
    assert problems(text.format(1848))[0].endswith(beyond)


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        ("wr_bias zero\nrd_mac d=0", True),
        ("mac_ab row=0, n=1\nrd_mac d=0, accumulate\nrd_mac d=8", True),
        ("rd_mac d=0\nwr_bias zero", False),  # the first iteration
        ("wr_bias zero\nrd_mac d=0, mask=CH0\nrd_mac d=0", False),
    ],
)
def test_accumulators_in_loops(body, fine):
    text = f"loop n=3\n{body}\nendl\nhalt"
    if fine:
        program(text)
    else:
        assert "too early" in problems(text)[0]


def test_accumulators_that_only_the_second_iteration_finds_empty():
    body = "rd_mac d=0\nloop n={}\nrd_mac d=0, accumulate\nrd_mac d=0\nendl\nhalt"
    start = "wr_bias zero\nrd_mac d=0, accumulate\n"
    once = f"{start}loop n=1\nrd_mac d=0\nendl\nhalt"
    assert len(program(once).words) == 6
    assert problems(once.replace("n=1", "n=2"))[0].startswith("5:1: reads the accumulators of channel 0, 1 too early")
    assert len(problems(start + body.format(2))) == 2

"""Stall profiles stall as often as they say, and Python and hardware number them alike."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import islice, pairwise

import pytest

from sim_tb.stalls import Profile, gaps

SHARES = {
    Profile.NONE: 0,
    Profile.RARE: 1 / 16,
    Profile.EVEN: 1 / 2,
    Profile.BURSTY: 1 / 2,
    Profile.STARVED: 15 / 16,
    Profile.ALTERNATING: 1 / 2,
}


@pytest.mark.parametrize("profile", Profile)
def test_share_of_stalled_cycles(profile: Profile) -> None:
    stalls = list(islice(gaps(profile, 3), 20000))
    assert sum(stalls) / len(stalls) == pytest.approx(SHARES[profile], abs=0.05)
    changes = sum(x != y for x, y in pairwise(stalls)) / len(stalls)
    if profile is Profile.BURSTY:
        assert changes < 0.1
    if profile is Profile.ALTERNATING:
        assert changes > 0.99


def test_hardware_has_the_same_numbers() -> None:
    text = (files("sim_tb.tb") / "stall.sv").read_text()
    (line,) = re.findall(r"localparam logic \[2:0\] (.*);", text)
    assert {name: int(value) for name, value in re.findall(r"(\w+) = (\d)", line)} == {p.name: p.value for p in Profile}

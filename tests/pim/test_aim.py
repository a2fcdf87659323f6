"""Streams of aim_simulator on the system with its times: the same clocks, but for the rules that differ."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from bench.figures.store import entries
from gen.pim.assemble import assemble
from sim_tb.pim import check_log
from sim_tb.pim.aim import LAYER, STREAMS, SYSTEM, Stream, span
from sim_tb.pim.simulate import simulate

MACS = [each for each in STREAMS if not each.slots]
SHORT = [each for each in STREAMS if each.slots < 2000]


def names(stream: Stream) -> str:
    return stream.name


@pytest.mark.parametrize("stream", SHORT, ids=names)
def test_rules_explain_every_clock(stream):
    assert span(stream.text) + stream.rules == stream.clocks


@pytest.mark.slow
def test_a_long_stream():
    (stream,) = (each for each in STREAMS if each not in SHORT)
    assert span(stream.text) + stream.rules == stream.clocks


def test_rows_of_multiply_accumulates_take_what_the_law_says():
    """2 (n - 1) + 100 clocks from row to row, and every command where it has to be."""
    assert len(MACS) >= 10
    for columns in (1, 2, 16, 48, 64):
        text = f"i: loop n=5, row=1\nmac_ab row=0@i, n={columns}\nendl\nhalt"
        log = simulate(SYSTEM, assemble(text, "text", SYSTEM).words).log
        opened = [entry.cycle for entry in log if (entry.command, entry.channel) == ("ACT_AB", 0)]
        law = 2 * (columns - 1) + 100
        assert [after - before for before, after in pairwise(opened)] == [law] * 4
        first = [entry.cycle for entry in log if (entry.command, entry.channel) == ("MAC_AB", 0)][:columns]
        assert first == [opened[0] + 56 + 2 * i for i in range(columns)]


@pytest.mark.parametrize("name", ["100 slots", "all four matrices"])
def test_long_products_are_within_a_percent(name):
    (stream,) = (each for each in STREAMS if each.name == name)
    found = span(stream.text)
    assert 0.99 * stream.clocks <= found <= 1.01 * stream.clocks
    assert span(stream.vmm) < 0.9 * found


def test_layer_is_that_of_gpt2_small():
    assert [each.slots for each in LAYER] == [2304 // 128, 768 // 128, 3072 // 128, 3 * 768 // 128]


def test_streams_keep_the_timing_rules():
    for stream in (MACS[-1], *LAYER):
        for text in filter(None, (stream.text, stream.vmm)):
            log = simulate(SYSTEM, assemble(f"{text}\nhalt", "text", SYSTEM).words).log
            assert not check_log(SYSTEM, log)


def test_another_rule_would_be_noticed():
    """A clock more from a column to the next is not within the rules."""
    stream = LAYER[0]
    slower = replace(SYSTEM, timing=replace(SYSTEM.timing, tccd=SYSTEM.timing.tccd + 1))
    log = simulate(slower, assemble(f"{stream.text}\nhalt", "text", slower).words).log
    assert log[-1].cycle - log[0].cycle + 1 + stream.rules != stream.clocks


def test_committed_results_are_what_is_measured():
    kept = entries("aim")["streams"]["figures"]
    assert set(kept) == {each.name for each in STREAMS}
    for each in SHORT:
        assert kept[each.name]["aim_simulator"] == each.clocks
        assert kept[each.name]["here"] == span(each.text)

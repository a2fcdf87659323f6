"""Decoders in time: figures beside the command log, which other means count and check."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gen.pim.aim_trace import aim_trace
from gen.pim.compile import OPERATIONS, Compiled, compile_decoder
from hdl.params import CheckFailed
from hdl.params.pim import COMMANDS, PRESETS
from sim_tb.pim.check.checker import check_log
from sim_tb.pim.energy import energy_of
from sim_tb.pim.performance import Performance
from sim_tb.pim.simulate import simulate
from sim_tb.pim.simulate.statistics import CAUSES
from sim_tb.pim.tokens import Step, Totals, tokens_in_time
from tests.pim.compile.toys import TINY, gpt2, llama

COLUMNS = ("RD_SB", "WR_SB", "WR_ELEM", "MAC_AB")


def run(compiled: Compiled, count: int, **options: bool | int) -> tuple[list[Step], Totals]:
    """Some positions from the first one on, with their logs."""
    steps = list(tokens_in_time(compiled, range(count), log=True, **options))
    totals = Totals()
    for step in steps:
        totals.add(step.totals)
    return steps, totals


@pytest.fixture(scope="module")
def toy() -> tuple[Compiled, list[Step], Totals]:
    """Three positions of a small decoder."""
    compiled = compile_decoder(gpt2(), TINY)
    return compiled, *run(compiled, 3, detail=1)


def test_all_positions_in_one_program_memory(toy):
    """Position after position is the same as all programs from one memory, as the hardware's bench runs them."""
    compiled, steps, _ = toy
    programs = [compiled.programs(position, token=0)[0].words for position in range(3)]
    starts = [0, len(programs[0]), len(programs[0]) + len(programs[1])]
    alone = simulate(compiled.params, [word for each in programs for word in each], starts)
    begin = sum(map(len, programs)) - 1
    ends = [run.cycle - 4 for run in alone.runs]  # 4 clocks of reset
    assert [step.totals.clocks for step in steps] == [past - first for first, past in pairwise([begin, *ends])]
    assert [step.totals.instructions for step in steps] == [run.instructions for run in alone.runs]
    log = [entry for step in steps for entry in step.log]
    assert log == [entry for entry in alone.log if entry.cycle < ends[-1]]


def test_every_clock_once(toy):
    _, steps, totals = toy
    assert all(sum(step.totals.causes.values()) == step.totals.clocks for step in steps)
    assert totals.clocks == sum(step.totals.clocks for step in steps)
    assert list(totals.causes) == list(CAUSES)


def test_the_log_goes_on(toy):
    """No command is lost or moved between programs: counts, rules and refreshes hold over all of them."""
    compiled, steps, totals = toy
    log = [entry for step in steps for entry in step.log]
    assert [entry.cycle for entry in log] == sorted(entry.cycle for entry in log)
    begin = sum(len(compiled.programs(position, token=0)[0].words) for position in range(3)) - 1
    assert Counter(entry.command for entry in log if entry.cycle >= begin) == totals.commands
    assert check_log(compiled.params, log, log[-1].cycle) == []
    interval, channels = compiled.params.timing.trefi, compiled.params.channels
    due = channels * totals.clocks // interval
    assert totals.commands["REF"] in range(due - 2 * channels, due + channels + 1)


def test_energy_of_the_log(toy):
    """Energy by counted commands and open rows is that of the log."""
    compiled, steps, totals = toy
    log = [entry for step in steps for entry in step.log]
    begin = sum(len(compiled.programs(position, token=0)[0].words) for position in range(3)) - 1
    found = energy_of(compiled.params, log, begin, begin + totals.clocks)
    assert totals.energy(compiled.params).parts == pytest.approx(found.parts)
    assert totals.energy(compiled.params).macs == found.macs


def test_energy_of_many_positions():
    """Rows that are open from one program to the next, and refreshes anywhere, count as the log has them."""
    compiled = compile_decoder(llama(), TINY)
    positions = range(1, 40, 3)
    steps = list(tokens_in_time(compiled, positions, log=True))
    clocks = sum(step.totals.clocks for step in steps)
    totals = Totals()
    for step in steps:
        totals.add(step.totals)
    programs = [program for position in positions for program in compiled.programs(position, token=0)]
    begin = sum(len(program.words) for program in programs) - 1
    log = [entry for step in steps for entry in step.log]
    found = energy_of(compiled.params, log, begin, begin + clocks)
    assert totals.energy(compiled.params).parts == pytest.approx(found.parts, rel=1e-12)
    assert check_log(compiled.params, log, begin + clocks) == []


def test_row_hits_of_the_log(toy):
    compiled, steps, totals = toy
    columns = misses = 0
    for channel in range(compiled.params.channels):
        opened = False
        for entry in (entry for step in steps for entry in step.log if entry.channel == channel):
            if entry.command in ("ACT", "ACT_AB"):
                opened = True
            elif entry.command in COLUMNS:
                columns, misses, opened = columns + 1, misses + opened, False
    assert (totals.columns, totals.misses) == (columns, misses)
    assert totals.row_hits == 1 - misses / columns


def test_traffic(toy):
    compiled, _, totals = toy
    word = compiled.params.word_bits // 8
    sums = {
        data: sum(n for name, n in totals.commands.items() if COMMANDS[name].data == data) for data in ("read", "write")
    }
    traffic = totals.traffic(compiled.params)
    assert traffic["read"] == sums["read"] * word
    assert traffic["written"] == sums["write"] * word
    assert traffic["multiplied"] == totals.commands["MAC_AB"] * compiled.params.banks * word


def test_a_timeline(toy):
    """Operations and causes of a position's clocks, by the program that it ran and the log."""
    compiled, steps, _ = toy
    assert [len(step.timelines) for step in steps] == [0, 1, 0]
    timeline, totals = steps[1].timelines[0], steps[1].totals
    clocks = timeline.clocks()
    causes = Counter()
    for found in clocks.values():
        causes.update(found)
    assert causes == Counter({name: count for name, count in totals.causes.items() if count})
    assert set(clocks) == {*compiled.operations(1, token=0)[0]}
    assert set(clocks) == set(OPERATIONS) - {"rotation"}
    # Nothing but the vector unit is at work on these, and nothing but channels on those.
    assert {cause for name in ("softmax", "activation", "residual") for cause in clocks[name]} == {"vector", "issue"}
    assert "vector" not in clocks["attend"] | clocks["output"]
    spans = timeline.spans()
    assert [spans[0][:2], spans[-1][2]] == [("control", 0), totals.clocks]
    assert all(past == first for (_, _, past), (_, first, _) in pairwise(spans))
    assert all(one != other for (one, *_), (other, *_) in pairwise(spans))
    columns = timeline.columns(100)
    assert [sum(column.values()) for column in columns] == [100] * (totals.clocks // 100) + [totals.clocks % 100]
    assert sum((Counter(column) for column in columns), Counter()) == causes


def test_clocks_of_products_are_those_of_their_rows(toy):
    """The MACs of the log that belong to the logits' matrix are in clocks of that operation."""
    compiled, steps, _ = toy
    begin = sum(len(compiled.programs(position, token=0)[0].words) for position in range(3)) - 1
    begin += steps[0].totals.clocks
    timeline, matrix = steps[1].timelines[0], compiled.placement.output
    rows = range(matrix.row, matrix.row + -(-matrix.columns // compiled.params.row_cols))
    opened, clocks = -1, []
    for entry in (entry for entry in steps[1].log if entry.channel == 0):
        if entry.command == "ACT_AB":
            opened = entry.row
        elif entry.command == "MAC_AB" and opened in rows:
            clocks.append(entry.cycle - begin - 1)  # decided the clock before
    assert len(clocks) == matrix.slots * matrix.words
    names = [name for name, first, past in timeline.spans() for _ in range(first, past)]
    assert {names[clock] for clock in clocks} == {"output"}


def test_without_the_output_matrix():
    compiled = compile_decoder(llama(), TINY)
    _, totals = run(compiled, 2)
    steps, fewer = run(compiled, 2, predict=False, detail=0)
    matrix = compiled.placement.output
    macs = 2 * compiled.params.channels * matrix.slots * matrix.words
    assert totals.commands["MAC_AB"] - fewer.commands["MAC_AB"] == macs
    assert not {"output", "choice"} & set(steps[0].timelines[0].clocks())
    assert "rotation" in steps[0].timelines[0].clocks()


def test_a_position_of_several_programs():
    """A program memory that is too small for a position: the host loads one program after the other."""
    small = replace(TINY, program_words=48)
    compiled = compile_decoder(gpt2(), small)
    parts = compiled.programs(1, token=0)
    assert len(parts) > 1
    steps, totals = run(compiled, 2, detail=1)
    assert len(steps[1].timelines) == len(parts)
    assert sum(timeline.end for timeline in steps[1].timelines) == steps[1].totals.clocks
    log = [entry for step in steps for entry in step.log]
    begin = sum(len(program.words) for position in range(2) for program in compiled.programs(position, token=0)) - 1
    assert Counter(entry.command for entry in log if entry.cycle >= begin) == totals.commands
    assert check_log(small, log, log[-1].cycle) == []
    performance = Performance(compiled)
    for step in steps:
        performance.add(step)
    detail = performance.figures()["detail"]
    assert sum(sum(column.values()) for column in detail["columns"]) == detail["clocks"]
    assert detail["spans"][-1][2] == detail["clocks"]


def test_a_time_without_refreshes_fails():
    totals = Totals(positions=1, clocks=2 * TINY.timing.trefi, commands=Counter({"MAC_AB": 9}))
    totals.check_refreshes(TINY)
    totals.clocks += 1
    with pytest.raises(CheckFailed, match=r"No refresh in .* clocks, with one due every"):
        totals.check_refreshes(TINY)
    totals.check_refreshes(replace(TINY, timing=replace(TINY.timing, trefi=0)))
    totals.commands["REF"] = 1
    totals.check_refreshes(TINY)


def test_the_trace_asks_for_what_the_log_sends():
    """Requests of a trace are the commands of the simulation, column by column."""
    params = replace(PRESETS["aim_measured"], timing=replace(PRESETS["aim_measured"].timing, trefi=0))
    compiled = compile_decoder(gpt2(), params)
    _, totals = run(compiled, 2)
    requests = Counter[str]()
    for line in aim_trace(program for position in range(2) for program in compiled.programs(position, token=0)):
        name, *operands = line.split()[1:]
        sized = name in ("WR_GB", "MAC_ABK")
        masks = [int(word, 16) for word in operands if word.startswith("0x")]
        requests[name] += (int(operands[0]) if sized else 1) * sum(mask.bit_count() for mask in masks)
    names = {"MAC_ABK": "MAC_AB", "RD_SBK": "RD_SB", "WR_SBK": "WR_SB", "WR_ABK": "WR_ELEM"}
    expected = {name: requests[name] for name in ("WR_GB", "WR_BIAS", "RD_MAC")}
    expected |= {command: requests[name] for name, command in names.items()}
    assert {name: totals.commands[name] for name in expected} == expected
    assert all(expected.values())


def test_later_positions_take_longer():
    """What a position sees is in its clocks: more slots of keys, more columns of values."""
    compiled = compile_decoder(gpt2(), TINY)
    steps = list(tokens_in_time(compiled, range(0, 40, 13)))
    clocks = [step.totals.clocks for step in steps]
    columns = [step.totals.commands["MAC_AB"] for step in steps]
    assert columns == sorted(columns)
    assert columns[-1] > columns[0]
    assert np.argmax(clocks) > 0

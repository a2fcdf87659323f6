"""The page of results: what its figures are made of, and that they are still what is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.figures.pim.baselines import CLAIMS, FACTS, MACHINES, bytes_of
from bench.figures.pim.beyond import PLAIN, SWITCHES, Switch
from bench.figures.pim.models import GROUP, SYSTEMS, item, measure, twin
from bench.figures.pim.sample import TOKENS, decoder_of, position_of
from bench.figures.pim.systems import ARRAYS, POSITION, RESPECTS
from bench.figures.pim.tables import PARTS
from bench.figures.store import entries
from bench.figures.words import figures
from gen.pim.compile import compile_decoder
from gen.pim.model.published import PUBLISHED
from hdl.params.pim import PRESETS, TimingTable, changed
from sim_tb.pim.tokens import tokens_in_time

PAGE = Path(__file__).resolve().parents[2] / "docs" / "pim-results.md"
SMALL = decoder_of("gpt2-small")


def test_models_that_are_measured_once():
    assert {name: twin(name) for name in PUBLISHED if twin(name) != name} == {
        "gpt3-small": "gpt2-small",
        "gpt3-medium": "gpt2-medium",
    }
    names = ("gpt2-small", "gpt3-small")
    compiled = (compile_decoder(decoder_of(name), PRESETS["aim_measured"], TOKENS) for name in names)
    first, second = ([each.words for each in one.programs(700, token=3)] for one in compiled)
    assert first == second


def test_bytes_that_a_machine_reads():
    """12 layers of 12 x 768^2 weights, keys and values of 768 elements a token, and the output matrix."""
    weights, caches, output = 12 * 12 * 768**2, 12 * 2 * 768 * 100, 768 * 50257
    assert bytes_of(SMALL, 100, predict=False) == 2 * (weights + caches)
    assert bytes_of(SMALL, 100, predict=True, element=4) == 4 * (weights + caches + output)


def test_a_text_of_a_few_tokens():
    """Of a model that is on the page: means of all positions, and less without the output matrix."""
    found = measure("smollm2-135m", "pimgpt_paper", 2)
    compiled = compile_decoder(decoder_of("smollm2-135m"), PRESETS["pimgpt_paper"], TOKENS)
    steps = [step.totals for step in tokens_in_time(compiled, range(2), predict=False)]
    assert found["tokens"] == 2
    assert found["without"]["clocks"] == sum(each.clocks for each in steps) / 2
    assert found["without"]["clocks"] < found["with"]["clocks"]
    assert found["without"]["joules"] < found["with"]["joules"]


def test_a_clock_leaves_the_times_of_arrays():
    timing = PRESETS["aim_measured"].timing
    for respect, factor in (("clock twice as fast", 2), ("clock half as fast", 0.5)):
        other = changed(PRESETS["aim_measured"], RESPECTS[respect](PRESETS["aim_measured"])).timing
        assert other.clock_ps * factor == timing.clock_ps
        for key in TimingTable.rules():
            before, after = getattr(timing, key), getattr(other, key)
            if key in ARRAYS:
                assert 0 <= after * other.clock_ps - before * timing.clock_ps < other.clock_ps + timing.clock_ps, key
            else:
                assert after == before, key


@pytest.mark.parametrize("lanes", ["half the lanes of MAC units", "twice the lanes of MAC units"])
def test_other_lanes_are_as_many_bytes(lanes):
    params = PRESETS["pimgpt_paper"]
    other = changed(params, RESPECTS[lanes](params))
    assert other.lanes != params.lanes
    for words in ("gb_words", "sram_words"):
        assert getattr(other, words) * other.lanes == getattr(params, words) * params.lanes
    assert other.rows * other.row_cols * other.lanes == params.rows * params.row_cols * params.lanes


def test_switches():
    assert next(iter(SWITCHES)) == "plain"
    assert SWITCHES["plain"] == PLAIN == Switch(mapping={"overlap": False})
    both = Switch({"buffers": 2}, {"batch": 8}) | Switch({"buffers": 4})
    assert both == Switch({"buffers": 4}, {"batch": 8})


@pytest.mark.parametrize("system", SYSTEMS)
def test_row_hits_of_the_smallest_model(system):
    """Half of the tokens in the caches: 98 % of the columns, rounded, find their row open."""
    compiled = compile_decoder(SMALL, PRESETS[system], TOKENS)
    found = position_of(compiled, POSITION)
    assert found["row_hits"] >= 0.9795
    kept = entries("pim-models")[item("gpt2-small", system)]["figures"]["with"]
    assert found["seconds"] == pytest.approx(kept["seconds"], rel=0.05)
    assert found["joules"] == pytest.approx(kept["joules"], rel=0.05)


def test_results_hang_together():
    kept = entries("pim-models")
    assert {item(model, system) for model in PUBLISHED if twin(model) == model for system in SYSTEMS} <= set(kept)
    assert set(kept) <= set(GROUP.items)
    for name, entry in kept.items():
        found = entry["figures"]
        assert 0 < found["without"]["seconds"] < found["with"]["seconds"]
        assert 0.97 < found["with"]["row_hits"] < 1
        model, system = name.split(" on ")
        # No faster than the banks can read.
        params = PRESETS[system]
        rate = params.units * params.word_bits / 8 / (params.timing.tccd * params.timing.clock_ps * 1e-12)
        assert bytes_of(decoder_of(model), 0, predict=True) / rate < found["with"]["seconds"]


def test_every_baseline_says_how_sure_it_is():
    assert {each.sure for each in FACTS} == {"read", "recalled", "assumed", "unknown"}
    text = PAGE.read_text(encoding="utf-8")
    for machine in MACHINES.values():
        assert machine.name in text
        assert any(f"{machine.bandwidth / 1e9:.0f} GB/s" == each.value for each in FACTS)
        assert any(f"{machine.watts:.0f} W" == each.value for each in FACTS)
    for low, high, _ in CLAIMS.values():
        assert f"| {low:,} | {high:,} |" in text


def test_ratios_are_of_the_times_beside_them():
    """The printed table: its own columns divided give the ratio that it prints."""
    for row in PARTS["pim-ratios"]().splitlines()[2:]:
        cells = [cell.strip().replace(",", "") for cell in row.strip("|").split("|")]
        assert float(cells[2]) / float(cells[1]) == pytest.approx(float(cells[3]), rel=0.03)
        low, high = (float(each) for each in re.findall(r"[\d.]+", cells[4]))
        assert high / low == pytest.approx(137 / 41, rel=0.02)


def test_the_idle_vector_unit():
    """Where no instruction runs it draws at most 15 % of what it draws where one does, by the committed result."""
    (unit,) = (each for each in figures("pim-synth", "tiny")["blocks"] if each["block"] == "vector unit")
    assert 0 < unit["idle_power_mw"] <= 0.15 * unit["power_mw"]

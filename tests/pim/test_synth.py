"""``bitloom pim synth``: the tiny controller through the flow, and requests that are wrong."""

from __future__ import annotations

import json

import pytest

from hdl.pim.registers import pim_registers
from sim_tb.pim.bench.trace import record
from synth_scripts.controller.controller import BLOCKS, PUBLISHED, synthesise_controller
from synth_scripts.engine.clock import Clock
from synth_scripts.engine.units import units
from tests.pim.machines import TINY


def compare_power(rule, measured):
    """Of the same netlist, by the rule and over a recorded program."""
    assert rule["power_model"].startswith("a rule")
    assert rule["power_mw"] == pytest.approx(sum(rule["power_parts_mw"].values()))
    assert min(rule["power_parts_mw"].values()) > 0
    assert {each["power_mw"] for each in rule["blocks"]} == {None}
    assert rule["idle_power_mw"] is rule["idle_power_parts_mw"] is None
    assert measured["area_um2"] == rule["area_um2"]
    assert "the same outputs in every clock" in measured["power_model"]
    blocks = {each["block"]: each["power_mw"] for each in measured["blocks"]}
    measured_parts, rule_parts = measured["power_parts_mw"], rule["power_parts_mw"]
    assert sum(blocks.values()) == pytest.approx(measured["power_mw"] - measured_parts["macros"])
    assert min(blocks.values()) > 0
    # Gates stop some registers, and none changes more often.
    assert 0.1 * rule_parts["clock"] < measured_parts["clock"] < rule_parts["clock"]
    assert measured_parts["data"] > 0
    assert 0 < measured_parts["macros"] < rule_parts["macros"]  # not every one is written in every clock
    assert measured_parts["leakage"] == pytest.approx(rule_parts["leakage"])
    idle = {each["block"]: each["idle_power_mw"] for each in measured["blocks"]}
    idle_parts = measured["idle_power_parts_mw"]
    assert sum(idle.values()) == pytest.approx(measured["idle_power_mw"] - idle_parts["macros"])
    assert 0 < idle["vector unit"] < 0.15 * blocks["vector unit"]  # steps without an element are not clocked
    assert idle_parts["leakage"] == measured_parts["leakage"]


@pytest.mark.slow
@pytest.mark.synth
@pytest.mark.sim
def test_the_tiny_controller(bitloom, here):
    """Every block is there, areas add up, memories are macros outside of them, and nothing is unsound.

    The netlist does in every clock what a recorded program did in simulation, and power is measured meanwhile.
    """
    result = bitloom("pim", "synth", "tiny", "--effort", "quick", "--json")
    assert (result.status, result.err) == (0, "")
    found = result.json
    assert found == json.loads((here / "build" / "pim-tiny" / "pim-synth.json").read_text())
    assert set(found["checks"].values()) == {0}
    assert (found["clock_asked_ns"], found["clock_met"]) == (None, True)
    numbers = {key for key, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)}
    assert numbers <= set(found["units"])
    areas = {each["block"]: each["area_um2"] for each in found["blocks"]}
    assert set(areas) >= set(BLOCKS.values())
    assert sum(areas.values()) == pytest.approx(found["area_um2"], rel=1e-6)
    assert sum(each["share"] for each in found["blocks"]) == pytest.approx(1)
    assert areas["vector unit"] == max(areas.values())
    macros = [each for each in found["memories"] if each["macro"]]
    bits = sum(each["words"] * each["width"] * each["instances"] for each in macros)
    assert bits == found["macro_bits"] >= TINY.sram_words * TINY.word_bits + TINY.program_words * 128
    assert sum(each["instances"] for each in macros if "sram_bank" in each["module"]) == 4
    # Counters alone are 16 of 64 bits: a flip-flop is at least four NAND2.
    assert areas["counters"] > 16 * 64 * 4 * found["area_um2"] / found["gate_equivalents"]
    assert 10 < found["period_fo4"] < 200
    assert found["fmax_mhz"] > 20
    if found["power_mw"] is not None:
        compare_power(found, synthesise_controller(TINY, here, effort="quick", record=lambda: record(TINY)))
    assert found["published"]["area_mm2"] == 0.64
    header = (here / "build" / "pim-tiny" / "bitloom_pim.h").read_text()
    assert f"{pim_registers(TINY)['CONFIG'].reset:#010x}" in header


def test_a_missed_clock_is_said_and_is_status_1(bitloom, here, monkeypatch):
    """After the report is written; figures are at the clock reached."""
    found = {
        "library": "osu018",
        "corner": "typical",
        "area_unit": "um2",
        "wire_ff_per_sink": 2.1,
        "wires": "measured",
        "fmax_mhz_wireless": 120.0,
        "power_mw_wireless": 0.5,
        "area_um2": 2400.0,
        "gate_equivalents": 100.0,
        "blocks": [{"block": "issuer", "area_um2": 2400.0, "share": 1.0, "power_mw": None, "idle_power_mw": None}],
        "macro_bits": 0,
        "macro_area_estimate_um2": 0.0,
        "fmax_mhz": 1e3 / 7.5,
        "period_fo4": 75.0,
        "power_mw": None,
        "idle_power_mw": None,
        "published": PUBLISHED,
        "scaling": "roughly",
        "at_28_nm": {"logic_mm2": 1.0, "memory_mm2": 1.0, "clock_mhz": 900.0},
        **Clock(5.0, 7.5).figures(),
    }
    found["units"] = units(found, unit_library=False)
    monkeypatch.setattr(
        "synth_scripts.controller.controller.synthesise_controller", lambda *arguments, **options: found
    )
    result = bitloom("pim", "synth", "tiny", "--clock", "5")
    said = "the controller misses its clock: 5 ns asked for, 7.5 ns reached, 2.5 ns too slow"
    assert (result.status, result.err) == (1, f"bitloom: {said}; its figures are at the clock reached\n")
    assert f"\n  {said}" in result.out
    assert "wires  2.1 fF for each sink of a net (measured); without 120.0 MHz, 0.5 mW" in result.out
    written = json.loads((here / "build" / "pim-tiny" / "pim-synth.json").read_text())
    assert (written["clock_met"], written["clock_ns"], written["wns_ns"]) == (False, 7.5, -2.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tinny"], "system: must be one of pimgpt_paper, aim_measured, aim_reference, tiny, not 'tinny'"),
        (["none.json"], "none.json: can't be read: No such file or directory"),
        (["tiny", "--clock", "-1"], "--clock: must be 0.001 to 1000 ns, not -1"),
        (["tiny", "--clock", "1e9"], "--clock: must be 0.001 to 1000 ns, not 1e+09"),
        (["tiny", "--clock", "nan"], "--clock: must be 0.001 to 1000 ns, not nan"),
        (["tiny", "-o", ""], "must name a file or a folder, not be empty"),
        (["tiny", "--library", "none.lib"], "library"),
    ],
)
def test_requests_that_are_wrong(bitloom, here, arguments, message):
    result = bitloom("pim", "synth", *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err.splitlines()[0]

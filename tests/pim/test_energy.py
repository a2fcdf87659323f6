"""Energy of a command log, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hdl.params.pim import COMMANDS, PRESETS, EnergyTable, PimParams, energy_note, energy_sources, number
from sim_tb.pim.energy import CLASSES, EVENTS, energy_of
from sim_tb.pim.log import Entry

TINY = PRESETS["tiny"]


def test_every_command_has_a_class():
    assert set(EVENTS) | {"PRE", "PRE_AB"} == set(COMMANDS)
    assert {kind for kind, _ in EVENTS.values()} | {"background", "controller"} == set(CLASSES)
    assert {key for _, keys in CLASSES.values() for key in keys} | {"controller_idle"} == set(EnergyTable.rules())


def test_a_log_by_hand():
    """Two channels, 100 clocks of 1 ns: one with a row open for 40 of them, one for the last 5."""
    log = [
        Entry(5, 0, "REF"),  # before the clocks that count
        Entry(20, 0, "ACT_AB", 0, 3),
        Entry(30, 0, "MAC_AB", 0, 0, 0),
        Entry(32, 0, "MAC_AB", 0, 0, 1),
        Entry(40, 0, "RD_MAC"),
        Entry(60, 0, "PRE_AB"),
        Entry(61, 1, "WR_GB"),
        Entry(70, 0, "REF"),
        Entry(105, 1, "ACT", 2, 1),
        Entry(110, 1, "WR_SB", 2, 0, 0),  # and behind them
    ]
    found = energy_of(TINY, log, 10, 110)
    table, t = TINY.energy, TINY.timing
    assert found.parts == pytest.approx(
        {
            "MAC": 2 * table.mac * t.tccd,
            "activation": (TINY.banks + 1) * table.activate * t.trc,
            "read": 0,
            "write": 0,
            "registers": 2 * 5.5 * 64,
            "refresh": table.refresh * t.trfc,
            "background": 45 * table.standby_active + 155 * table.standby_precharged,
            "controller": 100 * table.controller_active,
        }
    )
    assert found.macs == 2 * 4 * 4
    assert found.total == pytest.approx(sum(found.parts.values()))
    assert found.pj_per_mac == pytest.approx(found.total / 32)
    assert found.milliwatts == pytest.approx(found.total / 100)
    # Halves add up, rows that are open at the border included.
    halves = [energy_of(TINY, log, 10, 50), energy_of(TINY, log, 50, 110)]
    for kind, energy in found.parts.items():
        assert halves[0].parts[kind] + halves[1].parts[kind] == pytest.approx(energy), kind
    assert energy_of(TINY, [], 0, 0).pj_per_mac is None
    assert energy_of(TINY, [], 0, 0).milliwatts == 0


def test_several_vectors_and_int8():
    """Arrays are read once a column; each set of products beyond the first costs what a MAC has beyond a read."""
    params = replace(TINY, accumulators=4, vectors=4, buffers=4, int8=True)
    table, t, bits = params.energy, params.timing, params.number_bits
    says = {"vectors": 3, "acc": 1, "word": 2}
    log = [
        Entry(0, 0, "ACT_AB", 0, 3),
        Entry(10, 0, "MAC_AB", 0, number(bits, "MAC_AB", **says), 0),
        Entry(12, 0, "MAC_AB", 0, number(bits, "MAC_AB", **says, int8=1), 0),
        Entry(14, 0, "SCALE_AB", 0, number(bits, "SCALE_AB", lane=1, acc=1, to=2, count=2), 0),
        Entry(99, 0, "MAC_AB", 0, number(bits, "MAC_AB", **says), 0),  # behind the clocks that count
    ]
    found = energy_of(params, log, 0, 50)
    assert found.parts["MAC"] == pytest.approx((3 * table.mac + (9 - 2) * (table.mac - table.read)) * t.tccd)
    assert found.macs == 9 * 4 * 4
    cheap = replace(params, energy=EnergyTable(mac=1.0, read=2.0))  # no set of multipliers gives energy back
    assert energy_of(cheap, log, 0, 50).parts["MAC"] == pytest.approx(3 * 1.0 * t.tccd)


def test_banks_that_close_one_by_one():
    log = [Entry(0, 0, "ACT_AB"), *(Entry(10 + bank, 0, "PRE", bank) for bank in range(4))]
    table = TINY.energy
    found = energy_of(TINY, log, 0, 20).parts["background"]
    assert found == pytest.approx(13 * table.standby_active + 27 * table.standby_precharged)


def test_the_clock_counts():
    aim = PRESETS["aim_measured"]
    assert energy_of(aim, [], 0, 100).parts["controller"] == pytest.approx(100 * 0.5 * 304.59)


def test_sources():
    """Of each preset every value names one; what a system gives itself says so."""
    for name, params in PRESETS.items():
        sources = energy_sources(params.energy)
        assert list(sources) == list(EnergyTable.rules())
        assert "given with the system" not in sources.values(), name
    assert energy_sources(PRESETS["aim_measured"].energy)["mac"].startswith(
        "three reads of the power model of GDDR6-AiM"
    )
    own = energy_sources(EnergyTable(read=1.0))
    assert [key for key, source in own.items() if source == "given with the system"] == ["read"]
    assert energy_note(PRESETS["pimgpt_paper"]) == ""
    assert "this system's have 4 of 4" in energy_note(TINY)
    mine = EnergyTable(**dict.fromkeys(EnergyTable.rules(), 1.25))
    assert energy_note(PimParams.from_dict(TINY.to_dict() | {"energy": vars(mine)})) == ""

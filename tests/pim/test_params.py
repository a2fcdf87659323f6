"""PIM parameters: derived numbers, presets, and the full text of every problem."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest

from gen.pim.assemble import assemble
from gen.pim.named import changed_system
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, EnergyTable, PimParams, TimingTable, changed, preset, size_sources, timing_sources
from hdl.params.pim.system import LIMITS, SWITCHES

AIM = PRESETS["aim_measured"]


TIMES = asdict(TimingTable())


def problems(values: dict) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        PimParams.from_dict(values)
    return str(caught.value).splitlines()


def test_the_system_of_the_paper():
    params = PimParams()
    assert params == PRESETS["pimgpt_paper"]
    assert (params.units, params.slot_words, params.parts) == (128, 8, 1)
    assert (params.word_bits, params.row_elements) == (256, 1024)
    assert params.bytes == 4 << 30
    assert params.sram_bytes == 128 << 10
    assert (params.adders, params.multipliers) == (256, 128)
    assert params.peak_gflops == 4096
    assert (params.bank_bits, params.row_bits, params.col_bits) == (4, 14, 6)


def test_the_row_law_of_aim():
    """226 clocks for each further row, as measured on the public simulator; the paper's preset follows the same law."""
    assert AIM.row_clocks == 56 + 63 * 2 + 12 + 32 == 226
    assert AIM.clock_mhz == 2000
    assert PimParams().row_clocks == 12 + 63 + 1 + 12


def test_short_rows_are_bounded_by_the_bank():
    tiny = PRESETS["tiny"]
    assert tiny.row_clocks == 7 + 7 * 2 + 3 + 6
    short = replace(tiny, row_cols=2)
    assert short.row_clocks == 20  # tRC, beyond tRAS + tRP = 19 and the stream's 18


@pytest.mark.parametrize("name", PRESETS)
def test_round_trip(name):
    params = PRESETS[name]
    assert PimParams.from_dict(json.loads(json.dumps(params.to_dict()))) == params
    assert preset(name) is params


def test_hash_covers_what_programs_and_cycles_depend_on():
    params = replace(PRESETS["tiny"], accumulators=4, buffers=4)
    hashes = {params.hash, replace(params, int8=True).hash}
    other = {"banks": 8, "lanes": 2, "vector_lanes": 8, "channels": 4, "accumulators": 8, "buffers": 8}
    for key in LIMITS:
        grown = other.get(key, getattr(params, key) + 1)
        hashes.add(replace(params, **{key: grown}).hash)
    for each in fields(TimingTable):
        hashes.add(
            replace(params, timing=replace(params.timing, **{each.name: getattr(params.timing, each.name) + 1})).hash
        )
    assert len(hashes) == 2 + len(LIMITS) + len(fields(TimingTable))
    assert replace(params, energy=EnergyTable(read=1.0)).hash == params.hash
    assert all(len(each) == 64 for each in hashes)


def test_what_goes_beyond_the_paper_leaves_other_systems_hash():
    """Programs of systems without it stay those of their systems."""
    assert PRESETS["tiny"].hash.startswith("9f1c3779")


def test_sizes_of_mac_units_that_do_not_fit_each_other():
    assert problems({"vectors": 4, "accumulators": 2}) == [
        "pim.vectors: must be at most accumulators = 2, not 4: each vector adds up in one (write accumulators=4 too)",
        "pim.vectors: must be at most buffers = 1, not 4: each vector comes from one (write buffers=4 too)",
    ]
    assert problems({"accumulators": 12, "buffers": 3}) == [
        "pim.accumulators: must be a power of two, not 12 (8 or 16)",
        "pim.buffers: must be a power of two, not 3 (2 or 4)",
    ]
    assert problems({"accumulators": 32, "int8": 1, "buffers": True}) == [
        "pim.accumulators: must be 1 to 16, not 32 (the nearest legal value is 16: the accumulator field of an "
        "instruction has 4 bits)",
        "pim.buffers: must be an integer, not True",
        "pim.int8: must be true or false, not 1",
    ]


def test_switches_on_the_command_line_and_in_programs():
    named = changed(PRESETS["tiny"], {"accumulators": 8, "vectors": 2, "buffers": 2, "int8": True})
    assert changed_system(PRESETS["tiny"], ["accumulators=8", "vectors=2", "buffers=2", "int8=true"]) == named
    text = ".system tiny, accumulators=8, vectors=2, buffers=2, int8=true\nhalt"
    assert assemble(text).params == named
    assert named.buffer_words == 16


def test_every_problem_at_once():
    legal = {
        kind: f"legal: {', '.join(each.name for each in fields(kind))})"
        for kind in (PimParams, TimingTable, EnergyTable)
    }
    assert problems(
        {
            "channels": 25,
            "bank": 16,
            "rows": 0,
            "lanes": 2.5,
            "gb_words": 4096,
            "timing": {**TIMES, "trp": 0, "tras": "24", "tcl": 3},
            "energy": {**asdict(EnergyTable()), "read": -1, "mac": True, "idle": 2},
        }
    ) == [
        f"pim.bank: unknown key (did you mean 'banks'? {legal[PimParams]}",
        f"timing.tcl: unknown key (did you mean 'cl'? {legal[TimingTable]}",
        "timing.trp: must be 1 to 1048576, not 0 (the nearest legal value is 1)",
        "timing.tras: must be an integer, not '24'",
        f"energy.idle: unknown key ({legal[EnergyTable]}",
        "energy.read: must be a number from 0 to 1,000,000, not -1",
        "energy.mac: must be a number from 0 to 1,000,000, not True",
        "pim.channels: must be 1 to 24, not 25 (the nearest legal value is 24: the channel mask of an instruction "
        "has 24 bits)",
        "pim.lanes: must be an integer, not 2.5",
        "pim.rows: must be 1 to 65536, not 0 (the nearest legal value is 1)",
        "pim.gb_words: must be 1 to 4095, not 4096 (the nearest legal value is 4095: the count field of an instruction "
        "has 12 bits)",
    ]


def test_a_table_is_whole_or_left_out():
    timing = dict(TIMES)
    del timing["trefi"], timing["tmod"]
    assert problems({"timing": timing}) == ["timing: lacks trefi, tmod: a table is whole, or left out"]
    assert problems({"timing": {}})[0].startswith("timing: lacks clock_ps, trcd_rd, ")


def test_sizes_that_do_not_divide():
    assert problems({"channels": 1, "banks": 12}) == ["pim.banks: must be a power of two, not 12 (8 or 16)"]
    assert problems({"channels": 3, "banks": 4, "lanes": 8, "vector_lanes": 24, "sram_words": 65}) == [
        "pim.lanes: must divide channels x banks = 12, not 8: one result a unit fills whole words",
        "pim.vector_lanes: must be lanes = 8 times a power of two, not 24: the vector unit takes whole words",
        "pim.sram_words: must hold a global buffer, a slot of biases and a slot of results (66 words), not 65 "
        "(write 66 or more)",
    ]
    assert problems({"timing": 3, "energy": []}) == [
        "pim.timing: must be a table, not 3",
        "pim.energy: must be a table, not []",
    ]


def test_timing_that_contradicts_itself():
    assert problems({"timing": {**TIMES, "trc": 35, "tras": 11, "tbl": 2, "trrd": 5, "tfaw": 4, "trefi": 467}}) == [
        "timing.tras: must be at least tRCD_RD and tRCD_WR = 12, not 11: a row stays open until it can be used",
        "timing.tccd: must be at least tBL = 2, not 1: the data of two columns would meet on the bus",
        "timing.tfaw: must be 0 (off) or at least tRRD = 5, not 4",
        "timing.trefi: must be 0 (off) or above tRP + tRFC = 467, not 467: refreshes would take all the time",
    ]
    assert problems({"timing": {**TIMES, "trc": 35}}) == [
        "timing.trc: must be at least tRAS + tRP = 36, not 35: a bank is open for tRAS and then precharges"
    ]
    assert problems({"timing": {**TIMES, "trefi": 554}}) == [
        "timing.trefi: must leave time for one row between refreshes (555 clocks with both), not 554 (or write 0 for "
        "no refresh)"
    ]
    assert PimParams.from_dict({"timing": {**TIMES, "trefi": 555}}).timing.trefi == 555
    assert PimParams.from_dict({"timing": {**TIMES, "trefi": 0}}).timing.trefi == 0


def test_other_shapes_are_legal():
    for shape in (
        {"channels": 16, "lanes": 32},
        {"channels": 1, "banks": 1, "lanes": 1, "vector_lanes": 1, "row_cols": 1, "rows": 1, "gb_words": 1},
        {"channels": 3, "banks": 16, "lanes": 8, "row_cols": 33, "rows": 1000},
        {"banks": 2, "lanes": 16},
    ):
        params = PimParams.from_dict(shape)
        assert params.slot_words * params.lanes == params.units
        assert params.parts == max(1, params.banks // params.lanes)


def test_unknown_preset():
    with pytest.raises(ConfigError) as caught:
        preset("aim_measurd")
    message = "system: must be one of pimgpt_paper, aim_measured, aim_reference, tiny, not 'aim_measurd'"
    assert str(caught.value) == f"{message} (did you mean 'aim_measured'?)"


def test_energy_from_currents():
    table = EnergyTable.from_currents(
        vdd=1.25, idd0=122, idd2n=92, idd3n=142, idd4r=530, idd4w=470, idd5b=277, mac_units=149.29
    )
    assert table == EnergyTable()
    events = table.events(PimParams().timing, 256)
    assert events["ACT"] == pytest.approx(37.5 * 36)
    assert events["RD_SB"] == pytest.approx(485 + 5.5 * 256)
    aim = AIM.energy.events(AIM.timing, 256)
    assert aim["MAC_AB"] == pytest.approx(3 * 438.15)
    assert aim["REF"] == pytest.approx(168.75 * 240 / 2)


def test_the_sources_of_sizes_and_times():
    """Of each preset every value names one; what a system gives itself says so."""
    for name, params in PRESETS.items():
        for sources, values in (
            (size_sources(params), [*LIMITS, *SWITCHES]),
            (timing_sources(params.timing), [each.name for each in fields(TimingTable)]),
        ):
            assert sorted(sources) == sorted(values)
            assert all(sources.values())
            assert "given with the system" not in sources.values(), name
    aim, reference = PRESETS["aim_measured"], PRESETS["aim_reference"]
    assert timing_sources(aim.timing)["trefi"].startswith("1.9 us, ")
    assert timing_sources(reference.timing)["trefi"].startswith("off: ")
    assert size_sources(PRESETS["tiny"])["rows"].startswith("chosen for simulation")
    own = timing_sources(replace(aim.timing, trp=31))
    assert [key for key, source in own.items() if source == "given with the system"] == ["trp"]
    assert size_sources(PimParams(rows=99))["rows"] == "given with the system"


def test_refreshes_of_aim_are_times_and_not_clocks_of_another_preset():
    """1.9 us and 120 ns at 0.5 ns a clock."""
    assert (AIM.timing.trefi * AIM.timing.clock_ps, AIM.timing.trfc * AIM.timing.clock_ps) == (1_900_000, 120_000)


def test_the_reference_differs_from_the_measured_preset_where_the_tool_overwrites_it():
    aim, reference = AIM.timing.symbols(), PRESETS["aim_reference"].timing.symbols()
    differ = {symbol: clocks for symbol, clocks in reference.items() if aim[symbol] != clocks}
    assert differ == {"tRRD": 5, "tRFC": 1, "tREFI": 0, "tMAC": 2}


def test_the_table_in_effect():
    """As one line and as a short hash, which every value changes."""
    table = PRESETS["tiny"].timing
    assert table.text.startswith("clock 1000 ps, tRCD_RD 5, tRCD_WR 4, tRCD_MAC 7, tRP 6, ")
    assert table.text.count(", ") == len(TimingTable.rules())
    hashes = {table.hash}
    for each in fields(TimingTable):
        hashes.add(replace(table, **{each.name: getattr(table, each.name) + 1}).hash)
    assert len(hashes) == 1 + len(fields(TimingTable))
    assert all(len(each) == 8 for each in hashes)


def test_times_are_documented():
    rules = TimingTable.rules()
    assert set(rules) == {each.name for each in fields(TimingTable)} - {"clock_ps"}
    symbols = [rule["symbol"] for rule in rules.values()]
    assert len(set(symbols)) == len(symbols)
    assert all(rule["meaning"] and rule["source"] for rule in rules.values())
    assert AIM.timing.symbols()["tRCD_MAC"] == 56

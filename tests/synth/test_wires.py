"""Wire loads: what each sink of a net adds to delay and energy, by hand; where they are from; what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gen.config import load as load_config
from hdl.params import ConfigError, ToolError
from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.library.wire_facts import ANY, LENGTH, MEASURED, PER_UM
from synth_scripts.library.wires import choose
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.power import flattened, module_powers
from synth_scripts.timing import sta
from synth_scripts.timing.delays import delays
from synth_scripts.timing.delays import loads as net_loads

needs_sta = pytest.mark.skipif(shutil.which("sta") is None, reason="OpenSTA (Debian: opensta) is not installed")
#: Fan-out 3: an inverter that drives three, two of which end nowhere.
TEXT = """module two(a, y);
  input a;
  output y;
  wire n, u, v;
  {inverter} first (.A(a), .Y(n));
  {inverter} second (.A(n), .Y(y));
  {inverter} third (.A(n), .Y(u));
  {inverter} fourth (.A(n), .Y(v));
endmodule
"""
FF = 5.0


@pytest.fixture(scope="module")
def wired(osu018: Library) -> Library:
    return load("osu018", wires=FF)


def test_every_sink_has_its_wire(wired):
    bare = wired.wireless
    assert (bare.wires.ff, bare.bare, wired.bare) == (0.0, None, bare)
    for kind, pins in wired.loads.items():
        assert pins == {pin: pytest.approx(each + FF) for pin, each in bare.loads[kind].items()}
    assert wired.load_ff == pytest.approx(bare.load_ff + FF)
    assert wired.fo4_ps == bare.fo4_ps
    assert wired.areas == bare.areas
    assert wired.digest != bare.digest
    assert "wires: 5 fF for each sink of a net (as asked for)" in wired.notes
    assert load("osu018", wires="none").loads == bare.loads


def test_delay_by_hand(wired, work):
    """Three sinks are three wires, and the port another: the delays are those of the tables at these loads."""
    bare = wired.wireless
    text = TEXT.format(inverter="INVX1")
    _, flat = flattened(bare, text, "two", (), work)
    cells, own = flat["cells"], {}
    first, second = cells["first"]["connections"]["Y"][0], cells["second"]["connections"]["Y"][0]
    for library, wire in ((bare, 0.0), (wired, FF)):
        found = net_loads(library, cells)
        assert found[first] == pytest.approx(3 * (bare.loads["INVX1"]["A"] + wire))
        assert found[second] == 0.0  # that of the port is outside
        own[wire] = delays(library, flat).cells
    # As much as without wires at a load that is larger by just that.
    more = {**bare.loads, "INVX1": {"A": bare.loads["INVX1"]["A"] + FF}}
    by_hand = delays(replace(bare, loads=more, load_ff=bare.load_ff + FF), flat).cells
    assert own[FF] == by_hand
    assert min(own[FF]["first"]["A", "Y"]) > max(own[0.0]["first"]["A", "Y"])


@needs_sta
def test_opensta_counts_them(wired, work):
    """By the library with wires as if every net had been given its wire; nothing else differs."""
    (work / "two.v").write_text(TEXT.format(inverter="INVX1"))
    bare = wired.wireless
    # a: one sink, n: three, y: the port's, whose wire is that of the load outside
    given = {"given": {"a": FF, "n": 3 * FF, "y": FF}}
    by_hand = sta.measure(bare, {"given": "two.v", "none": "two.v"}, "two", work, wires=given)
    found = sta.measure(wired, {"wired": "two.v"}, "two", work)["wired"].period
    assert found == pytest.approx(by_hand["given"].period, rel=1e-4)
    assert found > by_hand["none"].period + 0.01


def test_energy_by_hand(wired, work):
    """A transition of a net with three sinks charges three wires: half of C times square volts each."""
    bare = wired.wireless
    text = TEXT.format(inverter="INVX1")
    modules, flat = flattened(bare, text, "two", (), work)
    simulator = Simulator(flat, bare, 1)
    (source,) = flat["ports"]["a"]["bits"]
    for clock in range(9):
        simulator.values[source] = clock & 1
        simulator.settle()
        simulator.count()
    charged = {}
    for name, library in (("bare", bare), ("wired", wired)):
        powers = module_powers(simulator, modules, "two", library)["two"]
        charged[name] = powers.data_fj
        assert powers.leakage_nw == module_powers(simulator, modules, "two", bare)["two"].leakage_nw
    square = wired.corner["voltage"] ** 2
    rate = simulator.activity(source)[0]
    wires = 4 * 0.5 * FF * square * rate  # one sink of a, three of n
    table = energies(bare)["INVX1"]
    own = bare.loads["INVX1"]["A"]
    inside = rate * (table.of_output("Y", 3 * (own + FF)) - table.of_output("Y", 3 * own))  # by the load
    assert rate > 0
    assert charged["wired"] - charged["bare"] == pytest.approx(wires + inside)


def test_where_they_are_from():
    """Measured, else the library's own if it can be, else an estimate; and what was asked for."""
    measured = choose("auto", "osu018_stdcells", None, 24.0, unit=False)
    per_sink = [row.wire_ff / row.sinks for row in MEASURED["osu018"]]
    assert min(per_sink) < measured.ff < max(per_sink)
    assert "2x2 of mac" in measured.words
    guess = choose("auto", "mine", None, 4.0, unit=False)
    assert guess.ff == pytest.approx(LENGTH * 2.0 * ANY[0], rel=5e-3)
    assert guess.words.startswith("estimated: ")
    assert choose("auto", "sky130_fd_sc_hd__tt", None, 4.0, unit=False).ff == pytest.approx(
        LENGTH * 2.0 * PER_UM["sky130_fd_sc_hd"][0], rel=5e-3
    )
    assert choose("auto", "mine", 2.0, 4.0, unit=False).words == "the library's default wire load"
    far = choose("auto", "mine", 0.1, 4.0, unit=False)
    assert (far.ff, "0.1 fF, is out of all proportion" in far.words) == (guess.ff, True)
    assert choose("library", "mine", 0.1, 4.0, unit=False).ff == 0.1
    assert choose("estimate", "osu018_stdcells", None, 24.0, unit=False).words.startswith("estimated")
    assert choose(1.5, "mine", 9.0, 4.0, unit=False).ff == 1.5
    assert {choose(each, "bitloom_unit", None, 1.0, unit=True).ff for each in ("auto", "estimate", "none", 0)} == {0.0}
    assert choose(0.5, "bitloom_unit", None, 1.0, unit=True).ff == 0.5


@pytest.mark.parametrize("setting", [-1.0, float("nan"), float("inf"), 1001, True, "2 pF", "autom"])
def test_what_is_no_wire_load(setting):
    with pytest.raises(ToolError, match=r"^synth\.wires: must be"):
        choose(setting, "mine", None, 4.0, unit=False)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "-1",
            "synth.wires: must be one of auto, library, estimate, none, or 0 to 1000 fF for each sink of a net, not -1",
        ),
        ("nan", "synth.wires: must be one of auto"),
        ("true", "synth.wires: must be one of auto"),
        ("'2 pF'", "synth.wires: must be one of auto, library, estimate, none, not '2 pF'"),
        ("'estimat'", "did you mean 'estimate'?"),
    ],
)
def test_the_key(tmp_path: Path, value: str, message: str):
    path = tmp_path / "engine.toml"
    path.write_text(f"[synth]\nwires = {value}\n")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert message in str(error.value)
    assert error.value.exit_status == 2
    path.write_text("[synth]\nwires = 2.5\nlef = 'cells.lef'\n")
    assert load_config(path).synth.wires == 2.5
    assert load_config(path).synth.lef == str(tmp_path / "cells.lef")

"""Simulation with delays: glitches known by hand, equality with the simulation without delays, and mutations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdl.params.errors import CheckFailed, ToolError
from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.power import events, vcd
from synth_scripts.power.power import module_powers
from synth_scripts.timing import sta
from synth_scripts.timing.delays import delays, loads
from synth_scripts.work import icarus
from tests.synth.netlists import CHAIN, GATED, PLAIN, read, record

pytestmark = pytest.mark.synth
needs_icarus = pytest.mark.skipif(not icarus.available(), reason="Icarus Verilog is missing: apt-get install iverilog")


@needs_icarus
def test_glitches_known_by_hand(osu018: Library, tmp_path: Path) -> None:
    """Of ways of unequal length an exclusive or makes a pulse at every change, unless it is shorter than its delay."""
    module = read(osu018, CHAIN, tmp_path)["chain"]
    simulator = record(osu018, module, lambda source, name, cycle: ~cycle & 1)
    own = delays(osu018, module)
    found, paths = events.simulate(simulator, own, tmp_path, lanes=(0, 1)), own.cells
    nets = {name: net["bits"][0] for name, net in module["netnames"].items()}
    later = sum(min(paths[name]["A", "Y"]) for name in ("g1", "g2", "g3"))
    assert later > max(max(each) for each in paths["gy"].values())  # the pulse is long enough to pass
    assert max(paths["g5"]["A", "Y"]) < min(min(each) for each in paths["gw"].values())  # and this one isn't
    for name, glitches in (("r", 1), ("n3", 1), ("y", 2), ("z", 0), ("w", 0)):
        assert found.activity(nets[name])[0] == glitches, name
    for name in ("y", "z", "w"):
        assert simulator.activity(nets[name])[0] == 0
    assert found.activity(nets["clk"]) == (2.0, 0.5)
    assert found.cycles == 2 * 39
    assert found.excess == pytest.approx((7 + 2) / 7, rel=0.01)  # a, r and five inverters, and y


@needs_icarus
@pytest.mark.parametrize(("text", "top"), [(PLAIN, "plain"), (GATED, "gated")])
def test_functional_activity_is_equal(osu018: Library, tmp_path: Path, text: str, top: str) -> None:
    """Whatever the delays, each net ends every cycle as without them, and has at least as many transitions."""
    module = read(osu018, text, tmp_path)[top]
    simulator = record(osu018, module, cycles=120)
    own = delays(osu018, module)
    for each in (own, own.perturbed(0.3, 1), own.perturbed(0.3, 2)):
        found = events.simulate(simulator, each, tmp_path, lanes=(0, 1))
        for cell, pin in simulator.drivers.values():
            bit = module["cells"][cell]["connections"][pin][0]
            transitions, functional = found.activity(bit)[0], simulator.activity(bit)[0]
            assert transitions >= functional - 1e-9, (cell, pin)
            if cell.startswith("f"):  # flip-flops make no glitches
                assert transitions == pytest.approx(functional)
    low = simulator.held
    assert (top == "gated") == bool(low)


@needs_icarus
@pytest.mark.parametrize("other", ["NOR2X1", "AND2X1"])
def test_a_wrong_gate_is_noticed(osu018: Library, tmp_path: Path, other: str) -> None:
    module = read(osu018, PLAIN, tmp_path)["plain"]
    simulator = record(osu018, module)
    simulator.cells["g1"] = {**simulator.cells["g1"], "type": other}
    with pytest.raises(CheckFailed, match=r"with delays, g\d\.Y is . at the end of cycle \d+, not . as without"):
        events.simulate(simulator, delays(osu018, module), tmp_path)


@needs_icarus
def test_a_period_in_which_nothing_settles_is_noticed(osu018: Library, tmp_path: Path) -> None:
    module = read(osu018, PLAIN, tmp_path)["plain"]
    simulator = record(osu018, module)
    with pytest.raises(CheckFailed, match="with delays"):
        events.simulate(simulator, replace(delays(osu018, module), longest=20_000), tmp_path)


def test_perturbed_delays(osu018: Library, tmp_path: Path) -> None:
    module = read(osu018, PLAIN, tmp_path)["plain"]
    own = delays(osu018, module)
    drawn = own.perturbed(0.3, 5)
    assert drawn == own.perturbed(0.3, 5) != own.perturbed(0.3, 6)
    factors = {
        name: {new / old for pins in paths for new, old in zip(paths[pins], own.cells[name][pins], strict=True)}
        for name, paths in drawn.cells.items()
    }
    for name, each in factors.items():
        assert 0.7 <= min(each) <= max(each) <= 1.3, name
        assert max(each) == pytest.approx(min(each), rel=1e-3), name  # one number a gate
    assert max(map(max, factors.values())) - min(map(min, factors.values())) > 0.2


def test_without_icarus(osu018: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = read(osu018, PLAIN, tmp_path)["plain"]
    simulator = record(osu018, module)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="install the Debian package iverilog"):
        events.simulate(simulator, delays(osu018, module), tmp_path)


@pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")
@pytest.mark.parametrize(("text", "top"), [(PLAIN, "plain"), (CHAIN, "chain")])
def test_delays_agree_with_opensta(osu018: Library, tmp_path: Path, text: str, top: str) -> None:
    """Each delay lies where OpenSTA has it, which tells the edges of an input apart, wires counted by both."""
    own = delays(osu018, read(osu018, text, tmp_path)[top])
    commands = [
        f"read_liberty {osu018.mapping}",
        "read_verilog netlist.v",
        f"link_design {top}",
        "create_clock -name clock -period 10 [get_ports clk]",
        f"set_load {osu018.load_ff / osu018.cap_ff:g} [all_outputs]",
        "write_sdf -digits 6 -no_timestamp theirs.sdf",
    ]
    sta.run(commands, tmp_path, "delays")
    compared = 0
    for block in (tmp_path / "theirs.sdf").read_text().split("(INSTANCE ")[1:]:
        name = block.split(")", 1)[0]
        for pin, out, *times in re.findall(
            r"\(IOPATH (\w+) (\w+) \(([\d.]+)::([\d.]+)\) \(([\d.]+)::([\d.]+)\)", block
        ):
            low_rise, high_rise, low_fall, high_fall = (float(time) * 1e6 for time in times)
            rise, fall = own.cells[name][pin, out]
            assert 0.97 * low_rise <= rise <= 1.03 * high_rise, (name, pin)
            assert 0.97 * low_fall <= fall <= 1.03 * high_fall, (name, pin)
            compared += 1
    assert compared == sum(len(paths) for paths in own.cells.values())


@needs_icarus
@pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")
def test_energy_agrees_with_opensta(osu018: Library, tmp_path: Path) -> None:
    """With glitches: the charge of every net, and what inverters take inside.

    OpenSTA 2.0.17 lets the energy inside a gate of several inputs follow these, not its output; as for halves, see
    ``test_power.test_agrees_with_opensta``.
    """
    osu018 = osu018.wireless  # as the library's own file has it
    module = read(osu018, CHAIN, tmp_path)["chain"]
    simulator = record(osu018, module, cycles=100)
    found = events.simulate(simulator, delays(osu018, module), tmp_path, lanes=(0, 1))
    table, carried = energies(osu018), loads(osu018, module["cells"])
    commands = [
        f"read_liberty {osu018.files[0]}",
        "read_verilog netlist.v",
        "link_design chain",
        "create_clock -name clock -period 10 [get_ports clk]",
    ]
    own: dict[str, tuple[float, float]] = {}
    for name, cell in simulator.cells.items():
        for pin, (bit,) in cell["connections"].items():
            transitions, high = found.activity(bit)
            commands.append(f"sta::set_power_pin_activity [get_pins {name}/{pin}] {transitions:g} {high:g}")
            if name.startswith("g") and pin == "Y":
                charge = 0.5 * carried[bit] * osu018.corner["voltage"] ** 2
                each = charge, table[cell["type"]].of_output(pin, carried[bit])
                own[name] = transitions * each[0] * 1e-7, transitions * each[1] * 1e-7  # W at 100 MHz
    commands += [f"report_power -instances [get_cells {name}] -digits 6" for name in own]
    log = sta.run(commands, tmp_path, "power")
    for name, (switching, internal) in own.items():
        theirs = re.search(rf"^ *([\d.]\S+) +(\S+) +\S+ +\S+ {name}$", log, re.MULTILINE)
        assert theirs, name
        assert switching == pytest.approx(float(theirs[2]), rel=0.01), name
        if name.strip("g").isdecimal():
            assert internal == pytest.approx(float(theirs[1]) / 2, rel=0.15), name
    both = [
        module_powers(simulator, {"chain": module}, "chain", osu018, activity=each)["chain"] for each in (found, None)
    ]
    assert both[0].data_fj > 1.1 * both[1].data_fj
    assert replace(both[0], data_fj=both[1].data_fj) == both[1]


def test_reading_a_dump() -> None:
    """Two cycles of 100: transitions, time at 1, values at the ends; an unknown value is no transition."""
    text = """$timescale 1fs $end
$scope module netlist $end
$var wire 1 ! n5 $end
$var wire 1 " n7 $end
$var wire 4 # other $end
$upscope $end
$enddefinitions $end
#50
$dumpvars
0!
x"
b0 #
$end
#60
1!
#70
0!
1"
#150
1!
#180
0"
x!
#200
0!
1"
#260
0"
"""
    found = vcd.read([line.encode() + b"\n" for line in text.splitlines()], ["n7", "n5"], 100, 2)
    assert found.transitions.tolist() == [2, 3]
    assert found.high.tolist() == [180 - 70 + 50, 10 + 30]
    assert found.duration == 200
    assert np.array_equal(found.sampled, [[1, 0], [1, 0]])

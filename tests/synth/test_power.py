"""Energy: clock gating, scaling with activity, and agreement with OpenSTA where no clock is gated."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.power import ModulePower, module_powers
from synth_scripts.timing import sta
from tests.synth.netlists import PLAIN, read

pytestmark = pytest.mark.synth

GATED = """module gated(clk, en, d, q);
  input clk, en, d;
  output q;
  wire low, held, gclk;
  INVX1 i (.A(clk), .Y(low));
  LATCH l (.CLK(low), .D(en), .Q(held));
  AND2X1 a (.A(clk), .B(held), .Y(gclk));
  DFFPOSX1 f (.CLK(gclk), .D(d), .Q(q));
endmodule
"""


def run(library: Library, text: str, top: str, folder: Path, drive: dict[str, float]) -> tuple[Simulator, dict]:
    """Simulate with inputs that are high with a given probability, one lane of each differently."""
    modules = read(library, text, folder)
    simulator = Simulator(modules[top], library, lanes=64)
    source = random.Random(11)
    for _ in range(200):
        for port, chance in drive.items():
            width = len(modules[top]["ports"][port]["bits"])
            word = [sum((source.random() < chance) << i for i in range(width)) for _ in range(64)]
            simulator.set(port, word)
        simulator.settle()
        simulator.count()
        simulator.clock()
    return simulator, modules


def power(
    library: Library, text: str, top: str, folder: Path, drive: dict[str, float], scale: float = 1.0
) -> ModulePower:
    simulator, modules = run(library, text, top, folder, drive)
    return module_powers(simulator, modules, top, library, scale)[top]


def test_no_activity_leaves_clock_and_leakage(osu018: Library, tmp_path: Path) -> None:
    still = power(osu018, PLAIN, "plain", tmp_path, {"d": 0.0})
    assert still.data_fj == 0
    assert still.clock_fj > 0
    assert still.leakage_nw > 0
    assert still.mw(10.0) == pytest.approx(still.clock_fj / 10 * 1e-3 + still.leakage_nw * 1e-6)


def test_doubled_activity_doubles_the_rest(osu018: Library, tmp_path: Path) -> None:
    once, twice = (power(osu018, PLAIN, "plain", tmp_path, {"d": 0.5}, scale) for scale in (1.0, 2.0))
    assert once.data_fj > 0
    assert twice.data_fj == pytest.approx(2 * once.data_fj)
    assert (twice.clock_fj, twice.leakage_nw) == (once.clock_fj, once.leakage_nw)


def test_a_gated_clock_costs_what_it_runs(osu018: Library, tmp_path: Path) -> None:
    on, half, off = (power(osu018, GATED, "gated", tmp_path, {"d": 0.5, "en": share}) for share in (1.0, 0.5, 0.0))
    assert on.clock_fj > half.clock_fj > off.clock_fj > 0  # inverter and AND still see the clock
    assert half.clock_fj == pytest.approx((on.clock_fj + off.clock_fj) / 2, rel=0.03)
    assert off.data_fj < half.data_fj


def test_toggle_counts(osu018: Library, tmp_path: Path) -> None:
    simulator, modules = run(osu018, PLAIN, "plain", tmp_path, {"d": 0.5})
    nets = modules["plain"]["netnames"]
    assert simulator.activity(nets["clk"]["bits"][0]) == (2.0, 0.5)
    toggles, high = simulator.activity(nets["r"]["bits"][0])
    assert toggles == pytest.approx(0.5, abs=0.02)
    assert high == pytest.approx(0.5, abs=0.02)
    assert simulator.activity(nets["n1"]["bits"][0])[1] == pytest.approx(0.75, abs=0.02)


@pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")
def test_agrees_with_opensta(osu018: Library, tmp_path: Path) -> None:
    """Power inside gates at the same activity on every pin: within a fifth (OpenSTA follows slews, we take two FO4).

    OpenSTA 2.0.17 adds the energies of a rising and a falling transition for every single transition, so its figure is
    halved here. Gates only: of flip-flops it leaves out the data pin.
    """
    simulator, _ = run(osu018, PLAIN, "plain", tmp_path, {"d": 0.5})
    table = energies(osu018)
    loads: dict[int, float] = {}
    for cell in simulator.cells.values():
        for pin, bits in cell["connections"].items():
            loads[bits[0]] = loads.get(bits[0], 0.0) + osu018.loads[cell["type"]].get(pin, 0.0)
    own = 0.0
    commands = [
        f"read_liberty {osu018.files[0]}",
        "read_verilog netlist.v",
        "link_design plain",
        "create_clock -name clock -period 10 [get_ports clk]",
    ]
    for name, cell in simulator.cells.items():
        for pin, bits in cell["connections"].items():
            transitions, high = simulator.activity(bits[0])
            commands.append(f"sta::set_power_pin_activity [get_pins {name}/{pin}] {transitions:g} {high:g}")
            if name.startswith("g") and pin == "Y":
                own += transitions * table[cell["type"]].of_output(pin, loads[bits[0]]) / 10 * 1e-6
    log = sta.run([*commands, "report_power -digits 6"], tmp_path, "power")
    found = re.search(r"^Combinational\s+(\S+)", log, re.MULTILINE)
    assert found
    assert own == pytest.approx(float(found[1]) / 2, rel=0.2)

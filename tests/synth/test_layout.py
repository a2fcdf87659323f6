"""Layouts, from a netlist to its timing with wires."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gen.workplace import workplace
from hdl.params.errors import ToolError
from synth_scripts.layout import netgen, tools
from synth_scripts.layout.drawing import drawing
from synth_scripts.layout.netlist import FlatNetlist, flat_netlist
from synth_scripts.layout.routed import How, Routed, lay_out
from synth_scripts.layout.run import ratios
from synth_scripts.layout.technology import technology
from synth_scripts.module.flow import synthesise_module
from synth_scripts.netlist.flat import mapped_modules
from synth_scripts.timing import sta

pytestmark = [pytest.mark.synth, pytest.mark.layout]


@pytest.fixture(scope="module")
def netlist(osu018, mac_text, tmp_path_factory) -> FlatNetlist:
    folder = tmp_path_factory.mktemp("mac")
    found = synthesise_module(osu018, mac_text, "mac", folder, effort="quick")
    flat = mapped_modules(osu018, found.netlist, "mac", folder, "mapped")["mac"]
    return flat_netlist(flat, technology(osu018).lef, osu018.buffers[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("layout of a 'mac'")


@pytest.fixture(scope="module")
def routed(osu018, netlist, folder) -> Routed:
    return lay_out(netlist, osu018, technology(osu018), How(), folder)


def test_layout_is_the_netlist_and_breaks_no_rule(routed):
    assert routed.same
    assert routed.violations == {}


def test_wires_take_time(routed):
    assert 1.01 * routed.ns_ideal < routed.ns < routed.ns_switching < 1.3 * routed.ns_ideal
    assert routed.ns_estimated == pytest.approx(routed.ns, rel=0.05)  # which synthesis counts
    assert 0.05 < routed.wire_ff / (routed.wire_mm * 1e3) < 0.3  # fF for a micrometre


def test_core_is_as_dense_as_asked_for(osu018, netlist, routed):
    area = netlist.cell_area_um2(technology(osu018).lef)
    assert 0.75 < area / routed.placement.core_area_um2 <= 0.81


def test_every_net_has_wires(netlist, routed):
    assert {wire.net for wire in routed.wires} == set(netlist.wires)


def test_a_net_that_is_moved_is_noticed(osu018, netlist, routed, folder):
    lef = technology(osu018).lef
    extracted = (folder / "connections.spice").read_text()
    first, second = [cell for cell in netlist.cells if cell.kind in ("XOR2X1", "XNOR2X1")][:2]
    text = netlist.spice(lef)
    swapped = text.replace(f"X{first.name} {first.pins['A']} ", f"X{first.name} {second.pins['A']} ")
    assert swapped != text
    with workplace("lvs") as place:
        for name, content in (("a.spice", extracted), ("b.spice", swapped), ("setup.tcl", netgen.setup(lef))):
            (place / name).write_text(content)
        assert not netgen.equal(tools.run(place, netgen.command("a.spice", "b.spice", "setup.tcl"), "log"))


def test_a_second_time_it_comes_from_the_cache(osu018, netlist, routed, tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "run", None)
    assert lay_out(netlist, osu018, technology(osu018), How(), tmp_path) == routed
    assert (tmp_path / "design.def").exists()


def test_too_few_layers_are_said_in_words(osu018, netlist, tmp_path):
    with pytest.raises(ToolError, match=r"\d+ of \d+ nets not routed with 2 layers and cells on 100% of the core"):
        lay_out(netlist, osu018, technology(osu018), How(density=1.0, layers=2), tmp_path)


def test_a_program_that_fails_is_named(osu018, netlist, tmp_path, monkeypatch):
    (tmp_path / "graywolf").write_text("#!/bin/sh\necho no room\nexit 3\n")
    (tmp_path / "graywolf").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    tools.versions.cache_clear()
    with pytest.raises(ToolError, match=r"graywolf failed with status 3:\nno room"):
        lay_out(netlist, osu018, technology(osu018), How(seed=9), tmp_path / "work")
    tools.versions.cache_clear()


def test_loads_of_wires(osu018, netlist, routed, tmp_path):
    """Without load nothing changes, and twice the load takes about twice as much more time."""
    (tmp_path / "design.v").write_text(netlist.verilog())
    wires = {"none": dict.fromkeys(netlist.wires, 0.0)}
    wires |= {str(load): dict.fromkeys(netlist.wires, load) for load in (4.0, 8.0)}
    found = sta.measure(osu018.wireless, dict.fromkeys(wires, "design.v"), "design", tmp_path, wires=wires)
    assert found["none"].period == pytest.approx(routed.ns_ideal)
    more = [found[name].period - routed.ns_ideal for name in ("4.0", "8.0")]
    assert more[0] > 0
    assert more[1] == pytest.approx(2 * more[0], rel=0.25)


def test_drawing(osu018, netlist, routed):
    shown = drawing(routed, osu018, technology(osu018).lef)
    count = {kind: len(text.split()) / 4 for kind, text in (shown["cells"] | shown["wires"]).items()}
    assert sum(count[kind] for kind in shown["cells"]) == len(netlist.cells)
    assert count["flip-flop"] == sum(cell.kind in osu018.clock_pins for cell in netlist.cells)
    assert sum(count[layer] for layer in shown["wires"]) == sum(wire.length > 0 for wire in routed.wires)
    assert len(json.dumps(shown)) < 100_000


def design(*runs: tuple[float, float, bool]) -> dict:
    found = [{"ns": ns, "ns_ideal": ns / 2, "core_area_um2": area, "same_as_netlist": same} for ns, area, same in runs]
    return {"runs": found, "median": found[0]}


def test_ratios():
    found = ratios(design((2.0, 90.0, True), (2.5, 90.0, True)), design((4.0, 100.0, True), (4.0, 120.0, True)))
    assert found["clock"] == 2.0
    assert found["core_area"] == 0.9
    assert found["efficiency"] == pytest.approx(2.0 / 0.9)
    assert found["least"]["clock"] == 1.6
    assert found["most"]["core_area"] == 0.9


def test_layouts_that_are_not_the_netlist_do_not_count():
    found = ratios(design((2.0, 90.0, True), (2.5, 90.0, False)), design((4.0, 100.0, True), (4.0, 120.0, True)))
    assert found["least"]["clock"] == found["most"]["clock"] == 2.0

"""Fan-out trees, copies of flip-flops, and drivers that are as strong as their loads need."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from synth_scripts.engine.variants import COPIES, STRONG, USUAL
from synth_scripts.library import sources
from synth_scripts.library.drives import drives
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.library.reading import Reading
from synth_scripts.netlist.drivers import SHARED, serve_loads
from synth_scripts.netlist.netlist import Netlist

#: The most flip-flops that one becomes.
MOST = COPIES
#: A flip-flop of OSU018 and of the unit library.
FLOP = "DFFPOSX1"
Pins = dict[str, tuple[str, int]]


def cell(kind: str, pins: Pins) -> dict:
    return {
        "type": kind,
        "connections": {pin: [bit] for pin, (_, bit) in pins.items()},
        "port_directions": {pin: direction for pin, (direction, _) in pins.items()},
    }


def module(ports: Pins, cells: dict[str, dict]) -> dict:
    bits = {bit for each in cells.values() for ends in each["connections"].values() for bit in ends}
    bits |= {bit for _, bit in ports.values()}
    return {
        "ports": {port: {"direction": direction, "bits": [bit]} for port, (direction, bit) in ports.items()},
        "cells": cells,
        "netnames": {f"n{bit}": {"bits": [bit]} for bit in bits},
    }


def inverters(count: int, net: int, first: int) -> dict[str, dict]:
    return {f"i{n}": cell("INVX1", {"A": ("input", net), "Y": ("output", first + n)}) for n in range(count)}


def netlist(modules: dict[str, dict], library: Library, folder: Path) -> Netlist:
    path = folder / "n.json"
    path.write_text(json.dumps({"modules": modules}))
    return Netlist(path, library, "parent", {})


def of_ports(sinks: int, library: Library, folder: Path) -> Netlist:
    """A child with ``sinks`` inverters on its port, and a parent with two children on one net."""
    child = module({"a": ("input", 2)}, inverters(sinks, 2, 3))
    children = {f"c{n}": cell("child", {"a": ("input", 2)}) for n in range(2)}
    return netlist({"child": child, "parent": module({"a": ("input", 2)}, children)}, library, folder)


def of_flop(sinks: int, library: Library, folder: Path) -> Netlist:
    """A flip-flop, and ``sinks`` inverters behind it."""
    flop = cell(FLOP, {"D": ("input", 3), "CLK": ("input", 2), "Q": ("output", 4)})
    ports: Pins = {"clk": ("input", 2), "d": ("input", 3)}
    return netlist({"parent": module(ports, {"flop": flop, **inverters(sinks, 4, 5)})}, library, folder)


def loads(found: Netlist, name: str) -> dict[int, float]:
    """The load of each net of a module without modules in it."""
    return found.totals(name, {})


def test_counts(unit: Library, tmp_path: Path) -> None:
    found = of_ports(5, unit, tmp_path)
    assert found.order == ["child", "parent"]
    assert found.instances() == {"parent": 1, "child": 2, "INVX1": 10}
    assert found.local_area("child") == pytest.approx(5 * unit.areas["INVX1"])


@pytest.mark.parametrize("sinks", [3, 10, 136, 137, 1000, 20000])
def test_trees_keep_every_driver_within_its_load(unit: Library, tmp_path: Path, sinks: int) -> None:
    found = of_ports(sinks, unit, tmp_path)
    added = serve_loads(found, drives(found.library), USUAL).buffers
    assert (added > 0) == (2 * sinks > drives(unit)[unit.driver].reach(unit.driver_output, SHARED))
    assert (len(found.module("child")["cells"]) > sinks) == (sinks > unit.tree_load_ff)
    buffer, source, output = unit.tree_buffer
    drivers: dict[int, int] = {}
    cells = found.module("child")["cells"]
    for each in cells.values():
        if each["type"] == buffer:
            drivers[each["connections"][output][0]] = each["connections"][source][0]
    assert max(loads(found, "child").values()) <= unit.tree_load_ff * 1.001
    for each in cells.values():  # every sink still hangs on the port
        bit = each["connections"]["A"][0]
        while bit != 2:
            bit = drivers[bit]


def test_a_clock_port_has_no_tree(unit: Library, tmp_path: Path) -> None:
    """Also where no flip-flop hangs on it, but clock gates alone."""
    found = of_ports(1000, unit, tmp_path)
    ports = found.module("child")["ports"]
    ports["clk"] = ports.pop("a")
    assert serve_loads(found, drives(found.library), USUAL) == (0, 0)


@pytest.mark.parametrize("sinks", [10, 40, 100, 5000])
def test_flip_flops_are_copied_before_buffers_follow_them(osu018: Library, tmp_path: Path, sinks: int) -> None:
    """Every sink is one flip-flop behind the same data, and none of them drives more than it should."""
    found = of_flop(sinks, osu018, tmp_path)
    whole = loads(found, "parent")[4]
    buffers, copies = serve_loads(found, drives(found.library), USUAL, MOST)
    cells = found.module("parent")["cells"]
    flops = [each for each in cells.values() if each["type"] == FLOP]
    assert len(flops) == 1 + copies
    reach = drives(osu018)[FLOP].reach("Q", SHARED)
    assert all(each["connections"]["D"] == [3] and each["connections"]["CLK"] == [2] for each in flops)
    driven = loads(found, "parent")
    if whole <= max(osu018.weak_load_ff, reach):
        assert (len(flops), buffers) == (1, 0)
    elif whole <= MOST * reach:
        assert buffers == 0
        assert whole / reach <= len(flops) <= whole / reach + 2
        outputs = [each["connections"]["Q"][0] for each in flops]
        assert len(set(outputs)) == len(outputs)
        assert sum(driven[bit] for bit in outputs) == pytest.approx(whole)
        assert max(driven[bit] for bit in outputs) <= reach * 1.1  # groups are of whole sinks
    else:
        assert buffers > 0
        assert max(driven[each["connections"]["Q"][0]] for each in flops) <= max(osu018.weak_load_ff, reach) * 1.1


def test_a_flip_flop_that_may_not_be_copied_has_buffers(osu018: Library, tmp_path: Path) -> None:
    found = of_flop(100, osu018, tmp_path)
    assert serve_loads(found, drives(osu018), USUAL).buffers > 0
    assert sum(each["type"] == FLOP for each in found.module("parent")["cells"].values()) == 1


def test_tests_of_copies_have_all_cases(osu018: Library, tmp_path: Path) -> None:
    cases = Counter[str]()
    for sinks in (10, 40, 100, 5000):
        found = of_flop(sinks, osu018, tmp_path)
        buffers, copies = serve_loads(found, drives(found.library), USUAL, MOST)
        cases["buffers" if buffers else "copies" if copies else "as it was"] += 1
    assert set(cases) == {"as it was", "copies", "buffers"}


def test_what_drives_an_input_of_the_whole_has_no_more_than_it_is_good_for(osu018: Library, tmp_path: Path) -> None:
    """Inside of modules inputs have the buffers of trees in front of them, which may be stronger."""
    driver = drives(osu018)[osu018.driver].reach(osu018.driver_output, SHARED)
    assert driver < osu018.tree_load_ff
    sinks = int(osu018.tree_load_ff / osu018.loads["INVX1"]["A"])
    found = of_ports(sinks, osu018, tmp_path)
    child, parent = found.module("child")["cells"], found.module("parent")["cells"]
    assert serve_loads(found, drives(osu018), USUAL).buffers == 2  # the two children's load, shared out in the parent
    assert len(child) == sinks
    assert len(parent) == 4
    whole = netlist({"parent": module({"a": ("input", 2)}, inverters(sinks, 2, 3))}, osu018, tmp_path)
    assert serve_loads(whole, drives(osu018), USUAL).buffers == 1
    assert loads(whole, "parent")[2] <= driver


@pytest.mark.parametrize("slow", [USUAL, STRONG])
def test_drivers_are_chosen_by_what_hangs_outside(osu018: Library, tmp_path: Path, slow: float) -> None:
    """Of a module that stands twice the greater load counts; what a stronger cell loads its own driver with as well."""
    outputs: Pins = {"a": ("input", 2), "y": ("output", 4)}
    pair = {
        "first": cell("INVX1", {"A": ("input", 2), "Y": ("output", 3)}),
        "second": cell("INVX1", {"A": ("input", 3), "Y": ("output", 4)}),
    }
    children = {f"c{n}": cell("child", {"a": ("input", 2), "y": ("output", 3 + n)}) for n in range(2)}
    few, many = inverters(2, 3, 10), {f"j{n}": each for n, each in enumerate(inverters(20, 4, 100).values())}
    parent = module({"a": ("input", 2)}, children | few | many)
    found = netlist({"child": module(outputs, pair), "parent": parent}, osu018, tmp_path)
    assert serve_loads(found, drives(found.library), slow) == (0, 0)
    sizes = drives(osu018)
    kinds = {name: each["type"] for name, each in found.module("child")["cells"].items()}
    load = 20 * osu018.loads["INVX1"]["A"]
    assert sizes["INVX1"].slowed("Y", load) > slow >= sizes[kinds["second"]].slowed("Y", load)
    assert sizes[kinds["first"]].slowed("Y", osu018.loads[kinds["second"]]["A"]) <= slow
    smaller = [form for form in sizes["INVX1"].forms if osu018.areas[form] < osu018.areas[kinds["second"]]]
    assert smaller
    assert all(sizes[form].slowed("Y", load) > slow for form in smaller)


def test_unmapped(unit: Library, tmp_path: Path) -> None:
    found = of_ports(3, unit, tmp_path)
    found.module("child")["cells"]["i0"]["type"] = "$_TBUF_"
    assert found.unmapped() == ["$_TBUF_ in child"]


def do_the_same(library: Library) -> int:
    """Forms of a cell have the same truth tables and states; returns how many cells have several forms."""
    cells = Reading.of([sources.read(Path(library.mapping))]).cells
    several = 0
    for forms in {drive.forms for drive in drives(library).values()}:
        several += len(forms) > 1
        first, *others = (cells[form] for form in forms)
        for other in others:
            assert set(other.inputs) == set(first.inputs)
            assert set(other.outputs) == set(first.outputs)
            if first.functions:
                order = [other.inputs.index(pin) for pin in first.inputs]
                for pin, table in first.functions.items():
                    assert table == reordered(other.functions[pin], order)
            else:
                assert (first.state is None) == (other.state is None)
                if first.state and other.state:
                    assert first.clock == other.clock
                    assert first.state.kind == other.state.kind
    return several


def reordered(table: int, order: list[int]) -> int:
    """A truth table over inputs in another order."""
    result = 0
    for row in range(1 << len(order)):
        source = sum((row >> i & 1) << place for i, place in enumerate(order))
        result |= (table >> source & 1) << row
    return result


def test_forms_of_a_cell_do_the_same(osu018: Library) -> None:
    assert do_the_same(osu018) >= 4
    by_form = defaultdict(set)
    for kind, drive in drives(osu018).items():
        assert kind in drive.forms
        by_form[drive.forms].add(kind)
    assert all(set(forms) == kinds for forms, kinds in by_form.items())


@pytest.mark.pdk
def test_flip_flops_have_forms(pdk: Path) -> None:
    library = load(str(pdk / "sg13g2_typ.lib.gz"))
    assert do_the_same(library) >= 20
    assert any(len(drive.forms) > 1 for kind, drive in drives(library).items() if kind in library.flops)


def test_what_a_module_only_passes_on_is_a_load(osu018: Library, tmp_path: Path) -> None:
    """A wire through two modules, one in the other: its driver is in a third one, what it drives in the parent."""
    wire = module({"a": ("input", 2), "y": ("output", 2)}, {})
    around = module(
        {"b": ("input", 2), "z": ("output", 3)}, {"inner": cell("wire", {"a": ("input", 2), "y": ("output", 3)})}
    )
    driver = module({"a": ("input", 2), "y": ("output", 3)}, inverters(1, 2, 3))
    parent = module(
        {"a": ("input", 2)},
        {
            "driver": cell("driver", {"a": ("input", 2), "y": ("output", 3)}),
            "around": cell("around", {"b": ("input", 3), "z": ("output", 4)}),
            **inverters(20, 4, 100),
        },
    )
    modules = {"wire": wire, "around": around, "driver": driver, "parent": parent}
    found = netlist(modules, osu018, tmp_path)
    load = 20 * osu018.loads["INVX1"]["A"]
    assert found.totals("parent", {name: {} for name in modules})[3] == pytest.approx(load)
    assert serve_loads(found, drives(osu018), USUAL) == (0, 0)
    kind = found.module("driver")["cells"]["i0"]["type"]
    sizes = drives(osu018)
    assert sizes["INVX1"].slowed("Y", load) > USUAL >= sizes[kind].slowed("Y", load)
    # An output that is left open has no load.
    del parent["cells"]["around"]["connections"]["z"]
    del parent["cells"]["around"]["port_directions"]["z"]
    assert netlist(modules, osu018, tmp_path).totals("parent", {name: {} for name in modules})[3] == 0

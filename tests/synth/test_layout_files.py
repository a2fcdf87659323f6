"""Files of layout tools: what is written for them, and what is read of them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hdl.params.errors import ToolError
from synth_scripts.layout import graywolf, magic, netgen, qrouter, tools
from synth_scripts.layout.def_file import Wire, read_wires, wire_mm, write_placed
from synth_scripts.layout.graywolf import Placed, PlacedPort, Raw
from synth_scripts.layout.lef import PER_UM, Lef, Rect, read_lef
from synth_scripts.layout.mend import mended
from synth_scripts.layout.netlist import Cell, FlatNetlist, Port, flat_netlist
from synth_scripts.layout.placement import At, Placement, place
from synth_scripts.layout.technology import technology

LEF = """VERSION 5.4 ;
LAYER poly
  TYPE MASTERSLICE ;
END poly
LAYER m1
  TYPE ROUTING ;
  DIRECTION HORIZONTAL ;
  PITCH 1 ;
  OFFSET 0.5 ;
  WIDTH 0.3 ;
END m1
LAYER m2
  TYPE ROUTING ;
  DIRECTION VERTICAL ;
  PITCH 0.8 ;
  WIDTH 0.3 ;
END m2
LAYER m3
  TYPE ROUTING ;
  DIRECTION HORIZONTAL ;
  PITCH 1 ;
  WIDTH 0.3 ;
END m3
VIA M2_M1 DEFAULT
  LAYER m1 ;
    RECT -0.2 -0.2 0.2 0.2 ;
  LAYER cut ;
    RECT -0.1 -0.1 0.1 0.1 ;
  LAYER m2 ;
    RECT -0.2 -0.2 0.2 0.2 ;
END M2_M1
SITE core
  CLASS CORE ;
  SIZE 0.8 BY 10 ;
END core
MACRO GAP
  SIZE 0.8 BY 10 ;
  PIN gnd
    DIRECTION INOUT ;
    USE GROUND ;
    PORT
      LAYER m1 ;
        RECT -0.2 -0.3 1 0.3 ;
    END
  END gnd
  PIN vdd
    DIRECTION INOUT ;
    USE POWER ;
    PORT
      LAYER m1 ;
        RECT -0.2 9.7 1 10.3 ;
    END
  END vdd
END GAP
MACRO INV
  ORIGIN 0.1 0 ;
  SIZE 1.6 BY 10 ;
  PIN A
    DIRECTION INPUT ;
    PORT
      LAYER m1 ;
        RECT 0.1 2 0.3 2.2 ;   # a small one
        RECT 0.1 3 0.5 3.4 ;
    END
  END A
  PIN gnd
    USE GROUND ;
  END gnd
  PIN Y
    DIRECTION OUTPUT ;
    PORT
      LAYER m2 ;
        RECT 1 4 1.2 6 ;
    END
  END Y
  PIN vdd
    USE POWER ;
  END vdd
END INV
END LIBRARY
"""


@pytest.fixture
def lef(tmp_path: Path) -> Lef:
    (tmp_path / "cells.lef").write_text(LEF)
    return read_lef(tmp_path / "cells.lef")


def chain(length: int) -> FlatNetlist:
    """Inverters in a row, between two ports."""
    nets = ["a", *(f"n{i}" for i in range(length - 1)), "y"]
    cells = [Cell(f"u{i}", "INV", {"A": nets[i], "Y": nets[i + 1]}) for i in range(length)]
    return FlatNetlist((Port("a", False), Port("y", True)), tuple(cells))


def test_lef(lef):
    assert [(layer.name, layer.horizontal, layer.pitch, layer.offset, layer.width) for layer in lef.layers] == [
        ("m1", True, 100, 50, 30),
        ("m2", False, 80, 40, 30),  # an offset that isn't given is half of the pitch
        ("m3", True, 100, 50, 30),
    ]
    assert (lef.site_width, lef.row_height, lef.filler.name) == (80, 1000, "GAP")
    cell = lef.cells["INV"]
    assert cell.area_um2 == 16.0
    assert cell.pins["A"].metal == (Rect("m1", 20, 200, 40, 220), Rect("m1", 20, 300, 60, 340))
    assert [pin.name for pin in cell.pins.values() if pin.supply] == ["gnd", "vdd"]


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        (r"(?s)MACRO.*", "has no cell (MACRO)"),
        (r"TYPE ROUTING", "has no routing layer"),
        (r"(?s)SITE core.*?END core", "has no SITE"),
        (r"PITCH 0.8 ;", "has no PITCH"),
        (r"SIZE 1.6 BY 10 ;", "no SIZE"),
    ],
)
def test_lef_that_lacks_something(tmp_path, gone, message):
    (tmp_path / "cells.lef").write_text(re.sub(gone, "", LEF))
    with pytest.raises(ToolError, match=re.escape(message)):
        read_lef(tmp_path / "cells.lef")


def test_lef_that_is_missing(tmp_path):
    with pytest.raises(ToolError, match="can't be read"):
        read_lef(tmp_path / "cells.lef")


def test_areas_of_osu018_are_those_of_its_lef(osu018):
    cells = technology(osu018).lef.cells
    assert {name: cells[name].area_um2 for name in osu018.areas} == pytest.approx(osu018.areas)


def module(**changes: object) -> dict:
    """A module in Yosys' JSON form: an inverter, whose output is two ports."""
    found = {
        "ports": {
            "a": {"direction": "input", "bits": [2]},
            "y": {"direction": "output", "bits": [3, 3, "0"]},
        },
        "cells": {"g": {"type": "INV", "connections": {"A": [2], "Y": [3]}}},
    }
    return {**found, **changes}


def test_netlist(lef):
    netlist = flat_netlist(module(), lef, ("INV", "A", "Y"))
    assert [port.name for port in netlist.ports] == ["a", "y_0_", "y_1_"]  # a constant needs no wire
    assert [(cell.kind, dict(cell.pins)) for cell in netlist.cells] == [
        ("INV", {"A": "y_0_", "Y": "y_1_"}),  # a net has the name of one port
        ("INV", {"A": "a", "Y": "y_0_"}),
    ]
    assert netlist.cell_area_um2(lef) == 32.0
    assert "  INV u0 (.A(a), .Y(y_0_));\n" in netlist.verilog()
    assert "Xu0 a gnd y_0_ vdd INV\n" in netlist.spice(lef)


def test_netlists_that_cannot_be_laid_out(lef):
    with pytest.raises(ToolError, match="has no cell NAND9"):
        flat_netlist(module(cells={"g": {"type": "NAND9", "connections": {}}}), lef, ("INV", "A", "Y"))
    tied = {"g": {"type": "INV", "connections": {"A": ["1"], "Y": [3]}}}
    with pytest.raises(ToolError, match="pin A of g is constant"):
        flat_netlist(module(cells=tied), lef, ("INV", "A", "Y"))


@pytest.mark.parametrize("density", [1.0, 0.8, 0.37])
def test_gaps_are_spread_evenly(lef, density):
    sites = graywolf.gaps(chain(100).cells, lef, density)
    cells = 100 * lef.cells["INV"].width // lef.site_width
    assert cells / (cells + sum(sites.values())) == pytest.approx(density, abs=0.01)
    assert max(sites.values()) - min(sites.values()) <= 1


def test_what_graywolf_reads(lef):
    netlist = chain(1)
    text = graywolf.cells_file(netlist, lef, {"u0": 1})
    assert "cell 0 u0\nleft -120 right 120 bottom -500 top 500\n" in text
    assert "pin name A signal a layer 1 0 -180\n" in text  # the middle of its largest metal, behind the gap
    assert "pin name Y signal y layer 2 80 0\n" in text
    assert text.count("TW_PASS_THRU") == 3
    assert "pad 2 name pad_y\n" in text
    assert "*random.seed : 7\n" in graywolf.parameters_file(lef, 7)


def test_what_graywolf_placed(lef):
    netlist = chain(2)
    text = "u0 -120 0 120 1000 0 1\ntwfeed3 0 0 80 1000 0 1\nu1 120 0 360 1000 2 1\npad_a -400 500 -320 600 7 -1\n"
    raw = graywolf.read_placed(text + "pad_y 100 1400 180 1500 3 -4\n", netlist)
    assert raw.cells == (Placed("u0", -120, 0, "N", 1), Placed("u1", 120, 0, "FN", 1))
    assert raw.ports == (PlacedPort("a", -360, 550, True), PlacedPort("y", 140, 1450, False))
    with pytest.raises(ToolError, match="placed 3 of 4 cells and ports"):
        graywolf.read_placed(text, netlist)


@pytest.fixture
def placed(lef):
    """Seven inverters in two rows, with gaps, both ports on one side at the same place."""
    netlist = chain(7)
    sites = {"u0": 1, "u1": 0, "u2": 2, "u3": 1, "u4": 0, "u5": 1, "u6": 3}
    rows = [("u0", 1, "FS"), ("u1", 1, "FS"), ("u2", 1, "S"), ("u3", 2, "N"), ("u4", 2, "FN"), ("u5", 2, "N")]
    cells = [
        Placed(name, 300 * i, 1000 * (row - 1), turn, row)
        for i, (name, row, turn) in enumerate([*rows, ("u6", 2, "FN")])
    ]
    ports = (PlacedPort("a", -400, 700, True), PlacedPort("y", -400, 730, True))
    return netlist, sites, place(Raw(tuple(cells), ports), netlist, lef, sites)


def test_rows_are_full_and_nothing_overlaps(lef, placed):
    _, sites, placement = placed
    taken = Counter(
        (at.x + step, at.y)
        for at in (*placement.cells, *placement.fillers)
        for step in range(0, lef.cells[at.kind].width, lef.site_width)
    )
    left, bottom, right, top = placement.core
    assert set(taken) == {(x, y) for x in range(left, right, 80) for y in range(bottom, top, 1000)}
    assert set(taken.values()) == {1}
    at = {each.name: each for each in placement.cells}
    assert at["u0"].x == left + sites["u0"] * 80  # the gap stands where graywolf thought it does:
    assert at["u2"].x == at["u1"].x + 160  # behind a cell that is mirrored
    assert placement.core_area_um2 == (right - left) * (top - bottom) / 1e4


def test_ports_have_tracks_of_their_own(placed):
    _, _, placement = placed
    a, y = placement.ports
    assert (a.x, y.x, a.layer, y.layer) == (0, 0, "m3", "m3")
    assert a.y != y.y
    assert a.y % 200 == y.y % 200 == 0


def test_def(lef, placed):
    netlist, _, placement = placed
    text = write_placed(placement, netlist, lef)
    assert f"COMPONENTS {len(placement.cells) + len(placement.fillers)} ;" in text
    assert "- a\n( PIN a ) ( u0 A ) ;\n" in text
    assert "- n0\n( u0 Y ) ( u1 A ) ;\n" in text
    assert re.search(r"^- u2 INV \+ PLACED \( \d+ \d+ \) S ;$", text, re.MULTILINE)
    assert read_wires(text) == []


def test_wires_of_a_routed_def():
    text = """UNITS DISTANCE MICRONS 1000 ;
NETS 2 ;
- a
( PIN a ) ( u0 A )
+ ROUTED m3 ( 0 13000 ) ( 1200 * ) M3_M2
  NEW m2 ( 1200 13000 ) ( * 12000 ) M2_M1
  NEW m1 ( 800 12000 ) M2_M1 ;
- b
( u0 Y ) ( u1 A ) ;
END NETS
"""
    wires = read_wires(text)
    assert wires == [
        Wire("a", "m3", 0, 1300, 120, 1300, "M3_M2"),
        Wire("a", "m2", 120, 1300, 120, 1200, "M2_M1"),
        Wire("a", "m1", 80, 1200, 80, 1200, "M2_M1"),
    ]
    assert wire_mm(wires) == pytest.approx(0.0022)


@pytest.mark.parametrize(("turn", "x", "y"), [("N", 40, 320), ("FN", 120, 320), ("FS", 40, 680), ("S", 120, 680)])
def test_a_via_that_was_forgotten(lef, turn, x, y):
    """A wire that ends above the pin ``A`` of the second inverter, one layer over it, gets a via there; once."""
    cells = (At("u0", "INV", 0, 0, "N"), At("u1", "INV", 1000, 0, turn))
    placement = Placement(2000, 1000, (0, 0, 2000, 1000), cells, (), ())
    text = f"""UNITS DISTANCE MICRONS 100 ;
NETS 1 ;
- n0
( u0 Y ) ( u1 A )
+ ROUTED m2 ( 110 500 ) ( 200 * )
  NEW m2 ( 200 500 ) ( {1000 + x} * ) ( * {y} ) ;
END NETS
"""
    mended_text = mended(text, placement, chain(2), lef)
    assert mended_text == text.replace(f"{y} ) ;", f"{y} )\n  NEW m1 ( {1000 + x} {y} ) M2_M1 ;")
    assert mended(mended_text, placement, chain(2), lef) == mended_text
    elsewhere = text.replace(f"( * {y} )", "( * 900 )")
    assert mended(elsewhere, placement, chain(2), lef) == elsewhere  # nothing to mend; the comparison will find it


def test_beside_the_core_there_is_one_layer_for_ports(lef, placed):
    placement = placed[2]

    def free(x: int, y: int) -> set[str]:
        fences = [
            rect
            for rect in qrouter.fence(placement, lef)
            if rect.left <= x <= rect.right and rect.bottom <= y <= rect.top
        ]
        return {"m1", "m2", "m3"} - {rect.layer for rect in fences}

    left, bottom, right, top = placement.core
    middle = (left + right) // 2, (bottom + top) // 2
    assert free(*middle) == {"m1", "m2", "m3"}
    assert free(0, middle[1]) == free(placement.width, middle[1]) == {"m3"}
    assert free(middle[0], 0) == free(middle[0], placement.height) == {"m2"}
    assert "layers 2\n" in qrouter.script(placement, lef, 2, "l", "d", "r")


def test_nets_that_qrouter_did_not_route():
    assert qrouter.failed("Nets remaining: 2\nFinal: No failed routes!\n") == 0
    assert qrouter.failed("Final: Failed net routes: 46\n") == 46
    assert qrouter.failed("Segmentation fault\n") is None


def test_supply_meets_every_rail(lef, placed):
    placement = placed[2]
    combs = magic.supply(placement, lef)
    left, bottom, right, top = placement.core
    # The lower row is upside down, so that both rows share the rail of ground between them.
    assert [(rect.bottom, rect.top) for rect in combs["gnd"][1:]] == [(bottom + 970, bottom + 1030)]
    assert [(rect.bottom, rect.top) for rect in combs["vdd"][1:]] == [(bottom - 30, bottom + 30), (top - 30, top + 30)]
    assert {rect.right for rect in combs["gnd"][1:]} == {left}
    assert {rect.left for rect in combs["vdd"][1:]} == {right}
    assert combs["gnd"][0].left > 0
    assert combs["vdd"][0].right < placement.width


def test_capacitances():
    netlist = FlatNetlist((*chain(2).ports, Port("b", False)), chain(2).cells)
    spice = """.subckt design a y b
Xu0 a u1/A INV
C0 a u1/A 0.50fF
C1 u1/A w_n1_n1#
+ 0.25fF
C2 u0/Y u1/A 3fF
C3 y gnd 0.001pF
C4 b gnd 0.25fF
C5 b vdd -0.40fF
.ends
"""
    assert magic.capacitances(spice, netlist) == pytest.approx({"a": 0.5, "n0": 0.75, "y": 1.0, "b": 0.0})
    assert magic.capacitances(spice, netlist, neighbours=2.0) == pytest.approx(
        {"a": 1.0, "n0": 1.25, "y": 1.0, "b": 0.0}
    )


def test_design_rules():
    assert magic.violations("VIOLATIONS 0\n") == {}
    assert magic.violations("VIOLATIONS 3\nRULE 3 Metal2 area < 20\n") == {"Metal2 area < 20": 3}
    with pytest.raises(ToolError, match="did not check"):
        magic.violations("Segmentation fault\n")


def test_comparison(lef):
    assert netgen.equal("Netlists match uniquely.\nResult: Circuits match uniquely.\nDone\n")
    assert not netgen.equal("Result: Netlists do not match.\n")
    assert not netgen.equal("")
    assert "-circuit1 GAP" in netgen.setup(lef)


def test_libraries_without_what_it_takes(unit, osu018, tmp_path):
    with pytest.raises(ToolError, match=r"library .*unit.* is embedded"):
        technology(unit)
    from synth_scripts.library.load import load

    (tmp_path / "mine.lib").write_bytes(Path(osu018.files[0]).read_bytes())
    with pytest.raises(ToolError, match="has no LEF file") as error:
        technology(load(str(tmp_path / "mine.lib")))
    assert str(tmp_path) in str(error.value)
    assert "Magic" in str(error.value)


def test_missing_programs_are_named_with_their_packages(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"apt-get install graywolf qrouter magic netgen-lvs opensta"):
        tools.require()
    (tmp_path / "graywolf").touch(mode=0o755)
    assert "graywolf" not in tools.missing()


def test_units_are_hundredths_of_a_micrometre():
    assert PER_UM == 100

"""Cell libraries: what is found in them, and what a bad one is told."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from hdl.params import ToolError
from synth_scripts.library import unit as unit_library
from synth_scripts.library.library import Library
from synth_scripts.library.load import load

GOOD = unit_library.liberty_text()


def test_unit_library(unit: Library) -> None:
    assert unit.is_unit
    assert unit.nand2_area == 1.0
    assert unit.fo4_ps == pytest.approx(1000.0)  # by definition: 1 ns is 1 FO4
    assert unit.flops == ("DFF",)
    assert unit.clock_gate is not None
    assert unit.clock_gate.cell == "ICG"
    assert unit.full_adder is not None
    assert "NAND2" in unit.corner_text


def test_unit_library_follows_logical_effort(unit: Library) -> None:
    """Bigger drives are bigger, and a buffer drives more load for its area than an inverter input is."""
    assert unit.areas["INVX4"] > unit.areas["INVX2"] > unit.areas["INVX1"]
    assert unit.loads["INVX4"]["A"] == pytest.approx(4 * unit.loads["INVX1"]["A"])
    assert unit.loads["NAND2X1"]["A"] == pytest.approx(4 / 3, abs=1e-3)
    assert unit.tree_load_ff > 4 * unit.loads[unit.tree_buffer[0]]["A"]


def test_osu018(osu018: Library) -> None:
    assert osu018.corner["voltage"] == 1.8
    assert (osu018.time_ps, osu018.cap_ff) == (1000.0, 1000.0)
    assert osu018.nand2_area == 24.0
    assert osu018.full_adder is not None
    assert osu018.full_adder.cell == "FAX1"
    assert osu018.clock_gate is None
    assert osu018.latch_gate is not None
    assert osu018.latch_gate["latch"][0] == "LATCH"
    (note,) = (note for note in load("osu018", lef="none").notes if "latch LATCH" in note)
    assert "each counts with that of the smallest flip-flop" in note


@pytest.mark.parametrize(
    ("name", "gate", "time_ps", "voltage"),
    [
        ("sky130hd_tt.lib.gz", "sky130_fd_sc_hd__dlclkp_1", 1000.0, 1.8),
        ("sg13g2_typ.lib.gz", "sg13g2_lgcp_1", 1000.0, 1.2),
    ],
)
@pytest.mark.pdk
def test_open_libraries(pdk: Path, name: str, gate: str, time_ps: float, voltage: float) -> None:
    library = load(str(pdk / name))
    assert library.clock_gate is not None
    assert library.clock_gate.cell == gate
    assert (library.time_ps, library.corner["voltage"]) == (time_ps, voltage)
    assert 10 < library.fo4_ps < 150
    assert not any("lpflow" in cell for cell, *_ in library.buffers)


@pytest.mark.pdk
def test_several_files_make_one_library(pdk: Path) -> None:
    files = sorted(str(path) for path in (pdk / "asap7_rvt_tt").iterdir() if "SEQ" in path.name or "INV" in path.name)
    files.append(next(str(path) for path in (pdk / "asap7_rvt_tt").iterdir() if "SIMPLE" in path.name))
    library = load(files)
    assert len(library.files) == 3
    other = load(files[::-1])
    assert Path(other.mapping).read_text() == Path(library.mapping).read_text()
    assert (other.name, other.corner_text) == (library.name, library.corner_text)
    assert (library.time_ps, library.cap_ff) == (1.0, 1.0)
    assert library.clock_gate is not None
    assert library.clock_gate.tie_low == ("SE",)


def test_compressed(tmp_path: Path) -> None:
    path = tmp_path / "cells.lib.gz"
    path.write_bytes(gzip.compress(GOOD.encode()))
    library = load(str(path))
    assert Path(library.files[0]).read_text() == GOOD
    assert not list(tmp_path.glob("*.lib"))  # decompressed into the cache, not beside the user's file


BAD = {
    "empty": ("", "the file is empty"),
    "words": ("this is not it", "not a Liberty file"),
    "cut": (GOOD[: len(GOOD) // 2], "not a Liberty file: line \\d+: the file ends inside"),
    "no_cells": (GOOD[: GOOD.index("cell (")] + "}\n", "no cells"),
    "no_flops": (GOOD.replace("ff (IQ, IQN)", "other (IQ, IQN)"), "a library with flip-flops is needed"),
    "no_nand": (GOOD.replace('"!(A&B)"', '"A"'), "no NAND2 cell"),
    "no_number": (GOOD.replace("area : 5.33", "area : much"), "area is not a number"),
    "units": (GOOD.replace('"1ns"', '"1 fortnight"'), "time_unit"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files(tmp_path: Path, kind: str) -> None:
    text, message = BAD[kind]
    path = tmp_path / f"{kind}.lib"
    path.write_text(text)
    with pytest.raises(ToolError, match=message) as raised:
        load(str(path))
    assert kind in str(raised.value) or kind == "units"


def test_missing_file_and_damaged_archive(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"nowhere\.lib: the library file can't be read"):
        load(str(tmp_path / "nowhere.lib"))
    damaged = tmp_path / "damaged.lib.gz"
    damaged.write_bytes(gzip.compress(GOOD.encode())[:100])
    with pytest.raises(ToolError, match="compressed library is damaged"):
        load(str(damaged))
    other = tmp_path / "other.lib"
    other.write_bytes(lzma.compress(GOOD.encode()))
    with pytest.raises(ToolError, match=r"other\.lib: the library is compressed with xz: only gzip is read"):
        load(str(other))
    for path in (tmp_path, tmp_path / "no\0name.lib"):
        with pytest.raises(ToolError, match="can't be read"):
            load([str(path)])


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match=r"did you mean 'osu018'"):
        load("osu180")
    with pytest.raises(ToolError, match="the list of library files is empty"):
        load([])
    with pytest.raises(ToolError, match="the folder holds no Liberty file"):
        load(str(tmp_path))
    monkeypatch.setenv("PDK_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ToolError, match="install the PDK with ciel"):
        load("sky130")


def test_ciel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDK_ROOT", str(tmp_path))
    path = tmp_path / "ihp-sg13g2/libs.ref/sg13g2_stdcell/lib/sg13g2_stdcell_typ_1p20V_25C.lib"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    assert load("sg13g2").files == (str(path),)


def test_the_same_cells_in_different_units_contradict(tmp_path: Path) -> None:
    (tmp_path / "a.lib").write_text(GOOD)
    (tmp_path / "b.lib").write_text(GOOD.replace('"1ns"', '"1ps"'))
    with pytest.raises(
        ToolError, match=r"b\.lib, line \d+: cell INVX1: it stands twice, and differs: also in .*a\.lib"
    ):
        load(str(tmp_path))


def test_without_a_library_auto_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("synth_scripts.library.sources.OSU018", tmp_path / "none")
    monkeypatch.setenv("PDK_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    library = load("auto")
    assert library.is_unit
    assert "qflow-tech-osu018" in library.notes[0]


def test_without_opensta_auto_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    library = load("auto")
    assert library.is_unit
    assert "OpenSTA" in library.notes[0]

"""Areas of cells out of LEF files: which count, what is told, what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hdl.params.errors import ToolError
from synth_scripts.library import unit
from synth_scripts.library.load import load


def macro(name: str, width: object, height: object) -> str:
    return f"MACRO {name}\n  CLASS CORE ;\n  SIZE {width} BY {height} ;\nEND {name}\n"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The unit library under another name: a user's own."""
    path = tmp_path / "own.lib"
    path.write_text(unit.liberty_text().replace(unit.NAME, "own"))
    return path


def areas(text: str) -> str:
    """A LEF file with every cell of the unit library, each as large as there."""
    cells = re.findall(r"^cell \((\w+)\) \{ area : ([\d.]+);", text, re.MULTILINE)
    return "".join(macro(name, area, 1.0) for name, area in cells)


def test_areas_beside_the_liberty_file_count(library, tmp_path):
    text = areas(library.read_text()).replace(macro("NAND2X1", "1.000", 1.0), macro("NAND2X1", 0.5, 2.5))
    (tmp_path / "own.lef").write_text(text)
    (tmp_path / "technology.lef").write_text("LAYER metal1\n  TYPE ROUTING ;\nEND metal1\n")
    found, without = load(str(library)), load(str(library), lef="none")
    assert (found.areas["NAND2X1"], without.areas["NAND2X1"]) == (1.25, 1.0)
    assert found.nand2_area == 1.25
    assert found.areas["INVX1"] == without.areas["INVX1"]
    assert "cell (NAND2X1) {\narea : 1.25;" in Path(found.mapping).read_text()  # what the mapper sees
    assert any(
        "own.lef, which differ from the Liberty files' for NAND2X1 (1 there, 1.25" in each for each in found.notes
    )
    assert not any("LEF" in note or ".lef" in note for note in without.notes)
    assert found.digest != without.digest


def test_a_cell_that_is_not_in_it_keeps_its_area(library, tmp_path):
    given = tmp_path / "cells" / "given.lef"
    given.parent.mkdir()
    given.write_text(macro("INVX1", 0.8, 1) + macro("NOBODY", 7, 7))
    found = load(str(library), lef=str(given))
    assert (found.areas["INVX1"], found.areas["INVX2"]) == (0.8, 1.005)
    (note,) = (each for each in found.notes if "given.lef" in each)
    assert "cells that are not in it have the Liberty files'" in note
    assert "INVX2" in note
    assert " more" in note
    assert "NOBODY" not in found.areas


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (macro("INVX1", "wide", 1), "cell INVX1 has the size wide by 1, which can't be"),
        (macro("INVX1", "nan", 1), "cell INVX1 has the size nan by 1"),
        (macro("INVX1", -1, 1), "cell INVX1 has the size -1 by 1"),
        (macro("INVX1", 0, 1), "cell INVX1 has the size 0 by 1"),
        (macro("INVX1", 1, "inf"), "cell INVX1 has the size 1 by inf"),
        ("MACRO INVX1\nEND INVX1\n", "no cell (MACRO) with a size"),
        ("", "no cell (MACRO) with a size"),
        (macro("SOMETHING", 1, 1), "given.lef has none of the library's cells, such as"),
        (macro("INVX1", 67, 1), "areas in given.lef are 100 times those of the Liberty files"),
    ],
)
def test_what_is_refused(library, tmp_path, text, message):
    given = tmp_path / "cells" / "given.lef"
    given.parent.mkdir()
    given.write_text(text)
    with pytest.raises(ToolError) as error:
        load(str(library), lef=str(given))
    assert str(error.value).startswith("synth.lef: ")
    assert message in str(error.value)


def test_a_file_that_is_not_there(library, tmp_path):
    with pytest.raises(ToolError, match=r"^synth.lef: 'nowhere.lef' is neither a file nor one of auto, none$"):
        load(str(library), lef="nowhere.lef")
    with pytest.raises(ToolError, match=r"did you mean 'none'"):
        load(str(library), lef="non")
    (tmp_path / "one.lef").write_text(macro("INVX1", 0.7, 1))
    (tmp_path / "two.lef").write_text(macro("INVX1", 0.8, 1))
    with pytest.raises(ToolError, match=r"cell INVX1 has 0.7 um2 and, in .*two.lef, 0.8 um2"):
        load(str(library))


def test_osu018_has_the_areas_of_its_rows(osu018):
    assert osu018.areas["OAI21X1"] == 32.0
    assert osu018.areas["LATCH"] == 56.0
    assert "OAI21X1 (23 there, 32 here)" in osu018.notes[0]
    assert load("osu018", lef="none").areas["OAI21X1"] == 23.0

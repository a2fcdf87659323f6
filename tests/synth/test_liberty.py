"""The Liberty reader, Boolean functions and tables."""

from __future__ import annotations

import pytest

from synth_scripts.library.liberty import LibertyError, parse
from synth_scripts.library.logic import FULL_CARRY, FULL_SUM, truth_table
from synth_scripts.library.tables import Table

SMALL = """/* a { brace in a comment */
library ("small") {
  time_unit : "1ns";
  capacitive_load_unit (1, pf);
  lu_table_template (grid) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("1, 2"); index_2 ("10, 20, 30"); }
  cell (AND2) {
    area : 2.5;
    pin (Y) { direction : output; function : "A & B"; note : "} in a string";
      timing () { related_pin : "A"; cell_rise (grid) { values ("1, 2, 3", \\
        "11, 12, 13"); } } }
    pin (A) { direction : input; capacitance : 0.01 }
  }
}
"""


def test_tree_and_attributes() -> None:
    library = parse(SMALL)
    cell = library.first("cell")
    assert cell is not None
    assert (library.name, cell.name, cell.number("area")) == ("small", "AND2", 2.5)
    assert library.get("capacitive_load_unit") == "1, pf"
    assert [pin.name for pin in cell.all("pin")] == ["Y", "A"]
    assert cell.first("pin").get("function") == "A & B"  # type: ignore[union-attr]
    assert cell.first("pin").first("timing") is not None  # type: ignore[union-attr]
    assert parse(SMALL, ["timing"]).first("cell").first("pin").first("timing") is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell (X) { }", "a 'library' group is expected"),
        ("library (x) { cell (y) {", "ends inside"),
        ("just words", "no 'library' group"),
        ("}", "without a '{'"),
        ("library (x) { { } }", "without a group's name"),
    ],
)
def test_not_liberty(text: str, message: str) -> None:
    with pytest.raises(LibertyError, match=message):
        parse(text)


def test_number_that_is_none() -> None:
    cell = parse(SMALL.replace("2.5", "big")).first("cell")
    assert cell is not None
    with pytest.raises(LibertyError, match="area is not a number"):
        cell.number("area")


@pytest.mark.parametrize(
    ("function", "inputs", "table"),
    [
        ("!A", ["A"], 0b01),
        ("(A B)+(C A)+(B C)", ["A", "B", "C"], FULL_CARRY),
        ("A^B^C", ["A", "B", "C"], FULL_SUM),
        ("(A&!B)|(A'*B)", ["A", "B"], 0b0110),
        ("!(A+B')", ["A", "B"], 0b0100),
        ("IQ", ["A"], None),
        ("(A", ["A"], None),
        ("!!A''", ["A"], 0b10),
        ("A" + "'" * 5001, ["A"], 0b01),
        ("(" * 20 + "A" + ")" * 20, ["A"], 0b10),
        ("(" * 3000 + "A" + ")" * 3000, ["A"], None),
        ("A | B ^ A & B", ["A", "B"], 0b1110),
        ('"1A" + B', ["1A", "B"], 0b1110),
        ("A # B", ["A", "B"], None),
        ("", ["A"], None),
        ("1", [], 1),
    ],
)
def test_functions(function: str, inputs: list[str], table: int | None) -> None:
    assert truth_table(function, inputs) == table


def test_tables_interpolate_and_extrapolate() -> None:
    library = parse(SMALL)
    rise = library.first("cell").first("pin").first("timing").first("cell_rise")  # type: ignore[union-attr]
    assert rise is not None
    table = Table.read(rise, {group.name: group for group in library.all("lu_table_template")})
    assert table.at(slew=1, load=20) == pytest.approx(2)
    assert table.at(slew=1.5, load=15) == pytest.approx(6.5)
    assert table.at(slew=3, load=40) == pytest.approx(24)

"""Liberty files with one oddity each, made from one base file: every one reads as the base does, or is refused by name.

Where an oddity changes only how something is written, the file that the tools get is the same to the letter; where it
changes what is said, a small netlist is mapped and timed.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hdl.params import ToolError
from synth_scripts.library.energy import energies
from synth_scripts.library.header import Thresholds
from synth_scripts.library.liberty import parse
from synth_scripts.library.library import Library
from synth_scripts.library.load import load as load_with
from synth_scripts.module.block import liberty as block_liberty
from synth_scripts.module.flow import Candidate, synthesise_module
from synth_scripts.module.styles import CELLS, Effort

BASE = (Path(__file__).parent / "liberty" / "base.lib").read_text()
#: Registers with an enable, so that a clock gate is used where the library has one.
PROBE = """module probe(input clk, en, input [3:0] a, b, output reg [7:0] y);
  reg [3:0] c, d;
  always @(posedge clk) if (en) begin c <= a; d <= b; y <= {c & d, c ^ d} + y; end
endmodule
"""
ONE = Effort(("fused",), ("sklansky",), CELLS[:1], ("area-delay",), (15.0,), 1, 1)

Write = Callable[..., Path]
Probe = Callable[[Library], Candidate]


def load(setting: str | list[str]) -> Library:
    """A library without wires: what stands in it is what the files say."""
    return load_with(setting, wires="none")


def cell(name: str, text: str = BASE) -> str:
    """The text of one cell."""
    return text[text.index(f"  cell ({name}) {{") :].split("\n  cell (", 1)[0].rstrip().removesuffix("\n}") + "\n"


def edit(*pairs: tuple[str, str], text: str = BASE) -> str:
    """The base with texts replaced, all of which have to occur."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def scaled(text: str, time: float = 1.0, cap: float = 1.0, slew: float = 1.0) -> str:
    """The base with all its numbers in other units: what they were, times these."""

    def numbers(line: str, factor: float) -> str:
        return re.sub(r"-?\d+\.?\d*", lambda found: f"{float(found[0]) * factor:.9g}", line)

    lines, kind = [], ""
    for line in text.split("\n"):
        word = re.match(r"\s*(\w+)", line)
        if word and word[1] in ("cell_rise", "cell_fall", "rise_transition", "fall_transition"):
            kind = word[1]
        if "constraint" in line:
            head, _, rest = line.partition("values")
            line = f"{head}values{numbers(rest, time)}"
        elif word and word[1] == "index_1":
            line = line.split("(")[0] + "(" + numbers(line.split("(")[1], time * slew)
        elif word and word[1] == "index_2":
            line = line.split("(")[0] + "(" + numbers(line.split("(")[1], cap)
        elif re.match(r'\s*"', line):
            line = numbers(line, time * (slew if "transition" in kind else 1.0))
        elif "capacitance :" in line:
            line = re.sub(r"(capacitance : )([\d.]+)", lambda found: f"{found[1]}{float(found[2]) * cap:.9g}", line)
        elif "default_max_transition" in line:
            line = numbers(line, time * slew)
        lines.append(line)
    return "\n".join(lines)


ARC = cell("BUF").split("timing_sense : positive_unate;\n")[1].split("      }\n    }\n  }\n")[0]
ICG = f"""  cell (ICG) {{ area : 9; clock_gating_integrated_cell : "latch_posedge";
    statetable ("CK E", "IQ") {{ table : "L L : - : L , L H : - : H , H - : - : N"; }}
    pin (IQ) {{ direction : internal; internal_node : "IQ"; }}
    pin (CK) {{ direction : input; clock : true; clock_gate_clock_pin : true; capacitance : 0.002; }}
    pin (E) {{ direction : input; clock_gate_enable_pin : true; capacitance : 0.002;
      timing () {{ related_pin : "CK"; timing_type : setup_rising;
        rise_constraint (scalar) {{ values ("0.05"); }} fall_constraint (scalar) {{ values ("0.05"); }} }} }}
    pin (GCK) {{ direction : output; clock_gate_out_pin : true; max_capacitance : 0.3; state_function : "CK * IQ";
      timing () {{ related_pin : "CK"; timing_sense : positive_unate;
{ARC}      }} }}
    test_cell () {{ pin (E) {{ direction : input; }} }} }}
"""
OR2 = edit(("AND2", "OR2"), ("A&B", "A|B"), text=cell("AND2"))


def with_cell(text: str, base: str = BASE) -> str:
    """The base with another cell at its end."""
    return base.rstrip().removesuffix("}") + text + "}\n"


# Other words for the same: what the tools get has to be the same to the letter.
SAME: dict[str, str | bytes] = {
    "line_comment": edit(("library (odd) {\n", "library (odd) {\n  // units { follow\n")),
    "line_comment_quote": edit(("library (odd) {\n", "library (odd) {\n  // don't use the \"old units\n")),
    "comments_everywhere": edit(
        ("area :", "area /* um2 } */ :"), ("index_1 (", "index_1 /* { */ ("), ('"0.01300,', '/* " */ "0.01300,')
    ),
    "space_after_bs": edit(("\\\n", "\\  \n")),
    "bs_before_paren": edit(("capacitive_load_unit (1, pf)", "capacitive_load_unit\\\n     (1, pf)")),
    "power_down_unquoted": edit(('function : "A&B";', 'function : "A&B";\n      power_down_function : !VDD+VSS ;')),
    "paren_enable": edit(('enable : "G"', "enable : (G)")),
    "uppercase_true": edit(("clock : true", "clock : TRUE")),
    "quoted_true": edit(("clock : true", 'clock : "true"')),
    "no_clock_attr": edit(("      clock : true;\n", ""), (" clock : true;", "")),
    "nom_text": edit(
        ("nom_voltage : 1.2", 'nom_voltage : "1.2V"'), ("nom_temperature : 25", 'nom_temperature : "25 C"')
    ),
    "index_size_differs": edit(
        (
            'index_1 ("0.01, 0.1, 0.5");\n    index_2 ("0.001, 0.01, 0.05");\n  }',
            'index_1 ("0.01, 0.1");\n    index_2 ("0.001, 0.01");\n  }',
        )
    ),
    "index_from_template": re.sub(r"          index_\d.*\n", "", BASE),
    "crlf": BASE.replace("\n", "\r\n").encode(),
    "old_macintosh": BASE.replace("\n", "\r").encode(),
    "byte_order_mark": b"\xef\xbb\xbf" + BASE.encode(),
    "utf_16": BASE.encode("utf-16"),
    "latin_1": edit(("library (odd) {\n", "library (odd) {\n  /* Größe */\n")).encode("latin-1"),
    "compressed": gzip.compress(BASE.encode()),
    "quoted_name": edit(("library (odd)", 'library ("odd")')),
    "no_semicolons": edit((";\n", "\n")),
    "quoted_names": re.sub(r"(cell|pin) \((\w+)\)", r'\1 ("\2")', BASE),
    "quoted_types": edit(
        ("timing_type : rising_edge", 'timing_type : "rising_edge"'), ("setup_rising", '"setup_rising"')
    ),
    "unquoted_pins": re.sub(r'related_pin : "(\w+)"', r"related_pin : \1", BASE),
    "values_in_one_string": re.sub(
        r"values \( ((?:\\\n\s*\"[^\"]*\",? ?)+)\);",
        lambda found: 'values ("' + re.sub(r'["\\\n]|  +', "", found[1]) + '");',
        BASE,
    ),
    "joined_inside_a_string": edit(('"0.01300, 0.03100,', '"0.01300, \\\n 0.03100,')),
    "sense_from_function": re.sub(r"        timing_sense : (positive|negative)_unate;\n", "", BASE),
    "functions": edit(
        ('"!(A&B)"', '"(A B)\'"'),
        ('"A&B"', '"A*B"'),
        ('"!(A|B)"', '"!(A + B)"'),
        ('next_state : "D"', "next_state : (D)"),
    ),
    "two_related_pins": re.sub(
        r"(?s)(cell \(AND2\).*?related_pin : )\"A\"(.*?)      timing \(\) \{\n"
        r"        related_pin : \"B\".*?(\n    \}\n  \})",
        r'\1"A B"\2\3',
        BASE,
    ),
    "two_pins_in_a_group": re.sub(
        r"(?s)(cell \(AND2\).*?)pin \(A\)(.*?)    pin \(B\) \{.*?\n    \}\n", r"\1pin (A, B)\2", BASE
    ),
    "definitions": edit(
        (
            "library (odd) {\n",
            'library (odd) {\n  define ("x", "cell", "string"); define_group (y, library);\n'
            "  voltage_map (VDD, 1.2); voltage_map (VSS, 0); k_process_cell_rise : 1; y (z) { x : 1; }\n"
            '  wire_load_table ("w") { fanout_length (1, 2); }\n',
        )
    ),
    "scaled_cell": with_cell("  scaled_cell (INV, worst) { area : 7; }\n"),
    "cells_without_logic": with_cell(
        "  cell (FILL) { }\n  cell (ANT) { area : 1; pin (A) { direction : input; capacitance : 1; } }\n"
        "  cell (PAD) { area : 1; pin (P) { direction : inout; } pin (A) { direction : input; capacitance : 1; } }\n"
        '  cell (BANK) { area : 1; ff_bank (IQ, IQN, 2) { next_state : "D"; clocked_on : "CK"; } bus (D) { } }\n'
        '  cell (TRI) { area : 1; pin (Y) { direction : output; function : "A"; three_state : "E"; } }\n'
    ),
    "dont_use": with_cell(edit(("INV", "INV_NO"), ("area : 1;", "area : 0.1; dont_use : TRUE;"), text=cell("INV"))),
    "current_source": edit(
        ("timing () {\n", 'timing () { output_current_rise () { vector (v) { values ("nonsense"); } }\n')
    ),
    "the_same_cell_twice": with_cell(cell("INV")),
    "the_same_state_twice": edit(
        ("    pin (CK)", '    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }\n    pin (CK)')
    ),
    "time_1000ps": edit(('"1ns"', '"1000ps"')),
    "capacitance_1000_ff": edit(("(1, pf)", "(1000, ff)")),
    "capacitance_in_strings": edit(("(1, pf)", '("1", "pf")')),
    "capacitance_in_one_string": edit(("(1, pf)", '("1, pf")')),
    "capacitance_in_farads": edit(("(1, pf)", "(1.0e-12, f)")),
    "capacitance_upper_case": edit(("(1, pf)", "(1.0, PF)")),
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and gives its path."""

    def put(name: str, text: str | bytes) -> Path:
        path = tmp_path / f"{name}.lib"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


@pytest.fixture(scope="module")
def base(_own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Library:
    path = tmp_path_factory.mktemp("base") / "base.lib"
    path.write_text(BASE)
    return load(str(path))


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """Maps a small netlist and times it."""

    def run(library: Library) -> Candidate:
        return synthesise_module(library, PROBE, "probe", tmp_path_factory.mktemp("probe"), effort=ONE).best

    return run


def mapping(library: Library) -> str:
    return Path(library.mapping).read_text()


def figures(library: Library) -> tuple[float, ...]:
    return (
        *(library.fo4_ps, library.flop_delay_ps, library.flop_setup_ps, library.load_ff, library.tree_load_ff),
        *(library.weak_load_ff, library.nand2_area, *(area for _, area in sorted(library.areas.items()))),
    )


@pytest.mark.parametrize("kind", SAME)
def test_the_same_in_other_words(kind: str, base: Library, write: Write) -> None:
    text = SAME[kind]
    assert text != BASE, "the edit changed nothing"
    library = load(str(write(kind, text)))
    assert mapping(library) == mapping(base)
    assert figures(library) == figures(base)
    assert library.corner_text == base.corner_text
    assert library.notes == base.notes
    assert energies(library) == energies(base)


def test_what_tools_get_is_plain(base: Library) -> None:
    text = mapping(base)
    assert load(base.mapping).areas == base.areas  # it reads as itself
    assert mapping(load(base.mapping)) == text
    assert "\\" not in text
    assert "/*" not in text
    assert text.isascii()


# --- units and measuring points --------------------------------------------------------------------------------------
UNITS = {
    "1ps": ('"1ns"', '"1ps"', 1e3, 1.0),
    "10ps": ('"1ns"', '"10ps"', 1e2, 1.0),
    "100ps": ('"1ns"', '"100ps"', 10.0, 1.0),
    "1us": ('"1ns"', '"1us"', 1e-3, 1.0),
    "1fs": ('"1ns"', '"1fs"', 1e6, 1.0),
    "0.1pf": ("(1, pf)", "(0.1, pf)", 1.0, 10.0),
    "10ff": ("(1, pf)", '(10, "ff")', 1.0, 100.0),
    "1ff": ("(1, pf)", "(1, ff)", 1.0, 1e3),
    "1nf": ("(1, pf)", "(1, nf)", 1.0, 1e-3),
}


@pytest.mark.parametrize("kind", UNITS)
def test_units(kind: str, base: Library, write: Write) -> None:
    old, new, time, cap = UNITS[kind]
    library = load(str(write("units", scaled(edit((old, new)), time, cap))))
    assert figures(library) == pytest.approx(figures(base), rel=1e-6)
    assert library.time_ps in (1.0, 1000.0)
    assert library.cap_ff in (1.0, 1000.0)


@pytest.mark.synth
def test_units_reach_the_tools(base: Library, write: Write, probe: Probe) -> None:
    """Ten picoseconds and tenths of picofarads: what is measured is what it was; and a hundredth where it is."""
    want = probe(base)
    text = scaled(edit(('"1ns"', '"10ps"'), ("(1, pf)", "(0.1, pf)")), 100, 10)
    found = probe(load(str(write("units", text))))
    assert (found.area, found.period) == pytest.approx((want.area, want.period), rel=1e-3)
    found = probe(load(str(write("time_10ps", edit(('"1ns"', '"10ps"'))))))
    assert found.period == pytest.approx(want.period / 100, rel=1e-3)


def test_files_of_different_units_make_one_library(base: Library, write: Write) -> None:
    names = ("NOR2", "AND2", "LATCH")
    second = BASE[: BASE.index("  cell (")] + "".join(map(cell, names)) + "}\n"
    first = BASE
    for name in names:
        first = first.replace(cell(name), "")
    second = scaled(edit(('"1ns"', '"1ps"'), ("(1, pf)", "(1, ff)"), text=second), 1e3, 1e3)
    paths = [str(write("first", first)), str(write("second", second))]
    library = load(paths)
    assert figures(library)[:7] == pytest.approx(figures(base)[:7], rel=1e-6)
    assert library.areas == base.areas
    assert mapping(load(paths[::-1])) == mapping(library)


def test_files_of_different_slew_points_make_one_library(base: Library, write: Write) -> None:
    """A slew from 20 to 80 % takes three quarters of one from 10 to 90 %."""
    names = ("NOR2", "AND2", "LATCH", "AOI21")
    first = BASE
    for name in names:
        first = first.replace(cell(name), "")
    ten = edit(
        *(
            (f"slew_lower_threshold_pct_{edge} : 20", f"slew_lower_threshold_pct_{edge} : 10")
            for edge in ("rise", "fall")
        ),
        *(
            (f"slew_upper_threshold_pct_{edge} : 80", f"slew_upper_threshold_pct_{edge} : 90")
            for edge in ("rise", "fall")
        ),
        text=scaled(BASE[: BASE.index("  cell (")] + "".join(map(cell, names)) + "}\n", slew=0.8 / 0.6),
    )
    paths = [str(write("first", first)), str(write("second", ten))]
    library = load(paths)
    wanted = load([paths[0], str(write("plain", second_of(names)))])
    assert numbers_of(library) == pytest.approx(numbers_of(wanted), rel=1e-6)
    assert mapping(load(paths[::-1])) == mapping(library)
    assert any(
        "slews of second.lib (10 % to 90 %) are converted to the points of first.lib" in n for n in library.notes
    )
    derated = edit(("slew_lower", "slew_derate_from_library : 0.75; slew_lower"), text=second_of(names))
    assert load([paths[0], str(write("derated", derated))]).notes != base.notes


def numbers_of(library: Library) -> list[float]:
    """All numbers that the tools get."""
    return [float(number) for number in re.findall(r"(?<![\w.])-?\d+\.\d+", mapping(library))]


def second_of(names: tuple[str, ...]) -> str:
    """Some of the base's cells."""
    return BASE[: BASE.index("  cell (")] + "".join(map(cell, names)) + "}\n"


def test_timing_models_measure_at_the_librarys_points(write: Write) -> None:
    """A module's timing model has slews of the library's cells, so that its points are theirs."""
    text = re.sub(r"(slew_lower\w+ :) 20", r"\1 10", re.sub(r"(slew_upper\w+ :) 80", r"\1 90", BASE))
    library = load(str(write("ten", text)))
    model = parse(block_liberty(library, "part", 1.0, {}, {}, {}, 1.0))
    assert Thresholds.read(model) == library.thresholds
    assert library.thresholds.lower == (0.1, 0.1)


# --- several files ---------------------------------------------------------------------------------------------------
def two_files(template: str) -> tuple[str, str]:
    """Cells in two files, each with a template of its own that gives the indices; loads of the second are smaller."""
    text = re.sub(r"          index_\d.*\n", "", BASE)
    names = ("NOR2", "AND2", "LATCH")
    first = text
    for name in names:
        first = first.replace(cell(name, text), "")
    second = text[: text.index("  cell (")] + "".join(cell(name, text) for name in names) + "}\n"
    second = edit(('"0.001, 0.01, 0.05"', '"0.0001, 0.001, 0.005"'), ("t33", template), text=second)
    return first, second


@pytest.mark.synth
def test_templates_belong_to_their_file(write: Write, probe: Probe) -> None:
    first, same = two_files("t33")
    _, other = two_files("tB")
    a = str(write("a", first))
    found = [
        load(files)
        for files in (
            [a, str(write("same", same))],
            [a, str(write("other", other))],
            [str(write("same", same)), a],
        )
    ]
    assert mapping(found[0]) == mapping(found[1]) == mapping(found[2])
    assert {library.name for library in found} == {"odd"}
    # The second file's cells are tabulated at a tenth of the loads, so that they are slow at any, and not worth using.
    assert 'index_2 ("0.0001, 0.001, 0.005");' in mapping(found[0]).partition("cell (NOR2)")[2]
    text = re.sub(r"          index_\d.*\n", "", BASE)
    assert probe(load(str(write("base", text)))).cells["NOR2"] > 5
    assert "NOR2" not in probe(found[0]).cells


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nom_voltage : 1.2", "nom_voltage : 1.1", r"different corners.*voltage 1\.[12] V and 1\.[12] V"),
        ("nom_temperature : 25", "nom_temperature : 125", r"different corners.*temperature (25|125) C and (25|125) C"),
        ("input_threshold_pct_rise : 50", "input_threshold_pct_rise : 40", r"measure delays at different points.*40 %"),
        ("area : 1.4;", "area : 1.5;", r"cell NOR2: it stands twice, and differs: also in .*\.lib, line \d+"),
        (
            "cell (NOR2) {",
            "cell (NOR2) { dont_use : true;",
            r"cell NOR2: it stands twice, and differs: also in .*\.lib, ",
        ),
        (
            "slew_lower_threshold_pct_rise : 20",
            "slew_lower_threshold_pct_rise : 30",
            r"slews at different points, which also differ between rising and falling",
        ),
        ("table_lookup", "generic_cmos", r"second\.lib: delay_model is 'generic_cmos'"),
    ],
)
def test_lists_that_contradict_themselves(old: str, new: str, message: str, write: Write) -> None:
    paths = [str(write("first", BASE)), str(write("second", edit((old, new), text=second_of(("NOR2",)))))]
    for files in (paths, paths[::-1]):
        with pytest.raises(ToolError, match=message):
            load(files)


def test_a_memory_in_the_list_changes_nothing(base: Library, write: Write) -> None:
    """A RAM's library beside the cells': neither its name nor its head counts for the cells."""
    ram = edit(
        ("library (odd)", "library (big_ram)"), ("20;", "10;"), ("80;", "90;"), text=BASE[: BASE.index("  cell (")]
    )
    ram += "  cell (RAM) { area : 90000; is_macro : true; bus (A) { } pin (CK) { direction : input; } }\n}"
    paths = [str(write("cells", BASE)), str(write("ram", ram))]
    libraries = [load(paths), load(paths[::-1])]
    assert figures(libraries[0]) == figures(libraries[1]) == figures(base)
    assert libraries[0].name == libraries[1].name == "big_ram+odd"
    assert mapping(libraries[0]) == mapping(libraries[1]) == mapping(base).replace('"odd"', '"big_ram+odd"')


# --- corners ---------------------------------------------------------------------------------------------------------
NOMINAL = "nom_process : 1; nom_voltage : 1.2; nom_temperature : 25;"
CORNERS = {
    "no_nom": (
        "operating_conditions (tt) { process : 1; voltage : 1.2; temperature : 25; }\n"
        "  default_operating_conditions : tt;",
        "tt: process 1, 1.2 V, 25 C",
    ),
    "opcond_before": (
        'default_operating_conditions : "tt"; operating_conditions ("tt") { process : 1; voltage : 1.2; '
        'temperature : 85; tree_type : "balanced_tree"; }',
        "tt: process 1, 1.2 V, 85 C",
    ),
    "the_only_ones": ("operating_conditions (ss) { process : 1.2; voltage : 1.08; }", "odd: process 1.2, 1.08 V, "),
    "one_of_two": (
        "operating_conditions (ss) { voltage : 1; } operating_conditions (ff) { voltage : 1.3; } "
        "default_operating_conditions : ff;",
        "ff: process not given, 1.3 V, temperature not given",
    ),
    "two_and_no_default": (
        "operating_conditions (ss) { voltage : 1; } operating_conditions (ff) { voltage : 1.3; }",
        "odd: process not given, voltage not given, temperature not given",
    ),
    "none": ("", "odd: process not given, voltage not given, temperature not given"),
    "others": (
        f"{NOMINAL} operating_conditions (ss) {{ voltage : 1.08; }} default_operating_conditions : ss;",
        "odd: process 1, 1.2 V, 25 C",
    ),
    "millivolts": ('nom_voltage : 1200; voltage_unit : "1mV";', "odd: process not given, 1.2 V, "),
}


@pytest.mark.parametrize("kind", CORNERS)
def test_corners(kind: str, write: Write) -> None:
    lines, words = CORNERS[kind]
    text = edit((NOMINAL, lines))
    if "voltage_unit" in lines:
        text = edit(('  voltage_unit : "1V";\n', ""), text=text)
    library = load(str(write(kind, text)))
    assert library.corner_text.startswith(words)
    assert bool(library.without_power) == ("voltage not given" in words)
    assert any("are not applied" in note for note in library.notes) == (kind == "others")
    if library.without_power:
        with pytest.raises(ToolError, match="gives no voltage"):
            energies(library)


# --- what is missing -------------------------------------------------------------------------------------------------
@pytest.mark.synth
def test_a_clock_gate_without_sense(write: Write, probe: Probe) -> None:
    """The gate lets the clock through as it is; an arc without a sense is no path of half a period."""
    good = load(str(write("good", with_cell(ICG))))
    assert good.clock_gate is not None
    want = probe(good)
    assert want.cells["ICG"]
    for sense in ("", "timing_sense : non_unate;"):
        library = load(str(write("icg_no_sense", with_cell(edit(("timing_sense : positive_unate;", sense), text=ICG)))))
        assert mapping(library) == mapping(good)
    function = edit(('state_function : "CK * IQ"', 'state_function : "CK * IQ"; function : "CK IQ"'), text=ICG)
    latch = edit(("statetable", 'latch (IQ, IQN) { enable : "!CK"; data_in : "E"; }\n statetable'), text=function)
    assert mapping(load(str(write("icg_latch", with_cell(latch))))) == mapping(good)
    edges = edit(("timing_sense : positive_unate;", "timing_type : rising_edge; timing_sense : non_unate;"), text=ICG)
    assert mapping(load(str(write("icg_edges", with_cell(edges))))) == mapping(good)
    with pytest.raises(ToolError, match=r"cell ICG, pin GCK: the output is negative_unate in CK"):
        load(str(write("icg_inverts", with_cell(edit(("positive_unate", "negative_unate"), text=ICG)))))


def test_a_clock_gate_that_lacks_something(base: Library, write: Write) -> None:
    """It is not used, which is said; one is composed of a latch, as in a library without any."""
    for name, text in {
        "setup": re.sub(r"timing \(\) \{ related_pin : \"CK\"; timing_type(.|\n)*?\} \}\n", "}\n", ICG, count=1),
        "role": edit(("clock_gate_enable_pin : true;", ""), text=ICG),
        "area": edit(("area : 9;", ""), text=ICG),
    }.items():
        library = load(str(write(name, with_cell(text))))
        assert library.clock_gate is None
        assert library.latch_gate == base.latch_gate
        assert any("1 cell is not used" in note and "cell ICG" in note for note in library.notes), library.notes


@pytest.mark.synth
def test_no_setup_times(base: Library, write: Write, probe: Probe) -> None:
    """None are counted, which is said; paths into flip-flops still count."""
    timing = (
        r"      timing \(\) \{\n        related_pin : \"CK\";\n"
        r"        timing_type : (setup|hold)_rising;(.|\n)*?      \}\n"
    )
    library = load(str(write("no_setup", re.sub(timing, "", BASE))))
    assert any("no setup times of its flip-flops (DFF): none are counted" in note for note in library.notes)
    assert library.flop_setup_ps == 0.0
    want, found = probe(base), probe(library)
    assert found.area == want.area
    assert found.period == pytest.approx(want.period - base.flop_setup_ps / 1e3, rel=1e-3)
    # Beside a flip-flop that has them one without is not used.
    bare = edit(("cell (DFF)", "cell (BARE)"), ("area : 12", "area : 5"), text=re.sub(timing, "", cell("DFF")))
    library = load(str(write("some_setup", with_cell(bare))))
    assert library.flops == base.flops
    assert any("cell BARE, pin D: there is no setup time" in note for note in library.notes)


#: A cell more, which lacks something: it is not used, the report says so, and nothing else changes.
LACKING = {
    "no_related_pin": (
        edit(('        related_pin : "B";\n', ""), text=OR2),
        r"cell OR2, pin Y, timing: there is no related",
    ),
    "no_area": (edit(("    area : 1.8;\n", ""), text=OR2), "cell OR2: there is no area, or it is zero"),
    "zero_area": (edit(("area : 1.8;", "area : 0.0;"), text=OR2), "cell OR2: there is no area, or it is zero"),
    "no_direction": (edit(("      direction : input;\n", ""), text=OR2), "cell OR2, pin A: there is no direction"),
    "no_capacitance": (
        edit(("      capacitance : 0.002;\n", ""), text=OR2),
        "cell OR2, pin A: there is no capacitance",
    ),
    "unknown_pin": (edit(("A|B", "A|C"), text=OR2), "cell OR2: pin Y: function names 'C', which is no input"),
    "no_function": (edit(("A|B", "A|"), text=OR2), "function 'A|' is not understood: it ends too early"),
    "strange_function": (edit(("A|B", "A#B"), text=OR2), "function 'A#B' is not understood: '#B'"),
    "unknown_related": (edit(('related_pin : "B"', 'related_pin : "X"'), text=OR2), "timing related to a pin 'X'"),
    "half_an_arc": (
        re.sub(r"        cell_fall(.|\n)*?        \}\n", "", OR2, count=1),
        "no delay from A, or only half",
    ),
    "no_arcs": (re.sub(r"      timing(.|\n)*?\n      \}\n", "", OR2), "cell OR2, pin Y: there is no delay from A"),
    "no_template": (edit(("(t33)", "(t99)"), text=OR2), r"cell_rise t99: the file has no template of this name"),
    "no_values": (re.sub(r"values(.|\n)*?;", "", OR2), "there are no values"),
    "no_clocked_on": (
        edit(("cell (DFF)", "cell (BAD)"), ('      clocked_on : "CK";\n', ""), text=cell("DFF")),
        "cell BAD, ff IQ: there is no clocked_on",
    ),
    "two_clocks": (
        edit(("cell (DFF)", "cell (BAD)"), ('"CK";\n      next', '"CK & D";\n      next'), text=cell("DFF")),
        "clocked_on 'CK & D' is not one pin",
    ),
    "no_clock_to_output": (
        edit(("cell (DFF)", "cell (BAD)"), ("rising_edge", "min_pulse_width"), text=cell("DFF")),
        "cell BAD, pin Q: there is no delay from CK",
    ),
}


@pytest.mark.parametrize("kind", LACKING)
def test_a_cell_that_lacks_something(kind: str, base: Library, write: Write) -> None:
    text, message = LACKING[kind]
    library = load(str(write(kind, with_cell(text))))
    note = next(note for note in library.notes if "1 cell is not used" in note)
    assert message.replace("\\", "") in note
    assert "line " in note
    assert mapping(library) == mapping(base)


REFUSED = {
    "area_missing": (
        edit(("    area : 1.4;\n", "")),
        r"no NAND2 cell found.*\n  not used: .*area_missing\.lib, line 119: cell NAND2: there is no area",
    ),
    "area_all_zero": (
        re.sub(r"area : [\d.]+;", "area : 0;", BASE),
        r"line 690: cell DFF: there is no area, or it is zero",
    ),
    "no_timing_flop": (
        BASE.replace(cell("DFF"), re.sub(r"      timing(.|\n)*?\n      \}\n", "", cell("DFF"))),
        r"no cell with a usable 'ff' group.*\n.*line 690: cell DFF, pin Q: there is no delay from CK",
    ),
    "ff_only_dont_use": (
        edit(("cell (DFF) {", "cell (DFF_bad) { dont_use : true;")),
        r"no cell with a usable 'ff' group.*\n  not used: .*, line 690: cell DFF_bad: it is marked dont_use",
    ),
    "two_bit_flops": (
        edit(("    ff (IQ, IQN)", "    ff (IR, IRN) { }\n    ff (IQ, IQN)")),
        "cell DFF: it has more than one fl",
    ),
    "bank": (edit(("    ff (IQ, IQN)", "    ff_bank (IQ, IQN, 2)")), r"line 690: cell DFF: it has more than one bit"),
    "no_buffers": (
        edit(("cell (BUF) {", "cell (BUF) { dont_use : T;")),
        r"no buffer.*\n.*line 69: cell BUF: it is marked dont_use",
    ),
    "nothing_to_use": (
        re.sub(r"(cell \(\w+\) \{)", r"\1 dont_use : true;", BASE),
        r"no cell with a usable 'ff' group.*\n.*line 690: cell DFF: it is marked dont_use\n",
    ),
    "doubled_table": (
        edit(
            ("        cell_rise (t33) {", '        cell_rise (scalar) { values ("0.1"); }\n        cell_rise (t33) {')
        ),
        r"line 35: cell INV, pin Y, timing: cell_rise is given twice, and differs",
    ),
    "tiny_capacitance": (edit(("0.002", "1e-30")), "cell INV, pin A: capacitance 1e-30 is absurd"),
    "underscore": (edit(("0.01300", "0_1")), "'0_1' is not a number"),
    "tiny_area": (edit(("area : 12", "area : 1e-9")), r"cell DFF has the area 1e-09, 7.14e-10 times that of a NAND2"),
    "only_odd_flops": (
        edit(('next_state : "D"', 'next_state : "D ^ IQ"')),
        "no flip-flop just stores its data pin.*there are DFF",
    ),
    "doubled_cell": (
        with_cell(edit(("area : 1;", "area : 2;"), text=cell("INV"))),
        r"line 7\d\d: cell INV: it stands twice",
    ),
    "doubled_pin": (
        edit(("    pin (Y) {\n", "    pin (A) { direction : input; capacitance : 0.5; }\n    pin (Y) {\n")),
        r"line 26: cell INV: pin A stands twice, and differs: also at line 22",
    ),
    "doubled_attribute": (
        edit(("area : 1;", "area : 1; area : 2;")),
        r"line 19: cell INV: area is given twice: '1' and '2'",
    ),
    "negative_area": (edit(("area : 1.4", "area : -1.4")), r"cell NAND2: area -1.4 is negative"),
    "absurd_area": (edit(("area : 1.4", "area : 1e30")), r"cell NAND2: area 1e\+30 is absurd"),
    "out_of_proportion": (edit(("area : 12", "area : 1200000")), r"cell DFF has the area 1.2e\+06, 8.57e\+05 times"),
    "text_area": (edit(("area : 1.4", "area : small")), r"cell NAND2: area is not a number: 'small'"),
    "negative_capacitance": (
        edit(("      capacitance : 0.002", "      capacitance : -0.002")),
        r"line 22: cell INV, pin A: capacitance -0.002 is negative",
    ),
    "infinite_capacitance": (edit(("0.002", "inf")), r"cell INV, pin A: capacitance is not a finite number: 'inf'"),
    "nan": (edit(("0.01300", "nan")), r"line 34: cell INV, pin Y, timing, cell_rise t33: a value is not finite"),
    "no_number": (edit(("0.01300", "fast")), r"cell_rise t33: 'fast' is not a number"),
    "absurd_delay": (edit(("0.01300", "1e9")), r"cell_rise t33: a value of 1 s is absurd"),
    "far_delay": (
        BASE.replace(cell("NAND2"), edit(("0.03300", "33000"), text=cell("NAND2"))),
        r"line 119: cell NAND2, pin Y, cell_rise from A: a value is \d+ times the delay",
    ),
    "negative_slew": (edit(("0.01140", "-0.01140")), r"rise_transition t33: a slew is negative"),
    "too_few_values": (edit(("0.01300, 0.03100", "0.03100")), r"line 34: .*cell_rise t33: 8 values, .* ask for 3 x 3"),
    "falling_index": (edit(("0.001, 0.01, 0.05", "0.05, 0.01, 0.001")), r"cell_rise t33: an index does not increase"),
    "direction": (
        edit(("direction : input", "direction : sideways")),
        r"cell INV, pin A: direction 'sideways' is none of",
    ),
    "sense": (edit(("negative_unate", "upside_down")), r"timing: timing_sense 'upside_down' is none of"),
    "time_unit": (edit(('"1ns"', '"1 fortnight"')), r"time_unit '1 fortnight' is not understood"),
    "absurd_unit": (edit(('"1ns"', '"1s"')), r"time_unit '1s' is absurd"),
    "falling_edges_only": (
        edit(('clocked_on : "CK"', 'clocked_on : "!CK"')),
        "no flip-flop stores at the rising edge of its clock.*DFF store at the falling one",
    ),
    "cap_unit": (edit(("(1, pf)", "(1, pint)")), r"capacitive_load_unit \(1, pint\) is not understood"),
    "threshold": (
        edit(("input_threshold_pct_rise : 50", "input_threshold_pct_rise : 0")),
        "input_threshold_pct_rise and",
    ),
    "slew_points": (
        edit(("slew_lower_threshold_pct_rise : 20", "slew_lower_threshold_pct_rise : 90")),
        "has to be below",
    ),
    "voltage": (edit(("nom_voltage : 1.2", "nom_voltage : -1.2")), "nom_voltage '-1.2' is no supply voltage"),
    "voltage_text": (edit(("nom_voltage : 1.2", "nom_voltage : low")), "nom_voltage is not a number: 'low'"),
    "doubled_unit": (edit(('"1ns";', '"1ns"; time_unit : "1ps";')), "time_unit is given twice: '1ns' and '1ps'"),
    "delay_model": (edit(("table_lookup", "polynomial")), "delay_model is 'polynomial': only tables"),
    "include": (edit(("  delay_model", "  include_file (more.lib);\n  delay_model")), "include_file is not followed"),
    "templates": (
        edit(("  cell (INV)", "  lu_table_template (t33) { }\n  cell (INV)")),
        "lu_table_template t33 stands at",
    ),
    "brace_too_many": (BASE + "}\n", r"not a Liberty file: line 762: '}' without a '{'"),
    "brace_in_the_middle": (
        edit(("  cell (NOR2)", "}\n  cell (NOR2)")),
        r"line \d+: 'cell' follows the end of the library",
    ),
    "brace_missing": (BASE.rstrip().removesuffix("}"), r"the file ends inside the group 'library \(odd\)' of line 1"),
    "string": (edit(('function : "!A";', 'function : "!A;')), r"not a Liberty file: line \d+"),
    "comment": (edit(("library (odd) {\n", "library (odd) {\n/* ")), "line 2: the comment has no end"),
    "no_name": (edit(("cell (NAND2)", "cell ()")), "line 119: a cell has no name"),
    "no_pin_name": (edit(("pin (A)", "pin ()")), "line 22: cell INV: a pin has no name"),
    "empty": (b"\n", "the file is empty"),
    "binary": (bytes(range(256)) * 20, "not a Liberty file: line 1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_by_name(kind: str, write: Write) -> None:
    text, message = REFUSED[kind]
    assert text != BASE
    with pytest.raises(ToolError, match=message) as raised:
        load(str(write(kind, text)))
    assert f"{kind}.lib" in str(raised.value)


# --- what is odd but right -------------------------------------------------------------------------------------------
@pytest.mark.synth
def test_names_that_tools_do_not_read(base: Library, write: Write, probe: Probe) -> None:
    """Cells and pins get other names for the tools; areas and energies stay with them."""
    text = edit(("(NAND2)", "(74NAND2)"), ("(DFF)", '("7 DFF-1")'), ("(AND2)", "(and)"), ("(XOR2)", "(XÖR)"))
    flop = cell('"7 DFF-1"', text)
    renamed = edit(("pin (CK)", 'pin ("1CK")'), ('"CK"', '"1CK"'), ("pin (Q)", "pin (output)"), text=flop)
    text = text.replace(flop, renamed.replace('clocked_on : "1CK"', 'clocked_on : "\\"1CK\\""'))
    library = load(str(write("cell_digit", text)))
    assert library.renamed == {"n_74NAND2": "74NAND2", "n_7_DFF_1": "7 DFF-1", "n_and": "and", "X_R": "XÖR"}
    assert "74NAND2 is n_74NAND2" in library.notes[-1]
    assert library.clock_pins["n_7_DFF_1"] == ("n_1CK",)
    assert set(energies(library)) == set(library.areas)
    want, found = probe(base), probe(library)
    assert (found.area, found.period) == pytest.approx((want.area, want.period), rel=0.1)
    assert "n_7_DFF_1" in found.cells


@pytest.mark.synth
def test_negative_delays(base: Library, write: Write, probe: Probe) -> None:
    """An inverter may be so fast that its output is through its threshold first."""
    faster = re.sub(
        r"(cell_(?:rise|fall) \(t33\) \{\n.*\n.*\n\s+values \( \\\n)((?:.*\n){3})",
        lambda found: found[1] + re.sub(r"\d+\.\d+", lambda each: f"{float(each[0]) - 0.02:.5f}", found[2]),
        cell("INV"),
    )
    assert "-0.00700" in faster
    library = load(str(write("neg_delay", BASE.replace(cell("INV"), faster))))
    assert library.fo4_ps == pytest.approx(base.fo4_ps - 20, rel=0.2)
    want, found = probe(base), probe(library)
    assert 0.7 * want.period < found.period < want.period


def test_tables_of_other_shapes(base: Library, write: Write) -> None:
    """Transposed tables, tables over the load only, and single values: the tools get them over slew and load."""
    template = """  lu_table_template (t33) {
    variable_1 : total_output_net_capacitance; variable_2 : input_net_transition;
    index_1 ("0.001, 0.01, 0.05"); index_2 ("0.01, 0.1, 0.5"); }
"""
    body = BASE[BASE.index("  cell (INV)") :]

    def transposed(found: re.Match[str]) -> str:
        rows = [row.replace('"', "").split(",") for row in re.findall(r'"[^"]*"', found[1])]
        return "values (" + ", ".join('"' + ",".join(column) + '"' for column in zip(*rows, strict=True)) + ");"

    body = re.sub(r"          index_\d.*\n", "", body)
    body = re.sub(r"values \( \\\n((?:\s*\"[^\"]*\",?(?: \\\n)?)+)\);", transposed, body)
    head = BASE[: BASE.index("  lu_table_template")]
    library = load(str(write("transposed", head + template + body)))
    assert mapping(library) == mapping(base)
    flat = """  lu_table_template (t33) { variable_1 : total_output_net_capacitance; index_1 ("0.001, 0.05"); }
"""
    body = re.sub(r"values \((?:\"[^\"]*\",? ?){3}\);", 'values ("0.02, 0.1");', body)
    library = load(str(write("flat", head + flat + body)))
    assert 'values ("0.02, 0.060000000000000005, 0.1", ' in mapping(library).replace("0.06,", "0.060000000000000005,")
    assert library.fo4_ps == pytest.approx(20 + 80 * (4 * 2 - 1) / 49)
    scalar = re.sub(r"(cell_\w+|\w+_transition) \(t33\)", r"\1 (scalar)", body).replace('"0.02, 0.1"', '"0.05"')
    library = load(str(write("scalar", head + scalar)))
    assert library.fo4_ps == pytest.approx(50)


def test_conditions_of_arcs_stay(write: Write) -> None:
    """``when`` goes to OpenSTA, with the pins' names; one that is no function counts always."""
    text = edit(
        ('timing () {\n        related_pin : "A";', 'timing () {\n        when : "B\' + !A"; related_pin : "A";')
    )
    assert 'when : "!B|!A";' in mapping(load(str(write("when", text))))
    text = edit(('timing () {\n        related_pin : "A";', 'timing () {\n        when : "B =="; related_pin : "A";'))
    assert "when" not in mapping(load(str(write("when", text))))
    assert "when" not in mapping(load(str(write("when", edit(('"B =="', '"VDD & B"'), text=text)))))


def test_default_capacitances(base: Library, write: Write) -> None:
    text = edit(("      capacitance : 0.002;\n", ""), (" capacitance : 0.002;", ""))
    library = load(str(write("default", edit(("  nom_", "  default_input_pin_cap : 0.002;\n  nom_"), text=text))))
    assert mapping(library) == mapping(base)
    edges = edit(("      capacitance : 0.002;", "      rise_capacitance : 0.003; fall_capacitance : 0.001;"))
    assert load(str(write("edges", edges))).loads == base.loads


def test_wire_loads(base: Library, write: Write) -> None:
    """The default one becomes a capacitance for each sink; files that differ in it have none, which is said."""
    wires = '  wire_load ("w") { capacitance : 0.01; resistance : 0.1; fanout_length (1, 2); fanout_length (2, 5); }\n'
    with_wires = edit(("  nom_", f"{wires}  default_wire_load : w;\n  nom_"))
    # 2 at one sink, 5 at two, and 5 at three and four, as there is no slope; 0.01 pF each
    per_sink = 10 * (2 + 5 / 2 + 5 / 3 + 5 / 4) / 4
    library = load_with(str(write("wires", with_wires)), wires="library")
    assert library.wires.ff == pytest.approx(per_sink, rel=5e-3)
    assert library.loads["INV"]["A"] == pytest.approx(base.loads["INV"]["A"] + library.wires.ff)
    nor2 = with_wires[: with_wires.index("  cell (")] + cell("NOR2") + "}\n"
    first = str(write("first", with_wires.replace(cell("NOR2"), "")))
    assert load_with([first, str(write("second", nor2))], wires="library").wires == library.wires
    apart = [first, str(write("second", edit(("(1, 2)", "(1, 3)"), text=nor2)))]
    assert any("default wire loads differ, and none of them is counted" in note for note in load(apart).notes)
    with pytest.raises(ToolError, match=r"synth.wires: library \w+ names no wire load as its default"):
        load_with(apart, wires="library")
    for text, message in (
        ("(1, far)", r"wire_load w: fanout_length \(1, far\) holds what is no number"),
        ("(1, nan)", r"wire_load w: fanout_length \(1, nan\) holds what is no number"),
        ("(1, -2)", r"wire_load w: fanout_length \(1, -2\) can't be"),
    ):
        with pytest.raises(ToolError, match=message):
            load(str(write("far", edit(("(1, 2)", text), text=with_wires))))
    with pytest.raises(ToolError, match=r"wire_load w: capacitance is negative: -0.01"):
        load(str(write("below", edit(('w") { capacitance : 0.01', 'w") { capacitance : -0.01'), text=with_wires))))


# --- power -----------------------------------------------------------------------------------------------------------
POWER = """      internal_power () { related_pin : "A";
        rise_power (p) { values ("1, 2", "1, 2"); } fall_power (p) { values ("3, 4", "3, 4"); } }
"""
TEMPLATE = """  power_lut_template (p) { variable_1 : input_transition_time; variable_2 : total_output_net_capacitance;
    index_1 ("0.01, 0.5"); index_2 ("0.001, 0.051"); }
"""


def test_power_is_read_in_the_files_own_units(write: Write) -> None:
    text = edit(
        ("  cell (INV)", f"{TEMPLATE}  cell (INV)"), ('      function : "!A";\n', f'      function : "!A";\n{POWER}')
    )
    found = energies(load(str(write("power", text))))["INV"]
    assert found.of_output("Y", 1.0) == pytest.approx(2000)  # pF V2, in fJ
    assert found.leakage_nw == pytest.approx(0.1)
    small = edit(("(1, pf)", "(1, ff)"), ('"1V"', '"1mV"'), ("nom_voltage : 1.2", "nom_voltage : 1200"), text=text)
    small = edit(('"1nW"', '"10uW"'), text=small)
    other = energies(load(str(write("small", small))))["INV"]
    assert other.of_output("Y", 0.001) == pytest.approx(2e-6)
    assert other.leakage_nw == pytest.approx(1000)
    for old, new, message in (
        ('"3, 4"', '"3, x"', r"line \d+: cell INV, pin Y, fall_power p: 'x' is not a number"),
        ('"3, 4"', '"3, 4, 5"', r"cell INV, pin Y, fall_power p: 6 values, where the indices ask for 2 x 2"),
        ('"1, 2"', '"1, nan"', r"cell INV, pin Y, rise_power p: a value is not finite"),
        ("cell_leakage_power : 0.1", "cell_leakage_power : low", r"cell INV: cell_leakage_power is not a number"),
    ):
        library = load(str(write("bad", edit((old, new), text=text))))
        with pytest.raises(ToolError, match=message) as raised:
            energies(library)
        assert "bad.lib" in str(raised.value)


def test_what_is_assumed_is_said(base: Library, write: Write) -> None:
    """Units and measuring points that a file leaves out; of files that leave out the same it is said once."""
    text = edit(
        ('  time_unit : "1ns";\n', ""),
        ("  capacitive_load_unit (1, pf);\n", ""),
        ('  leakage_power_unit : "1nW";\n', ""),
        ("slew_lower_threshold_pct_rise : 20;", ""),
    )
    library = load(str(write("bare", text)))
    assert mapping(library) == mapping(base)
    for words in ("no time_unit", "no capacitive_load_unit", "no leakage_power_unit", "where times are measured"):
        assert [words in note for note in library.notes].count(True) == 1, words
    paths = [str(write("first", text.replace(cell("NOR2"), ""))), str(write("second", second_of(("NOR2",))))]
    notes = load(paths).notes
    assert sum("no energies" in note for note in notes) == 1
    assert sum(note.startswith("first.lib: the file gives no time_unit") for note in notes) == 1


def test_power_of_a_file_without_energies_is_said(base: Library) -> None:
    assert "no energies of its cells" in base.notes[0]

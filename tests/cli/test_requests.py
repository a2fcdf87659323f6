"""Requests that are wrong: the message, the status, and what is left of the user's files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gen.cli.parser import parse
from hdl.params import SCHEMES

COMMANDS = ["run", "generate", "simulate", "synth", "layout", "report"]
COMMANDS += ["map", "search", "sweep", "workload", "check", "explain", "list", "schema", "pim"]
TRY = "Try 'bitloom{} --help'.\n"


@pytest.mark.parametrize(
    ("arguments", "message", "command"),
    [
        (["rnu", "small.toml"], "unknown command 'rnu' (did you mean 'run'?)", ""),
        (["x"], f"unknown command 'x' (legal: {', '.join(COMMANDS)})", ""),
        ([], "the following arguments are required: COMMAND", ""),
        (["run"], "the following arguments are required: CONFIG", " run"),
        (["run", "small.toml", "--outptu", "x"], "unexpected argument '--outptu' (did you mean '--output'?)", " run"),
        (["run", "small.toml", "--wave"], "unexpected argument '--wave' (did you mean '--waves'?)", " run"),
        (["check", "small.toml", "more"], "unexpected argument 'more'", " check"),
        (
            ["list", "--waves"],
            "unexpected argument '--waves' (that is an option of other commands than 'list')",
            " list",
        ),
        (
            ["check", "small.toml", "--seed", "-1"],
            "argument --seed: must be an integer from 0 to 4294967295, not '-1'",
            " check",
        ),
        (["check", "small.toml", "--seed"], "argument --seed: expected one argument", " check"),
        (
            ["layout", "small.toml", "--array", "2x5"],
            "argument --array: must be rows and columns, 1x1 to 4x4, not '2x5'",
            " layout",
        ),
        (
            ["layout", "small.toml", "--density", "1.1"],
            "argument --density: must be a number from 0.2 to 1, not '1.1'",
            " layout",
        ),
        (
            ["layout", "small.toml", "--layers", "1"],
            "argument --layers: must be an integer from 2 to 6, not '1'",
            " layout",
        ),
        (
            ["layout", "small.toml", "--seeds", "0"],
            "argument --seeds: must be an integer from 1 to 100, not '0'",
            " layout",
        ),
    ],
)
def test_command_line_that_is_wrong(bitloom, arguments, message, command):
    result = bitloom(*arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"bitloom: {message}\n{TRY.format(command)}"


def test_every_problem_of_a_configuration(bitloom, here):
    (here / "bad.toml").write_text("[engine]\nrows = 0\nscheme = 'maac'\n[synth]\nlibary = 'unit'\n")
    for command in ("check", "explain", "generate", "simulate", "synth", "layout", "report", "run"):
        result = bitloom(command, "bad.toml", "--set", "cols=x")
        assert (result.status, result.out) == (2, "")
        assert result.err.splitlines() == [
            "bitloom: bad.toml: synth.libary: unknown key (did you mean 'library'?)",
            "bitloom: --set cols: must be an integer, not 'x'",
            f"bitloom: bad.toml: engine.scheme: must be one of {', '.join(SCHEMES)}, not 'maac' (did you mean 'mac'?)",
            "bitloom: bad.toml: engine.rows: must be 1 to 1024, not 0 (the nearest legal value is 1)",
        ]
    assert not (here / "build").exists()


def test_missing_configuration(bitloom):
    result = bitloom("run", "smal.toml")
    assert result.status == 2
    assert result.err == "bitloom: smal.toml: no such file (did you mean 'small.toml'?)\n"


def test_output_folder_of_others(bitloom, here):
    (here / "mine").mkdir()
    (here / "mine" / "notes").write_text("mine")
    for command in ("generate", "simulate", "synth", "report", "run"):
        result = bitloom(command, "small.toml", "-o", "mine", "--force")
        assert result.status == 2
        assert result.err == "bitloom: mine: holds files that Bitloom did not write (choose another folder with -o)\n"
    assert [path.name for path in (here / "mine").iterdir()] == ["notes"]


def test_the_folder_of_the_configuration_is_no_output_folder(bitloom, here):
    assert bitloom("generate", "small.toml", "-o", ".").status == 2
    assert [path.name for path in here.iterdir()] == ["small.toml"]


def test_generated_file_changed_by_hand(bitloom, here):
    assert bitloom("generate", "small.toml", "-o", "out").status == 0
    (here / "out" / "bitloom_engine.sdc").write_text("# my constraints\n")
    result = bitloom("generate", "small.toml", "-o", "out")
    assert result.status == 2
    assert result.err == (
        "bitloom: out/bitloom_engine.sdc: was changed since Bitloom wrote it "
        "(choose another folder with -o, or lose the changes with --force)\n"
    )
    assert (here / "out" / "bitloom_engine.sdc").read_text() == "# my constraints\n"
    assert bitloom("generate", "small.toml", "-o", "out", "--force").status == 0
    assert "my constraints" not in (here / "out" / "bitloom_engine.sdc").read_text()


#: A library that is Liberty, and of no use.
NO_FLIP_FLOP = """library(gates) {
  time_unit : "1ns"; capacitive_load_unit(1, pf);
  cell(INV) { area : 1; pin(A) { direction : input; capacitance : 0.001; }
    pin(Y) { direction : output; function : "!A"; } }
}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "the library file can't be read (No such file or directory)"),
        ("", "the file is empty: a Liberty file (.lib) is needed"),
        ("hello\n", "not a Liberty file: line 1: there is no 'library' group"),
        (NO_FLIP_FLOP[:60], "not a Liberty file: "),
        (NO_FLIP_FLOP, "no cell with a usable 'ff' group: a library with flip-flops is needed to synthesise"),
    ],
    ids=["missing", "empty", "not Liberty", "cut off", "no flip-flop"],
)
@pytest.mark.parametrize("command", ["run", "synth"])
def test_library_that_is_of_no_use(bitloom, here, command, text, message):
    if text is not None:
        (here / "cells.lib").write_text(text)
    result = bitloom(command, "small.toml", "--set", "library=cells.lib", "-o", "out")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"bitloom: synth.library: cells.lib: {message}")
    assert [path.name for path in (here / "out").iterdir()] == [".bitloom"]


def test_report_of_an_empty_folder_or_another_engine(bitloom, here):
    hint = "run `bitloom generate`, `simulate` or `synth` into it first"
    result = bitloom("report", "small.toml", "-o", "out")
    assert (result.status, result.err) == (2, f"bitloom: out: holds no engine of this configuration ({hint})\n")
    assert bitloom("generate", "small.toml", "-o", "out").status == 0
    assert bitloom("report", "small.toml", "-o", "out", "--set", "rows=1").status == 2
    assert (here / "out" / "bitloom_engine.v").exists()


def test_a_library_that_cannot_be_laid_out(bitloom):
    result = bitloom("layout", "small.toml", "-o", "out", "--set", "library=unit")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(
        "bitloom: layout: library bitloom_unit is embedded, and no process has its cells; osu018"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(bitloom, command):
    result = bitloom(command, "--help")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(f"usage: bitloom {command} ")


def test_help_and_version(bitloom):
    from gen import __version__

    assert bitloom("--version").out == f"bitloom {__version__}\n"
    text = bitloom("--help").out
    assert all(f"    {command} " in text for command in COMMANDS)
    assert "exit status: 0 done, 1 a check failed, 2 the request was wrong" in text


def test_short_and_long_options_are_the_same():
    short = parse(["run", "c", "-o", "x", "-q", "-vv"])
    long = parse(["run", "c", "--output", "x", "--quiet", "--verbose", "--verbose"])
    assert vars(short) == vars(long)


def test_start_is_quick():
    """Help must not wait for packages that only a step needs. Counts modules, because time depends on the machine."""
    script = "import sys, gen.cli; print(sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    for heavy in ("amaranth", "numpy", "cocotb", "pyosys", "sklearn", "jinja2"):
        assert f"'{heavy}'" not in loaded

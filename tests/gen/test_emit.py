from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gen.config import Config, OutputSettings, SynthSettings
from gen.emit.generate import generate
from gen.emit.manifest import GENERATOR, module_names
from gen.emit.verilog import emit
from gen.output import open_output
from gen.sources import sources
from hdl.params import ConfigError, Dataflow, EngineParams

SMALL = Config(engine=EngineParams(rows=2, cols=3))
ENGINE = [f"bitloom_engine.{suffix}" for suffix in ("f", "sdc", "v", "ys")]
FILES = [".bitloom", *ENGINE, "manifest.json"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A generated engine; tests only read it."""
    path = tmp_path_factory.mktemp("out")
    with open_output(path) as output:
        generate(SMALL, output)
    return path


def test_writes_its_files_and_no_others(folder):
    assert sorted(os.listdir(folder)) == FILES


def test_manifest(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["generator"] == "bitloom"
    assert manifest["schema_version"] == 1
    assert EngineParams.from_dict(manifest["config"]["engine"]) == SMALL.engine
    assert manifest["config_hash"] == SMALL.hash
    assert (manifest["prefix"], manifest["top"]) == ("bitloom", "bitloom_engine")
    assert sorted([".bitloom", "manifest.json", *manifest["files"].values()]) == FILES
    assert manifest["modules"]["pe"] == "bitloom_pe"
    assert {"bitloom_engine", "bitloom_pe", "bitloom_jobs", "bitloom_pair"} < set(manifest["module_names"])
    assert all(name.startswith("bitloom_") for name in manifest["module_names"])
    assert manifest["core"] == {"bitloom_pe": 6, "bitloom_recode": 2}
    assert manifest["k_limit"] == SMALL.engine.k_limit
    assert manifest["tile_interval"]["drain_cycles"] == Dataflow(SMALL.engine).drain_cycles
    assert manifest["dataflow"]["a"] == {"lanes": 2, "element_bits": 8, "signed": True, "tdata_bits": 16}
    assert manifest["dataflow"]["c"] == {"lanes": 3, "element_bits": 32, "signed": True, "tdata_bits": 96}
    assert set(manifest["tools"]) == {"amaranth", "pyosys"}


def test_manifest_ports_are_those_of_the_verilog(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    text = (folder / "bitloom_engine.v").read_text()
    header = text[text.index("module bitloom_engine(") :]
    header = header[: header.index(");")]
    names = re.findall(r"^  (?:input|output) .*?(\w+),?$", header, re.MULTILINE)
    assert sorted(names) == sorted(port["name"] for port in manifest["ports"])
    assert all(port["description"] for port in manifest["ports"])


def test_no_file_knows_where_or_when_it_was_made(folder):
    for path in folder.iterdir():
        text = path.read_text()
        assert str(folder) not in text
        assert str(Path(__file__).parent.parent.parent) not in text


def test_file_list_reads_relative_to_itself(folder):
    lines = (folder / "bitloom_engine.f").read_text().splitlines()
    assert [line for line in lines if not line.startswith("//")] == ["bitloom_engine.v"]


def test_every_port_but_the_clock_is_constrained_once(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    lines = (folder / "bitloom_engine.sdc").read_text().splitlines()
    for port in manifest["ports"]:
        query = f"[get_ports {{{port['name']}[*]}}]" if port["width"] > 1 else f"[get_ports {port['name']}]"
        expected = f"set_{port['direction']}_delay $outside -clock clk {query}"
        assert lines.count(expected) == (port["name"] != "clk"), port
    assert "set clock_period 10" in lines
    assert "create_clock -name clk -period $clock_period [get_ports clk]" in lines


def test_the_clock_of_the_configuration_is_that_of_the_constraints(tmp_path):
    generate(replace(SMALL, synth=SynthSettings(clock_ns=2.5)), open_output(tmp_path))
    text = (tmp_path / "bitloom_engine.sdc").read_text()
    assert "set clock_period 2.5\n" in text
    assert "names no period" not in text


#: The least that OpenSTA takes for a library: it refuses one without thresholds.
NO_CELLS = """
library(empty) {
  time_unit : "1ns"; capacitive_load_unit(1, pf);
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
}
"""
STA = """
read_liberty empty.lib
read_verilog ports.v
link_design bitloom_engine
read_sdc engine.sdc
puts "inputs [llength [all_inputs]]"
check_setup -verbose -no_input_delay -no_clock
"""


@pytest.mark.synth
@pytest.mark.skipif(shutil.which("sta") is None, reason="OpenSTA (sta) is missing")
@pytest.mark.parametrize("forgotten", ["", "job_valid", "{s_axis_a_tdata[*]}"])
def test_opensta_accepts_the_constraints(folder, tmp_path, forgotten):
    """Every input has its delay; OpenSTA complains as soon as one is left out."""
    manifest = json.loads((folder / "manifest.json").read_text())
    names = ", ".join(port["name"] for port in manifest["ports"])
    lines = [f"{port['direction']} [{port['width'] - 1}:0] {port['name']};" for port in manifest["ports"]]
    lines = [f"module bitloom_engine({names});", *lines, "endmodule", ""]
    (tmp_path / "ports.v").write_text("\n".join(lines).replace("[0:0] ", ""))
    (tmp_path / "empty.lib").write_text(NO_CELLS)
    constraints = (folder / "bitloom_engine.sdc").read_text().splitlines(keepends=True)
    kept = [line for line in constraints if not forgotten or f"[get_ports {forgotten}]" not in line]
    (tmp_path / "engine.sdc").write_text("".join(kept))
    (tmp_path / "run.tcl").write_text(STA)
    result = subprocess.run(
        ["sta", "-exit", "run.tcl"], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    text = result.stdout + result.stderr
    assert f"inputs {sum(port['width'] for port in manifest['ports'] if port['direction'] == 'input')}" in text, text
    assert "Error" not in text, text
    assert ("Warning" in text) == bool(forgotten), text


def digests(path: Path) -> dict[str, str]:
    return {entry.name: hashlib.sha256(entry.read_bytes()).hexdigest() for entry in path.iterdir()}


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_same_configuration_same_bytes(folder, tmp_path, hash_seed):
    script = (
        "import sys; from gen.config import Config; from gen.emit.generate import generate;"
        "from gen.output import open_output;"
        "from hdl.params import EngineParams;"
        "generate(Config(engine=EngineParams(rows=2, cols=3)), open_output(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "-c", script, tmp_path / "out"], check=True, env=environment)
    assert digests(tmp_path / "out") == digests(folder)


# --- a folder that is used again -------------------------------------------------------------------------------------
def test_current_files_are_kept(tmp_path, monkeypatch):
    with open_output(tmp_path) as output:
        first = generate(SMALL, output)
        output.write_json("sim.json", {"passed": True})
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    with open_output(tmp_path) as output:
        assert generate(SMALL, output) == first
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_results_of_another_configuration_are_lost_by_force_alone(tmp_path, capsys):
    other = replace(SMALL, output=OutputSettings(prefix="npu"))
    with open_output(tmp_path) as output:
        generate(SMALL, output)
        generate(SMALL, output)  # nothing to lose in the same
        for name in ("sim.json", "report.html"):
            output.write(name, "{}")
        (tmp_path / "mine.txt").write_text("mine")
        before = digests(tmp_path)
        with pytest.raises(ConfigError) as caught:
            generate(other, output)
    assert str(caught.value) == (
        f"{tmp_path}: holds results of another configuration: sim.json, report.html "
        "(choose another folder with -o, or lose them with --force)"
    )
    assert digests(tmp_path) == before
    assert capsys.readouterr().err == ""
    with open_output(tmp_path, force=True) as output:
        generate(other, output)
    assert f"{tmp_path}: sim.json, report.html came from other files" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == [
        ".bitloom",
        "manifest.json",
        "mine.txt",
        "npu_engine.f",
        "npu_engine.sdc",
        "npu_engine.v",
        "npu_engine.ys",
    ]


def test_results_without_a_manifest_are_of_another_configuration(tmp_path):
    """Whose they are is not known: the manifest was deleted."""
    with open_output(tmp_path) as output:
        generate(SMALL, output)
        output.write("synth.json", "{}")
        (tmp_path / "manifest.json").unlink()
        with pytest.raises(ConfigError, match=r"holds results of another configuration: synth\.json"):
            generate(SMALL, output)


def test_changed_generator_means_new_files(tmp_path, monkeypatch, capsys):
    with open_output(tmp_path) as output:
        generate(SMALL, output)
        monkeypatch.setattr(sys.modules["gen.emit.generate"], "generator_hash", lambda: "other")
        output.write("sim.json", "{}")
        generate(SMALL, output)
    assert not (tmp_path / "sim.json").exists()
    assert "sim.json came from other files than those that are generated now: removed" in capsys.readouterr().err


def test_the_generator_is_what_its_files_come_from():
    """Whatever is loaded to generate counts, and nothing that only a controller, a report or a test needs."""
    program = """
import sys
from gen.emit.generate import generate
from gen.emit.verilog import emit
from hdl.params import BUILDS, EngineParams, OperandFormat
S3 = OperandFormat(3, True)
for array, schemes in BUILDS.items():
    emit(EngineParams(array=array, scheme=schemes[-1], rows=1, cols=1, depth=2, a=S3, b=S3, accumulator=12))
print(*(module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] in ("hdl", "gen")))
"""
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    counted = {str(path) for path in sources(*GENERATOR)}
    assert set(run.stdout.split()) <= counted
    names = {path.relative_to(root).as_posix() for path in map(Path, counted)}
    assert {"gen/timing.py", "gen/emit/yosys_writer.py", "hdl/engine/top.py", "gen/version.py"} <= names
    others = ("hdl/pim/", "hdl/params/pim/", "gen/pim/", "gen/cli/", "gen/report/", "sim_tb/", "synth_scripts/")
    assert not [name for name in names if name.startswith(others)]


def test_a_file_changed_by_hand_is_refused_before_anything_is_written(tmp_path):
    with open_output(tmp_path) as output:
        generate(SMALL, output)
        output.write("sim.json", "{}")
    verilog = tmp_path / "bitloom_engine.v"
    verilog.write_text(verilog.read_text() + "// my fix\n")
    before = digests(tmp_path)
    other = replace(SMALL, engine=EngineParams(rows=3, cols=3))
    for config in (SMALL, other):
        with open_output(tmp_path) as output, pytest.raises(ConfigError) as caught:
            generate(config, output)
        assert str(caught.value) == (
            f"{verilog}: was changed since Bitloom wrote it "
            "(choose another folder with -o, or lose the changes with --force)"
        )
        assert digests(tmp_path) == before
    with open_output(tmp_path, force=True) as output:
        generate(SMALL, output)
    assert "my fix" not in verilog.read_text()


def test_nothing_is_touched_when_generation_fails(tmp_path, monkeypatch):
    with open_output(tmp_path) as output:
        generate(SMALL, output)
        before = digests(tmp_path)

        def fail(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("gen.emit.verilog.emit", fail)
        with pytest.raises(KeyboardInterrupt):
            generate(replace(SMALL, engine=EngineParams(rows=3)), output)
    assert digests(tmp_path) == before


def test_engines_of_one_prefix_share_module_names():
    """As the page says: so another configuration needs another prefix."""
    texts = [
        emit(EngineParams(rows=rows, cols=2), prefix).text for rows, prefix in ((2, "one"), (3, "one"), (3, "two"))
    ]
    names = [set(module_names(text)) for text in texts]
    page = (Path(__file__).parents[2] / "docs" / "engine.md").read_text()
    said = re.search(r"such as `<prefix>_engine`, (.*?) and `_row`", page, re.DOTALL)[1]
    assert {"one_engine", "one_row", *(f"one{name}" for name in re.findall(r"`(_\w+)`", said))} <= names[0] & names[1]
    assert not names[0] & names[2]

"""Results of another configuration in an output folder: not lost without being asked for."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

#: Nothing to compare with, which would have to be generated as well.
ALONE = ("--set", "compare=[]")


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("command", ["generate", "run"])
def test_of_another_engine(bitloom, here, steps, command):
    assert bitloom("run", "small.toml", "-o", "out", *ALONE).status == 0
    before = files(here / "out")
    result = bitloom(command, "small.toml", "-o", "out", "--set", "rows=3", *ALONE)
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "bitloom: out: holds results of another configuration: sim.json, synth.json, report.html "
        "(choose another folder with -o, or lose them with --force)\n"
    )
    assert files(here / "out") == before
    assert bitloom(command, "small.toml", "-o", "out", *ALONE).status == 0  # the same engine
    assert bitloom(command, "small.toml", "-o", "out", "--set", "rows=3", "--force", *ALONE).status == 0
    assert json.loads((here / "out" / "manifest.json").read_text())["config"]["engine"]["rows"] == 3


def test_where_there_are_none(bitloom, here):
    assert bitloom("generate", "small.toml", "-o", "out").status == 0
    result = bitloom("generate", "small.toml", "-o", "out", "--set", "rows=3")
    assert (result.status, result.err) == (0, "")


def test_settings_that_leave_the_engine_as_it_is(bitloom, here, steps):
    assert bitloom("run", "small.toml", "-o", "out", *ALONE).status == 0
    changes = ("workload.tiles=5", "library=unit", "effort=quick")
    settings = [word for change in changes for word in ("--set", change)]
    assert bitloom("run", "small.toml", "-o", "out", *settings, *ALONE).status == 0


def test_of_another_system(bitloom, here, monkeypatch):
    from hdl.params.pim import preset

    def synthesise_controller(params, workdir, **settings):
        raise RuntimeError("it was reached")

    module = SimpleNamespace(synthesise_controller=synthesise_controller)
    monkeypatch.setitem(sys.modules, "synth_scripts.controller.controller", module)
    from gen.output import open_output

    with open_output(here / "out") as output:
        output.write_json("pim-synth.json", {"system": "of another system"})
    before = files(here / "out")
    result = bitloom("pim", "synth", "tiny", "-o", "out")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("bitloom: out: holds results of another configuration: pim-synth.json (")
    assert files(here / "out") == before
    with pytest.raises(RuntimeError, match="it was reached"):
        bitloom("pim", "synth", "tiny", "-o", "out", "--force")
    with open_output(here / "same") as output:
        output.write_json("pim-synth.json", {"system": preset("tiny").hash})
    with pytest.raises(RuntimeError, match="it was reached"):
        bitloom("pim", "synth", "tiny", "-o", "same")

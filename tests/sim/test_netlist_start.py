"""Netlists of library cells in a four-state simulator, from one cycle of reset."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams
from sim_tb.tiles import random_tiles
from synth_scripts.library.unit import liberty_text
from synth_scripts.work import yosys
from tests.sim.icarus import Script, simulate

pytestmark = [pytest.mark.sim, pytest.mark.synth]

TINY = {"scheme": "opt1", "rows": 2, "cols": 2, "depth": 2, "a": "s4", "b": "s4", "accumulator": 12}


@cache
def netlist(array: str, reset_data: bool) -> tuple[EngineParams, str, str, str]:
    """An engine of cells: its parameters, its module, the netlist, and the cells' models."""
    params = EngineParams.from_dict({**TINY, "array": array, "reset_data": reset_data})
    emission = emit(params)
    script = [
        *("read_verilog engine.v", f"synth -flatten -top {emission.top}"),
        *(
            "dfflibmap -liberty unit.lib",
            "abc -liberty unit.lib",
            "opt_clean -purge",
            "write_verilog -noattr netlist.v",
        ),
        *("design -reset", "read_liberty -ignore_miss_func unit.lib", "write_verilog -noattr cells.v"),
    ]
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "unit.lib").write_text(liberty_text())
        (folder / "engine.v").write_text(emission.text)
        yosys.run(script, folder, "map")
        return params, emission.top, (folder / "netlist.v").read_text(), (folder / "cells.v").read_text()


@pytest.mark.parametrize(
    ("array", "start"),
    [
        *product(("systolic_os", "cube"), ("reset_data", "zeros", "ones", "random")),
        ("systolic_ws", "reset_data"),
        ("adder_tree", "reset_data"),
    ],
)
def test_a_netlist_starts(array: str, start: str) -> None:
    """With every register reset; or with registers that hold anything known before, and known data on idle streams."""
    params, top, gates, cells = netlist(array, start == "reset_data")
    if start != "reset_data":
        value = {"zeros": "1'b0", "ones": "1'b1", "random": "$random"}[start]
        cells, count = re.subn(r"^( *)reg IQ;$", rf"\1reg IQ;\n\1initial IQ = {value};", cells, flags=re.MULTILINE)
        assert count
    rng = np.random.default_rng(3)
    work = [random_tiles(params, 1, k, rng) for k in (3, 1, 5)]
    script = Script(params)
    script.stalls(a=6, b=6, m=3)
    script.reset()
    script.send(work)
    script.job(3)
    script.state()
    run = simulate(script, top, gates, cells, idle=None if start == "reset_data" else 1)
    assert not run.faults, "\n".join(run.faults[:10])
    assert np.array_equal(script.results(run.results), np.concatenate([tiles.golden(params) for tiles in work]))


def test_every_register_has_a_reset() -> None:
    """Where it is asked for: Yosys finds none without one. (Words of memories, and what they give, have none.)"""
    script = ["read_verilog engine.v", "hierarchy -auto-top", "proc", "flatten", "opt", "stat"]
    for values in ({"array": "systolic_os"}, {"array": "adder_tree", "scheme": "opt2"}):
        counts = []
        for reset_data in (False, True):
            emission = emit(EngineParams.from_dict({**TINY, **values, "reset_data": reset_data}))
            with TemporaryDirectory() as scratch:
                folder = Path(scratch)
                (folder / "engine.v").write_text(emission.text)
                log = yosys.run(script, folder, "count")
            counts.append(len(re.findall(r"\$dffe?\b", log.rpartition("Printing statistics")[2])))
        assert counts[0] > 0
        assert counts[1] == 0, values

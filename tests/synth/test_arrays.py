"""Every array through the whole flow: its netlist computes the product, and its core is what the engine says it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from gen.emit.verilog import emit
from gen.timing import pes
from hdl.params import EngineParams, OperandFormat
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.run import synthesise
from synth_scripts.library.library import Library
from synth_scripts.power.activity import CHECKED
from synth_scripts.timing import sta

pytestmark = pytest.mark.synth
needs_sta = pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")


@dataclass(frozen=True)
class Settings:
    library: str
    clock_ns: float | str = "auto"
    effort: str = "quick"


def engine(array: str, scheme: str, rows: int = 2, cols: int = 3, **more: int) -> EngineParams:
    form = OperandFormat(4, signed=True)
    sizes = {"rows": rows, "cols": cols, "depth": 2, "segment": 8, **more}
    return EngineParams(array=array, scheme=scheme, a=form, b=form, accumulator=12, **sizes)


@needs_sta
@pytest.mark.parametrize(
    ("array", "scheme"),
    [
        ("systolic_ws", "mac"),
        ("systolic_ws", "opt1"),
        ("cube", "opt1"),
        ("adder_tree", "opt2"),
        ("matrix_2d", "opt2"),
    ],
)
def test_dense_engines(
    osu018: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: str, scheme: str
) -> None:
    """The gates give the right results for random tiles, from which activity and power come."""
    monkeypatch.setattr("synth_scripts.power.engine.unavailable", lambda library, effort, front: "")
    params = engine(array, scheme)
    emission = emit(params)
    found = synthesise(params, emission, Settings("osu018"), tmp_path)
    assert found["netlist_results"] > 0
    assert found["power_mw"] > found["core_power_mw"] > 0
    core = {part["module"]: part["instances"] for part in found["parts"] if part["core"]}
    assert core == emission.core
    assert found["macs_per_cycle"] == pes(params)
    assert found["macro_bits"] == 0
    assert found["gops_per_mm2_engine"] < found["gops_per_mm2_core"]


@needs_sta
@pytest.mark.parametrize("scheme", ["opt4e", "laconic"])
def test_netlists_whose_time_depends_on_operands(
    osu018: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Each stream of the simulated netlist takes its own time."""
    monkeypatch.setattr("synth_scripts.power.engine.unavailable", lambda library, effort, front: "")
    params = engine("matrix_2d", scheme, rows=2, cols=1, segment=16, group=2, queue=2)
    rate = Rate(0.25, "an assumption of this test")
    found = synthesise(params, emit(params), Settings("osu018"), tmp_path, rate=rate)
    assert found["netlist_results"] >= CHECKED * params.rows
    assert found["power_mw"] > found["core_power_mw"] > 0


@pytest.mark.parametrize("scheme", ["opt3", "opt4c"])
def test_sparse_engines(unit: Library, tmp_path: Path, scheme: str) -> None:
    """Their memories are told apart from their area."""
    params = engine("matrix_2d", scheme)
    emission = emit(params)
    found = synthesise(params, emission, Settings("unit"), tmp_path)
    core = {part["module"]: part["instances"] for part in found["parts"] if part["core"]}
    assert core == emission.core
    assert found["memories"]
    assert found["macro_bits"] == sum(
        memory["words"] * memory["width"] * memory["instances"] for memory in found["memories"] if memory["macro"]
    )
    assert found["throughput_gops"] is None

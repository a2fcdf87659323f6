"""Synthesis of engines behind something: a part of its own, and a core that is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams, OperandFormat
from hdl.params.delta_front import DeltaFront
from hdl.params.front import Front
from hdl.params.gate import GateParams
from synth_scripts.engine.run import synthesise
from synth_scripts.library.library import Library
from synth_scripts.timing import sta
from tests.synth.test_run import Settings, engine

pytestmark = pytest.mark.synth

MAC = engine("mac", rows=1, cols=2, preload=True)
U3 = OperandFormat(3, signed=False)
DESIGNS: dict[str, Front] = {
    "gate": GateParams(MAC, pixels=4, modes=("compact",)),
    "delta": DeltaFront(MAC, U3, 8),
}


@pytest.fixture(scope="module")
def alone(unit: Library, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    return dict(synthesise(MAC, emit(MAC), Settings(), tmp_path_factory.mktemp("alone")))


@pytest.mark.parametrize("name", DESIGNS)
def test_a_part_of_its_own(name: str, alone: dict[str, float], tmp_path: Path) -> None:
    front = DESIGNS[name]
    found = synthesise(front.engine, emit(front), Settings(), tmp_path)
    for key in ("core_area_um2", "core_fmax_mhz", "macs_per_cycle"):
        assert found[key] == pytest.approx(alone[key]), key
    own = sum(part["area_um2"] for part in found["parts"] if part["role"] == "front")
    assert 0 < own < found["engine_area_um2"] - alone["engine_area_um2"] + 1
    assert len(found["memories"]) == 1
    assert "what stands in front" in found["engine_inside"]
    assert ("behind a delta encoder" in found["activity"]) == (name == "delta")


@pytest.mark.slow
@pytest.mark.skipif(not sta.available(), reason="no OpenSTA")
def test_power_behind_a_gate_that_is_off(osu018: Library, tmp_path: Path) -> None:
    gate = GateParams(EngineParams(scheme="mac", rows=1, cols=1, a=U3, b=U3, accumulator=8), pixels=2, modes=("zero",))
    emission, settings = emit(gate), Settings("osu018", 10.0)
    found = synthesise(gate.engine, emission, settings, tmp_path, library=osu018, with_power=True)
    assert found["netlist_results"] > 0
    assert found["power_parts_mw"]["front"] > 0
    assert found["activity"].endswith("; a gate of 2 pixels: off, zero lets all operands pass")

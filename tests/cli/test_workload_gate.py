"""``bitloom workload gate``: requests that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hdl.params import ConfigError, EngineParams
from hdl.params.gate import GateParams
from sim_tb.systems.gate.jobs import Setting


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("mode=hodl", "--option mode: must be one of all, off, zero, hold, compact, decoy (did you mean 'hold'?)"),
        ("p=1", "--option p: must be a number from 0 to 0.996094, not '1'"),
        ("p=-0.1", "--option p: must be a number from 0 to 0.996094"),
        ("state=0", "--option state: must be a whole number from 1 to 18,446,744,073,709,551,615, not '0'"),
        (f"state={1 << 64}", "--option state: must be a whole number from 1"),
        ("traces=10", "--option traces: must be a whole number from 100"),
        ("sigma=-1", "--option sigma: must be a number from 0 to 1000"),
        ("map=none.txt", "--option map: must be a file that is there"),
        ("map=short.txt", "short.txt: --option map: must have 48 values, one for each pixel, not 3"),
        ("map=digits.txt", "digits.txt: --option map: must have nothing but 0 and 1, not '2'"),
        ("modus=hold", "--option modus: is no option of this workload (did you mean 'mode'?)"),
    ],
)
def test_options_that_are_wrong(option: str, message: str, here: Path, bitloom) -> None:
    (here / "short.txt").write_text("101\n")
    (here / "digits.txt").write_text("012" * 16)
    result = bitloom("workload", "gate", "--option", option)
    assert result.status == 2
    assert message in result.err
    assert not (here / "build/workload-gate/workload.json").exists()


def test_a_users_engine_that_can_have_no_gate(here: Path, bitloom) -> None:
    result = bitloom("workload", "gate", "--engine", "small.toml", "--set", "engine.array=cube")
    assert result.status == 2
    assert "engine: a gate stands in front of engines whose results stay" in result.err


@pytest.mark.parametrize("engine", [{"array": "systolic_ws"}, {"array": "cube"}])
def test_engines_that_can_have_no_gate(engine: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="engine: a gate stands in front of engines whose results stay"):
        GateParams(EngineParams(**engine))


def test_floating_point_has_no_gate() -> None:
    with pytest.raises(ConfigError, match=r"engine\.a: a gate takes integers, not bf16"):
        GateParams(EngineParams.from_dict({"scheme": "mac", "a": "bf16", "b": "bf16"}))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        GateParams(EngineParams(scheme="opt1"), pixels=0, seed=0, modes=("off", "decoy", "zeros"))
    text = str(error.value)
    assert "gate.pixels: must be an integer from 1 to 4,096, not 0" in text
    assert "gate.seed: must be an integer from 1 to 18,446,744,073,709,551,615, not 0" in text
    assert "gate.modes: this engine can't have 'decoy'" in text
    assert "gate.modes: must be some of off, zero, hold, compact, decoy, not 'zeros' (did you mean 'zero'?)" in text


@pytest.mark.parametrize(
    ("mode", "important", "threshold", "message"),
    [
        ("decoy", np.zeros(8, bool), 1, "mode: must be one of off, zero, not 'decoy'"),
        ("zero", np.zeros(7, bool), 1, "map: must have 8 values, one for each pixel of the gate, not 7"),
        ("zero", np.full(8, 2), 1, "map: must have truth values, not int64"),
        ("zero", np.zeros(8, bool), 256, "threshold: must be an integer from 0 to 255, not 256"),
        ("zero", np.zeros(8, bool), 0.5, "threshold: must be an integer from 0 to 255, not 0.5"),
    ],
)
def test_settings_that_do_not_fit(mode: str, important: np.ndarray, threshold: int, message: str) -> None:
    params = GateParams(EngineParams(scheme="mac"), pixels=8, modes=("zero",))
    with pytest.raises(ConfigError) as error:
        Setting(params, mode, important, threshold)
    assert message in str(error.value)

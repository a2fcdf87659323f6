"""The engines of the simulation tests cover every pair of settings."""

from __future__ import annotations

from hdl.params import EngineParams
from tests.sim.engines import ENGINES, params
from tests.sim.pairwise import complete, possible, settings, uncovered


def test_every_pair_of_settings_is_simulated() -> None:
    missing = uncovered(map(params, ENGINES))
    assert not missing, f"{len(missing)} pairs; further engines: {complete(map(params, ENGINES))}"


def test_settings_are_told_alike() -> None:
    """What stands for a class of settings is taken for that class."""
    seen = 0
    for values, labels in list(possible())[::97]:
        assert settings(EngineParams.from_dict(values)) == labels
        seen += 1
    assert seen > 50

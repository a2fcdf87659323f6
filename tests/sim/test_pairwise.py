"""The engines of the simulation tests cover every pair of settings, whatever structures the rules build."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hdl.params import EngineParams
from hdl.params.axis_words import AXES, in_words
from hdl.params.points import buildable, structures
from hdl.params.presets import name_of
from sim_tb.directed import DIRECTED, applies
from tests.sim import test_protocol, test_simulate
from tests.sim.engines import params
from tests.sim.pairwise import choices, possible, settings, uncovered, values_of

#: Structures that have no name, at least.
NAMELESS = 60


def engines_of(test: Callable[..., None]) -> list[EngineParams]:
    """The engines that a test runs on, as pytest was told."""
    (mark,) = (mark for mark in test.pytestmark if mark.name == "parametrize")
    return [params(name) for name in mark.args[1]]


@pytest.mark.parametrize("test", [test_protocol.test_hardware_driven, test_simulate.test_random_workload])
def test_every_pair_of_settings_is_simulated(test: Callable[..., None]) -> None:
    missing = uncovered(engines_of(test))
    assert not missing, f"{len(missing)} pairs, such as {sorted(map(sorted, missing), key=str)[:3]}"


@pytest.mark.parametrize("directed", DIRECTED)
def test_every_value_of_an_axis_goes_through_the_directed_tests(directed: str) -> None:
    """But for axes of engines that a test is not for, whatever their sizes."""
    driven = [engine for engine in engines_of(test_protocol.test_python_driven) if applies(directed, engine)]
    met = {value for engine in driven for value in in_words(engine.axes).items()}
    small = [EngineParams(point=axes, rows=2, cols=2, segment=64, accumulator=20) for axes in structures(buildable())]
    assert {value for engine in small if applies(directed, engine) for value in in_words(engine.axes).items()} <= met


def test_which_engines_exist() -> None:
    """Structures, not sizes: each is there once, and every value of an axis that one of them has can be met."""
    exist = structures(buildable())
    print(f"{len(exist)} structures")
    assert len([axes for axes in exist if name_of(axes) is None]) >= NAMELESS
    met = {setting for pair in possible() for setting in pair}
    for axes in exist:
        assert set(in_words(axes).items()) <= met
    assert {name for name, _ in met} == {*AXES, *choices(exist[0]), "steps", "carry_every", "encoder"}


def test_settings_are_told_alike() -> None:
    """What stands for a class of settings is taken for that class."""
    for axes in structures(buildable())[::5]:
        free = choices(axes)
        for turn in range(3):
            chosen = {name: values[turn % len(values)] for name, values in free.items()}
            if chosen.get("steps") == "up to the rows":
                chosen["size"] = "square"
            found = settings(EngineParams.from_dict(values_of(axes, chosen)))
            assert found == {*in_words(axes).items(), *chosen.items()}

"""Options that name a network as the workload of a simulation."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from gen.cli.commands.network import add_options, request
from hdl.params import ConfigError


def given(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_a_request() -> None:
    wanted = request(
        given("--workload", "net.onnx", "--layers", "a, b", "--crop", "7", "--shape", "x=1,3,4", "--shape", "a=b=2x5",
              "--input", "in.npz", "--calibration", "data.npy"), 9
    )  # fmt: skip
    assert wanted is not None
    assert (wanted.path, wanted.names, wanted.crop.most, wanted.seed) == ("net.onnx", ("a", "b"), 7, 9)
    assert wanted.shapes == {"x": (1, 3, 4), "a=b": (2, 5)}
    assert (wanted.inputs, wanted.calibration) == (Path("in.npz"), Path("data.npy"))


def test_without_a_network() -> None:
    assert request(given(), 1) is None
    assert request(argparse.Namespace(layers=3, crop="x"), 1) is None  # of a command that simulates nothing


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["--layers", "a", "--crop", "3"], ["--layers: needs --workload", "--crop: needs --workload"]),
        (
            ["--workload", "n", "--layers", " ,", "--crop", "0"],
            ["--layers: names no layer", "--crop: must be an integer"],
        ),
        (["--workload", "n", "--crop", "many"], ["--crop: must be an integer of at least 1, not 'many'"]),
        (["--workload", "n", "--shape", "x=1", "--shape", "x=2"], ["--shape: gives x 2 shapes"]),
    ],
)
def test_what_is_wrong_is_said_at_once(arguments: list[str], messages: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        request(given(*arguments), 1)
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize("text", ["x", "=1,2", "x=", "x=0,1", "x=1,,2", "x=1,-2", "x=1,9999999999", "x=a"])
def test_shapes_that_are_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        given("--workload", "n", "--shape", text)
    assert "must be a name and a shape, such as x=1,3,224,224" in capsys.readouterr().err

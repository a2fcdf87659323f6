"""``bitloom workload training``: requests and files that are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


def test_a_run_that_diverges(tmp_path: Path, bitloom: Any) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, images=np.random.default_rng(1).random((90, 8, 8)) * 64, labels=np.arange(90) % 10)
    result = bitloom("workload", "training", *(f"--option={each}" for each in (f"data={path}", "rate=10", "steps=9")))
    assert result.status == 2
    assert "--option rate: is too much in fp16: the loss of step 2 is nan (a smaller one, or images" in result.err


BF16 = ["--option", "format=bf16"]
IMAGES, LABELS = np.zeros((6, 8, 8)), np.zeros(6, int)


@pytest.mark.parametrize(
    ("arrays", "messages"),
    [
        ({"images": IMAGES}, ["labels: is missing (np.savez(path, images=..., labels=...))"]),
        ({"images": IMAGES[0], "labels": LABELS}, ["images: must be of shape", "labels: must be one for each image"]),
        ({"images": IMAGES.astype(complex), "labels": LABELS}, ["images: must be numbers, not complex128"]),
        ({"images": IMAGES + np.nan, "labels": LABELS}, ["images: must be finite"]),
        ({"images": IMAGES + 255, "labels": LABELS}, ["images: must be finite, and between -64 and 64 (divide them)"]),
        ({"images": IMAGES, "labels": LABELS / 2}, ["labels: must be integers, not float64"]),
        ({"images": IMAGES, "labels": LABELS - 1}, ["labels: must lie from 0 to 999, not (-1, -1)"]),
        ({"images": IMAGES[:2], "labels": LABELS[:2]}, ["images: must be 3 at least, as every third is kept, not 2"]),
        ({"images": np.array([{}]), "labels": LABELS}, ["is no file of NumPy arrays"]),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, bitloom: Any, arrays: dict[str, Any], messages: list[str]) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, **arrays)
    result = bitloom("workload", "training", "--option", f"data={path}")
    assert result.status == 2
    for message in messages:
        assert f"{path}: {message}" in result.err


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        (["--engine", "small.toml"], ["small: engine.a: must be bf16 or fp16, as gradients are no integers, not s8"]),
        (["--option", "format=bf61"], ["--option format: must be one of bf16, fp16, both (did you mean 'bf16'?)"]),
        (["--option", "format=s8"], ["--option format: must be one of bf16, fp16, both, not 's8'"]),
        (["--option", "steps=1", "--option", "rate=x"], ["--option steps: must be a whole number", "--option rate"]),
        (["--option", "rtl=9", "--option", "steps=5"], ["--option rtl: must be at most the 5 steps of the run, not 9"]),
        (["--option", "data=none.npz"], ["--option data: must be a file that is there"]),
        (["--option", "stpes=5"], ["did you mean 'steps'?"]),
        (
            ["--engine", "small.toml", "--set", "a=fp16", "--set", "b=fp16", "--set", "scheme=mac", *BF16],
            ["--option format: is bf16, and the engine's operands are fp16"],
        ),
    ],
)
def test_requests_that_are_wrong(bitloom: Any, given: list[str], messages: list[str]) -> None:
    result = bitloom("workload", "training", *given)
    assert result.status == 2
    for message in messages:
        assert message in result.err

"""The study of the delta encoder: options that are wrong, and what it says of memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from hdl.params import ConfigError
from sim_tb.systems.delta.engines import contenders
from sim_tb.systems.delta.memory import Memory
from sim_tb.systems.delta.study import study
from sim_tb.systems.study import Request


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"theta": "3"}, "--option theta: must be a power of two, one of 1, 2, 4"),
        ({"theta": "256"}, "--option theta: must be a power of two"),
        ({"size": "8"}, "--option size: must be a whole number from 16 to 200"),
        ({"frames": "1", "sizes": "3"}, "--option sizes: is no option"),
        ({"clip": "clip.txt"}, "--option clip: must be a file that ends in .npy"),
        ({"clip": "none.npy"}, "--option clip: must be a file that is there"),
    ],
)
def test_options_that_are_wrong(options: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        study(Request(tmp_path, options=options), lambda text: None)


def test_memory() -> None:
    memory = Memory(activations=100, results=30, params=contenders()[0].params)
    assert (memory.reference, memory.state, memory.plain, memory.more) == (100, 120, 130, 440)

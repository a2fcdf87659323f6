"""What a user may say of the study of the gate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.params import ConfigError, Problem
from hdl.params.gate import DEFAULT_SEED, MODES, PROBABILITY_BITS, SEED_BITS
from sim_tb.systems.options import Option, file, one_of, read_options, share, whole

__all__ = ["ALL", "PIXELS", "read", "read_map"]

#: Pixels of the attacked inputs.
PIXELS = 48
ALL = "all"
#: The greatest probability that a threshold of 8 bits gives.
MOST = 1 - 1 / (1 << PROBABILITY_BITS)

OPTIONS = (
    Option("mode", ALL, one_of(ALL, *MODES)),
    Option("traces", 0, whole(100, 100_000)),
    Option("sigma", 4.0, share(0.0, 1000.0)),
    Option("p", 0.5, share(0.0, MOST)),
    Option("state", DEFAULT_SEED, whole(1, (1 << SEED_BITS) - 1)),
    Option("map", None, file(".txt")),
)


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """All options, with ``map`` as an array. Raises ConfigError with all that is wrong."""
    values = read_options(given, OPTIONS)
    values["map"] = np.zeros(PIXELS, bool) if values["map"] is None else read_map(values["map"], PIXELS)
    return values


def read_map(path: Path, pixels: int) -> npt.NDArray[np.bool_]:
    """An importance map: a 1 or a 0 for each pixel, with or without space between them.

    Raises
    ------
    ConfigError
        Where the file holds something else, or more or fewer of them.
    """
    try:
        signs = "".join(path.read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem("--option map", f"can't be read: {error}")], str(path)) from None
    if wrong := sorted(set(signs) - {"0", "1"}):
        message = f"must have nothing but 0 and 1, not {wrong[0]!r}"
        raise ConfigError([Problem("--option map", message, "1 is an important pixel")], str(path))
    if len(signs) != pixels:
        message = f"must have {pixels} values, one for each pixel, not {len(signs)}"
        raise ConfigError([Problem("--option map", message)], str(path))
    return np.array([sign == "1" for sign in signs])

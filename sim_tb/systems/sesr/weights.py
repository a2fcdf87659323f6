"""The trained network's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from hdl.params import ConfigError, Problem
from sim_tb.systems.sesr.network import Network, names

__all__ = ["WEIGHTS", "read", "write"]

#: Collapsed, by ``python -m sim_tb.systems.sesr.train``.
WEIGHTS = Path(__file__).with_name("weights.npz")


def write(network: Network, path: Path) -> None:
    """Store the weights, an array a layer."""
    arrays: dict[str, Any] = dict(zip(names(len(network.weights) - 2), network.weights, strict=True))
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read(path: Path = WEIGHTS) -> Network:
    """The network in a file.

    Raises
    ------
    ConfigError
        Where it is no such file; with every layer that is missing, or of another shape or type.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            found = {name: data[name] for name in data.files}
    except (OSError, EOFError, ValueError, AttributeError, TypeError, BadZipFile):
        # NumPy reads whatever it is given as a pickle or one array, if it is no archive.
        raise ConfigError([Problem("", "is no .npz file of arrays")], str(path)) from None
    wanted = names(max(len(found) - 2, 1))
    problems = [Problem(name, "is missing") for name in wanted if name not in found]
    for name, values in found.items():
        if name not in wanted:
            problems.append(Problem(name, "is no layer", f"layers of this file are {', '.join(wanted)}"))
        elif values.dtype != np.float32 or values.ndim != 2:
            text = f"must be float32 of shape (taps * inputs, outputs), not {values.dtype} of shape {values.shape}"
            problems.append(Problem(name, text))
        elif not np.isfinite(values).all():
            problems.append(Problem(name, "has values that are not finite"))
    if problems:
        raise ConfigError(problems, str(path))
    try:
        return Network(tuple(found[name] for name in wanted))
    except ConfigError as error:
        raise ConfigError(error.problems, str(path)) from None

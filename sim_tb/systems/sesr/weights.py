"""The trained network's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim_tb.systems.sesr.network import Network, names

__all__ = ["WEIGHTS", "read", "write"]

#: Collapsed, by ``python -m sim_tb.systems.sesr.train``.
WEIGHTS = Path(__file__).with_name("weights.npz")


def write(network: Network, path: Path) -> None:
    """Store the weights, an array a layer."""
    np.savez_compressed(path, **dict(zip(names(len(network.weights) - 2), network.weights, strict=True)))


def read(path: Path = WEIGHTS) -> Network:
    """The network in a file."""
    with np.load(path, allow_pickle=False) as data:
        return Network(tuple(data[name] for name in names(len(data.files) - 2)))

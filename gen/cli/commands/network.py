"""Options of simulations, which may name a network as their workload, and what they ask for."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from hdl.params import ConfigError, Problem

if TYPE_CHECKING:
    from sim_tb.workloads.quantised.prepare import Request

__all__ = ["add_options", "add_shape", "request", "shapes_of"]

#: Options that mean nothing without a network.
PARTS = ("layers", "crop", "shape", "input", "calibration")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``simulate``, and of ``run``."""
    parser.add_argument("--waves", action="store_true", help="record waveforms; slow, and large for long workloads")
    about = (
        "compute a network instead of the configured workload: an ONNX file, a table of layers, or a shipped topology"
    )
    parser.add_argument("--workload", metavar="NETWORK", help=about)
    parser.add_argument("--layers", metavar="A,B", help="only these of its layers")
    about = "at most N rows, columns and groups of each layer, evenly spaced, with all of k"
    parser.add_argument("--crop", metavar="N", help=about)
    add_shape(parser)
    about = "what the network runs on, .npz or .npy (default: the first input to quantise by, or random numbers)"
    parser.add_argument("--input", metavar="FILE", help=about)
    about = "inputs by which ONNX Runtime quantises a network in floating point, .npz or .npy"
    parser.add_argument("--calibration", metavar="FILE", help=about)


def add_shape(parser: argparse.ArgumentParser) -> None:
    """The option that gives shapes which an ONNX file leaves open."""
    about = "a shape that an ONNX file leaves open, such as x=1,3,224,224; may be repeated"
    parser.add_argument("--shape", type=_shape, action="append", default=[], metavar="INPUT=N,...", help=about)


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    found = re.fullmatch(r"(.+)=([1-9]\d{0,8}(?:[,x][1-9]\d{0,8})*)", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"must be a name and a shape, such as x=1,3,224,224, not {text!r}")
    return found[1], tuple(map(int, re.split("[,x]", found[2])))


def shapes_of(given: argparse.Namespace) -> tuple[dict[str, tuple[int, ...]], list[Problem]]:
    """The shapes that are given, by the names of inputs, and the inputs that are given two."""
    counts = Counter(name for name, _ in given.shape)
    twice = [Problem("--shape", f"gives {name} {count} shapes") for name, count in counts.items() if count > 1]
    return dict(given.shape), twice


def request(given: argparse.Namespace, seed: int) -> Request | None:
    """The network that is asked for; None where there is none.

    Raises
    ------
    ConfigError
        With every option that is malformed, or needs a network and has none.
    """
    if not hasattr(given, "workload"):  # a command that simulates nothing
        return None
    if given.workload is None:
        alone = [name for name in PARTS if getattr(given, name)]
        if alone:
            raise ConfigError([Problem(f"--{name}", "needs --workload NETWORK") for name in alone])
        return None
    shapes, problems = shapes_of(given)
    crop = given.crop
    if crop is not None and not (crop.isascii() and crop.isdigit() and 0 < int(crop) < 1 << 31):
        problems.append(Problem("--crop", f"must be an integer of at least 1, not {crop!r}"))
    names = None if given.layers is None else tuple(filter(None, (name.strip() for name in given.layers.split(","))))
    if names == ():
        problems.append(Problem("--layers", "names no layer"))
    if problems:
        raise ConfigError(problems)
    from sim_tb.workloads.quantised.integer import Crop
    from sim_tb.workloads.quantised.prepare import Request

    return Request(
        path=given.workload,
        names=names,
        crop=Crop(None if crop is None else int(crop)),
        shapes=shapes,
        inputs=None if given.input is None else Path(given.input),
        calibration=None if given.calibration is None else Path(given.calibration),
        seed=seed,
    )

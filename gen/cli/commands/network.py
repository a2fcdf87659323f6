"""Options of simulations, which may name a network as their workload, and what they ask for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hdl.params import ConfigError, Problem

if TYPE_CHECKING:
    from sim_tb.workloads.quantised.prepare import Request

__all__ = ["add_options", "request"]

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
    about = "shape of an input that an ONNX file leaves open: x=1,3,224,224; may be repeated"
    parser.add_argument("--shape", metavar="INPUT=N,...", action="append", default=[], help=about)
    about = "what the network runs on, .npz or .npy (default: the first input to quantise by, or random numbers)"
    parser.add_argument("--input", metavar="FILE", help=about)
    about = "inputs by which ONNX Runtime quantises a network in floating point, .npz or .npy"
    parser.add_argument("--calibration", metavar="FILE", help=about)


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
    problems: list[Problem] = []
    shapes: dict[str, tuple[int, ...]] = {}
    for text in given.shape:
        name, equals, sizes = text.rpartition("=")
        numbers = sizes.split(",")
        if (
            not equals
            or not name
            or not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers)
        ):
            problems.append(Problem("--shape", f"must be an input and its sizes, as in x=1,3,224,224, not {text!r}"))
        elif name in shapes:
            problems.append(Problem("--shape", f"{name!r} has two shapes"))
        else:
            shapes[name] = tuple(int(number) for number in numbers)
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

"""Inputs of networks: out of files, or drawn."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from hdl.params import ConfigError, Problem, near_name
from sim_tb.golden import Matrix
from sim_tb.workloads.readers.graph import Graph

__all__ = ["drawn", "read"]


def read(path: Path, graph: Graph) -> list[dict[str, Matrix]]:
    """Inputs of a network, one after the other along the first axis of the arrays in a file.

    Parameters
    ----------
    path : Path
        An ``.npz`` file with an array for each input, by its name, or, for networks with one input, an ``.npy`` file.

    Raises
    ------
    ConfigError
        With everything that does not fit the network's inputs.
    """
    arrays = _arrays(path, graph)
    problems: list[Problem] = []
    names = [each.name for each in graph.inputs]
    problems += [
        Problem(name, "the network has no such input", near_name(name, names)) for name in arrays if name not in names
    ]
    ready: dict[str, Matrix] = {}
    counts: dict[str, int] = {}
    for each in graph.inputs:
        shape, kind = graph.shape_of(each), graph.type_of(each)
        given = arrays.get(each.name)
        if given is None:
            problems.append(Problem(each.name, "there is no array of this input"))
            continue
        given = given[None] if given.shape == shape[1:] else given
        if given.ndim != len(shape) or given.shape[1:] != shape[1:] or not len(given) or len(given) % max(shape[0], 1):
            text = f"an array of shape {given.shape} holds no inputs of shape {shape}"
            problems.append(Problem(each.name, text))
        elif not np.can_cast(given.dtype, kind, "same_kind"):
            problems.append(Problem(each.name, f"must be {np.dtype(kind)}, not {given.dtype}"))
        elif not np.isfinite(given).all():
            problems.append(Problem(each.name, "holds numbers that are not finite"))
        else:
            ready[each.name] = given.astype(kind).reshape(-1, *shape)
            counts[each.name] = len(ready[each.name])
    if len({*counts.values()}) > 1:
        words = ", ".join(f"{count} of {name}" for name, count in counts.items())
        problems.append(Problem("", f"as many inputs of each are needed, not {words}"))
    if problems:
        raise ConfigError(problems, str(path))
    return [{name: each[i] for name, each in ready.items()} for i in range(next(iter(counts.values())))]


def _arrays(path: Path, graph: Graph) -> dict[str, Matrix]:
    try:
        data = np.load(path, allow_pickle=False)
        if isinstance(data, np.ndarray):
            return {graph.inputs[0].name: data}
        with data:
            return {name: data[name] for name in data.files}
    except FileNotFoundError:
        near = near_name(path.name, [entry.name for entry in path.parent.glob("*.np[yz]")])
        problem = Problem("", "no such file", near)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        problem = Problem("", "is no file of arrays of numbers", "numpy.savez writes one")
    raise ConfigError([problem], str(path))


def drawn(graph: Graph, seed: int) -> dict[str, Matrix]:
    """Normal numbers, or bytes over their whole range. Raises ConfigError where an input is of another type."""
    rng = np.random.default_rng(seed)
    found: dict[str, Matrix] = {}
    problems = []
    for each in graph.inputs:
        shape, kind = graph.shape_of(each), np.dtype(graph.type_of(each))
        if kind.kind == "f":
            found[each.name] = rng.normal(size=shape).astype(kind)
        elif kind.kind in "iu" and kind.itemsize == 1:
            limits = np.iinfo(kind)
            found[each.name] = rng.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)
        else:
            problems.append(
                Problem(f"input {each.name}", f"is {kind}: random numbers would mean nothing", "--input FILE")
            )
    if problems:
        raise ConfigError(problems, graph.content.label)
    return found

"""Networks from files: ONNX graphs, topologies of SCALE-Sim, and plain tables of M, N and K."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hdl.params import ConfigError, Problem
from sim_tb.workloads.gemm import Topology
from sim_tb.workloads.readers import tables
from sim_tb.workloads.readers.content import Content

__all__ = ["read"]


def read(path: str | Path, *, batch: int = 1, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Topology:
    """The matrix products of a network; what the file is, its content says.

    Parameters
    ----------
    path : path
        An ONNX file, a CSV file, or the name of a topology that Bitloom brings along (:func:`shipped`).
    batch : int
        Inputs that are computed together.
    shapes : mapping of str to tuple of int, optional
        Shapes of inputs whose shape an ONNX graph leaves open.

    Raises
    ------
    ConfigError
        With everything that is wrong with the file, each with its line or node.
    ToolError
        Where the packages that read ONNX are missing.
    """
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise ConfigError([Problem("batch", f"must be an integer of at least 1, not {batch!r}")])
    content = Content.fetch(path)
    if content.text is None:
        from sim_tb.workloads.readers import onnx_file

        return onnx_file.read(content, batch=batch, shapes=shapes or {})
    if shapes:
        raise ConfigError([Problem("shapes", "are for ONNX files: a table has sizes of its own")], content.label)
    return tables.read(content, batch=batch)

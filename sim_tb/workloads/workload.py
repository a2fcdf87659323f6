"""What an engine computes in a simulation, and what comes of it."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from hdl.params import EngineParams
from sim_tb.golden import Matrix, gemm
from sim_tb.tiles import Tiles
from sim_tb.workloads.gemm import Topology

__all__ = ["Machine", "Multiply", "Outputs", "Workload", "at_once", "multiply_numpy", "numpy_multiplier"]

Result = TypeVar("Result")
#: Results by names.
Outputs = Mapping[str, Matrix]


class Multiply(Protocol):
    """Multiplies activations (..., m, k) with weights (..., k, n), exactly, and adds initial values (..., m, n)."""

    async def __call__(self, activations: Matrix, weights: Matrix, initial: Matrix | None = None, /) -> Matrix:
        """Integers of shape (..., m, n)."""


class Machine(Protocol):
    """An engine that runs, with totals over all that it did.

    Attributes
    ----------
    params : EngineParams
    preloaded : bool
        The initial values of the last product entered the engine; they were added in software otherwise.
    """

    params: EngineParams
    preloaded: bool

    async def multiply(self, activations: Matrix, weights: Matrix, initial: Matrix | None = None) -> Matrix:
        """As :class:`Multiply`."""

    async def run(self, work: Tiles) -> Matrix:
        """Results of tiles, which are compared with the golden model's."""

    async def run_all(self, work: Sequence[Tiles]) -> Matrix:
        """The same of tiles of several K, which follow each other."""

    async def run_jobs(self, work: Sequence[Tiles], settings: Mapping[str, int], *, stalled: bool) -> list[Matrix]:
        """The same of tiles that are jobs of their own, with values for the own inputs of what stands in front.

        Nothing is reset between them, and where ``stalled`` every stream pauses at random.
        """

    def counters(self) -> dict[str, int]:
        """Cycles and multiply-accumulates until now."""

    def say(self, text: str) -> None:
        """Tell the user how far it has come."""


class Workload(Protocol):
    """Matrix products with numbers, and what their results should be."""

    @property
    def name(self) -> str:
        """How ``sim.json`` calls it."""

    @property
    def against(self) -> str:
        """Whose results :meth:`expected` gives."""

    @property
    def topology(self) -> Topology:
        """The products."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates that are computed of them."""

    async def run(self, machine: Machine) -> Outputs:
        """Compute it on an engine."""

    def expected(self) -> Outputs:
        """The same from somebody who knows nothing of engines."""

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """What else ``sim.json`` says of it, after it has run."""

    def save(self, path: Path) -> None:
        """Store it in a file, or a folder."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""


async def multiply_numpy(a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
    """The multiplier that everything is compared with."""
    product: Matrix = a.astype(np.int64) @ b.astype(np.int64)
    return product if initial is None else product + initial


def numpy_multiplier(params: EngineParams) -> Multiply:
    """The same in the numbers of an engine: floating-point ones in its order of additions."""
    if not params.floating:
        return multiply_numpy

    async def multiply(a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
        return gemm(params, a, b, initial).astype(np.int64)

    return multiply


def at_once(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine that waits for nothing, wherever it is called."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    raise RuntimeError("it waits for something")

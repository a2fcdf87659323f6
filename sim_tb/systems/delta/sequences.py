"""Sequences of frames as a workload: each frame's results are those of the frame before and what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.tiles import Tiles
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.tiling import Tiling
from sim_tb.workloads.workload import Machine, Outputs

__all__ = ["Sequence", "Sequences"]


@dataclass(frozen=True)
class Sequence:
    """Operands of frames, in units of theta.

    Parameters
    ----------
    name : str
    sent : int64 array of shape (frames, m, k)
        What the engine multiplies.
    known : int64 array of shape (frames, m, k)
        The sum of all that was sent of it, of which results are the product.
    whole : bool
        Plain inference: every frame begins with the bias.
    drops : bool
        Steps of K in which no row of a tile has a change don't enter the engine, as whoever gathers its operands sees
        from the encoder's flag.
    """

    name: str
    sent: Matrix
    known: Matrix
    whole: bool = False
    drops: bool = False


@dataclass(frozen=True)
class Sequences:
    """Sequences, one after the other, each frame a job: y = y of the frame before + W d.

    Parameters
    ----------
    sequences : tuple of Sequence
    weights : int64 array of shape (k, n)
    bias : int64 array of shape (n,)
        What the first frame begins with.
    """

    sequences: tuple[Sequence, ...]
    weights: Matrix
    bias: Matrix
    _cycles: dict[str, list[int]] = field(default_factory=dict, compare=False, repr=False)
    _preloaded: list[bool] = field(default_factory=list, compare=False, repr=False)
    name: ClassVar = "delta"
    against: ClassVar = "NumPy"

    @property
    def topology(self) -> Topology:
        """A product a sequence, as many times as it has frames."""
        k, n = self.weights.shape
        products = (
            Product(each.name, "Conv", each.sent.shape[1], k, n, len(each.sent), weights=True)
            for each in self.sequences
        )
        return Topology(self.name, tuple(products))

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those with zeros included."""
        return self.topology.macs

    async def run(self, machine: Machine) -> Outputs:
        """Compute every frame; results that the engine gave are what the next frame begins with."""
        found = {}
        for each in self.sequences:
            results: list[Matrix] = []
            self._cycles[each.name] = []
            for changes in each.sent:
                shape = (changes.shape[0], self.weights.shape[1])
                start = np.broadcast_to(self.bias, shape) if each.whole or not results else results[-1]
                before = machine.counters()["cycles"]
                multiply = self._gathered if each.drops else self._all
                results.append(await multiply(machine, changes, start))
                self._cycles[each.name].append(machine.counters()["cycles"] - before)
            machine.say(f"{each.name}: {len(results)} frames")
            found[each.name] = np.array(results)
        return found

    async def _all(self, machine: Machine, changes: Matrix, start: Matrix) -> Matrix:
        """Every step of K enters."""
        found = await machine.multiply(changes, self.weights, start)
        self._preloaded.append(machine.preloaded)
        return found

    async def _gathered(self, machine: Machine, changes: Matrix, start: Matrix) -> Matrix:
        """Steps with a change enter; one does where there are none, as a tile has to have an end."""
        tiling = Tiling(machine.params, len(changes), *self.weights.shape)
        (tiles,) = tiling.cut(changes, self.weights, start)
        few = []
        for i in range(tiles.count):
            steps = np.flatnonzero(tiles.a[i].any(axis=0))
            steps = steps if len(steps) else np.array([0])
            initial = None if tiles.initial is None else tiles.initial[i : i + 1]
            few.append(Tiles(tiles.a[i : i + 1][:, :, steps], tiles.b[i : i + 1][:, steps], initial))
        return tiling.join([await machine.run_all(few)])

    def expected(self) -> Outputs:
        """Every frame from scratch: the product of all that was sent, and the bias."""
        return {each.name: each.known @ self.weights + self.bias for each in self.sequences}

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Cycles of every frame, and whether the engine took the results of the frame before."""
        return {"measured": {"frames": self._cycles, "preloaded": all(self._preloaded)}}

    def save(self, path: Path) -> None:
        """Store them in an ``.npz`` file."""
        arrays: dict[str, Matrix] = {"weights": self.weights, "bias": self.bias}
        arrays["names"] = np.array([each.name for each in self.sequences])
        for key in ("whole", "drops"):
            arrays[key] = np.array([getattr(each, key) for each in self.sequences])
        for i, each in enumerate(self.sequences):
            arrays |= {f"sent{i}": each.sent.astype(np.int16), f"known{i}": each.known.astype(np.int16)}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            found = [
                Sequence(
                    str(name),
                    *(data[f"{key}{i}"].astype(np.int64) for key in ("sent", "known")),
                    *(bool(data[key][i]) for key in ("whole", "drops")),
                )
                for i, name in enumerate(data["names"])
            ]
            return cls(tuple(found), data["weights"], data["bias"])

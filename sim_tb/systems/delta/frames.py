"""Frames of activations as a workload of an engine behind a delta encoder: each is a job, after the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from gen.stimuli import uniform
from hdl.params import Dataflow, EngineParams
from hdl.params.delta import DeltaSetting
from hdl.params.delta_front import DeltaFront
from hdl.params.fronts import front_of
from sim_tb.golden import Matrix, tile_gemm, wrap
from sim_tb.golden.delta import Sent, delta
from sim_tb.tiles import Tiles
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.workload import Machine, Outputs

__all__ = ["Frames", "SentTiles"]


@dataclass(frozen=True)
class SentTiles(Tiles):
    """Tiles whose A is activations, of which an encoder sends changes.

    Parameters
    ----------
    changes : int64 array of the shape of ``a``
        What the engine multiplies.
    """

    changes: Matrix | None = None

    @property
    def entering(self) -> Tiles:
        """What enters the engine itself."""
        assert self.changes is not None
        return Tiles(self.changes, self.b, self.initial)

    def golden(self, params: EngineParams) -> Matrix:
        """The results of what enters the engine."""
        return self.entering.golden(params)


@dataclass(frozen=True)
class Frames:
    """Frames, of which the first is sent whole: results of each are what the next one begins with.

    They are compared twice: with the engine's golden model, fed with the encoder's, and with a recomputation of every
    frame from all that was sent of it. What the next frame begins with is what the results should be, which is what
    they are unless the frame before has been found wrong.

    Parameters
    ----------
    front : DeltaFront
    activations : int64 array of shape (frames, tiles, rows of A, K)
    weights : int64 array of shape (tiles, K, N)
    bias : int64 array of shape (tiles, M, N)
        What a frame begins with that is sent whole.
    setting : DeltaSetting
    stalled : bool
        Every stream pauses at random.
    """

    front: DeltaFront
    activations: Matrix
    weights: Matrix
    bias: Matrix
    setting: DeltaSetting
    stalled: bool = False
    name: ClassVar = "frames"
    against: ClassVar = "NumPy"

    @classmethod
    def drawn(
        cls,
        front: DeltaFront,
        setting: DeltaSetting,
        *,
        frames: int,
        tiles: int,
        k: int,
        seed: int,
        stalled: bool = False,
    ) -> Self:
        """Random frames: some activations are others than before, some a little greater or less, most as they were."""
        rng, params = np.random.default_rng(seed), front.engine
        shape = (tiles, params.a_rows, k)
        found = [uniform(front.a, shape, rng).astype(np.int64)]
        for _ in range(frames - 1):
            moved = np.clip(found[-1] + rng.integers(-3, 4, shape), front.a.min, front.a.max)
            kind = rng.random(shape)
            others = uniform(front.a, shape, rng).astype(np.int64)
            found.append(np.where(kind < 0.1, others, np.where(kind < 0.4, moved, found[-1])))
        weights = uniform(params.b, (tiles, k, params.cols), rng).astype(np.int64)
        bias = rng.integers(-1000, 1000, (tiles, params.rows, params.cols))
        return cls(front, np.array(found), weights, wrap(params, bias).astype(np.int64), setting, stalled)

    @cached_property
    def sent(self) -> Sent:
        """What the encoder sends."""
        return delta(self.front.encoder, self.setting, self.activations)

    @cached_property
    def recomputed(self) -> Matrix:
        """Results of every frame from all that was sent of it: shape (frames, tiles, M, N)."""
        engine = self.front.engine
        return np.array([tile_gemm(engine, whole, self.weights, self.bias) for whole in self.sent.whole])

    @property
    def jobs(self) -> list[SentTiles]:
        """The tiles of every frame."""
        kept = [self.bias, *self.recomputed[:-1]]
        starts = [self.bias] * len(kept) if self.setting.whole else kept
        parts = zip(self.activations, starts, self.sent.changes, strict=True)
        return [SentTiles(a, self.weights, start, changes) for a, start, changes in parts]

    @property
    def settings(self) -> dict[str, int]:
        """Values of the encoder's inputs."""
        chosen = self.setting
        return {
            "delta_whole": int(chosen.whole),
            "delta_shift": chosen.shift,
            "delta_threshold": chosen.threshold,
        }

    @property
    def topology(self) -> Topology:
        """A product a tile."""
        frames, tiles, rows, k = self.activations.shape
        cols = self.weights.shape[2]
        return Topology(self.name, (Product("frames", "MatMul", rows, k, cols, frames * tiles, weights=True),))

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those with zeros included."""
        return self.topology.macs

    @property
    def words(self) -> int:
        """Words of a memory that holds what enters, or leaves, on any stream."""
        frames, tiles, _, k = self.activations.shape
        flow = Dataflow(self.front.engine)
        return int(frames * tiles * max(stream.beats(k) for stream in (flow.a, flow.b, flow.c)))

    async def run(self, machine: Machine) -> Outputs:
        """All frames, one job after the other, without a reset between them."""
        found = np.zeros_like(self.recomputed)  # of tiles that never came out, which the scoreboard has counted
        for frame, got in zip(
            found, await machine.run_jobs(self.jobs, self.settings, stalled=self.stalled), strict=True
        ):
            frame[: len(got)] = got
        return {"frames": found}

    def expected(self) -> Outputs:
        """Every frame from scratch."""
        return {"frames": self.recomputed}

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Nothing."""
        return {}

    def save(self, path: Path) -> None:
        """Store them in an ``.npz`` file."""
        names = ("activations", "weights", "bias")
        words = {"engine": self.front.engine.to_dict(), self.front.key: self.front.to_dict()}
        with path.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                words=json.dumps({"front": words, "setting": vars(self.setting), "stalled": self.stalled}),
                **{name: getattr(self, name) for name in names},
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            words: Mapping[str, Any] = json.loads(str(data["words"]))
            front = front_of(EngineParams.from_dict(words["front"]["engine"]), words["front"])
            assert isinstance(front, DeltaFront)
            setting = DeltaSetting(**words["setting"])
            return cls(front, data["activations"], data["weights"], data["bias"], setting, words["stalled"])

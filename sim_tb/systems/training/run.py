"""A training run as a workload: every product on an engine, every result compared with the golden model's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from hdl.params import EngineParams, FloatOperand
from sim_tb.golden.float import bits
from sim_tb.systems.training.data import Data
from sim_tb.systems.training.network import Network
from sim_tb.systems.training.passes import Floats, Times, rounding
from sim_tb.workloads.gemm import Topology
from sim_tb.workloads.workload import Machine, Outputs, at_once, numpy_multiplier

__all__ = ["Course", "Plan", "Training", "golden", "single", "train"]

#: Test images that are classified at a time.
SOME = 128


@dataclass(frozen=True)
class Plan:
    """How long and how fast.

    Parameters
    ----------
    steps, batch : int
        Steps, and images in each.
    rate : float
        Of the first step; it falls in a straight line to zero, which the step behind the last one would have.
    seed : int
        Of the weights to begin with, and of the order of the images.
    first : int
        Only so many steps are made, and then it is over; 0: all.
    """

    steps: int = 240
    batch: int = 32
    rate: float = 0.5
    seed: int = 0
    first: int = 0

    @property
    def made(self) -> int:
        """Steps that are made."""
        return self.first or self.steps

    def rate_of(self, step: int) -> float:
        """The rate of a step, from 0."""
        return self.rate * (1 - step / self.steps)


@dataclass(frozen=True)
class Course:
    """What came of a training run.

    Parameters
    ----------
    losses : float32 array of shape (steps,)
        Of every step that was made, before its weights change.
    weights : list of arrays
        After the last step.
    logits : float32 array
        Of the test images, by these weights.
    accuracy : float
        Share of them that are right.
    """

    losses: Floats
    weights: list[Floats]
    logits: Floats
    accuracy: float

    def outputs(self) -> Outputs:
        """The bits of all that is compared."""
        found = {"losses": self.losses, "logits": self.logits}
        found |= {f"weights of layer {number}": each for number, each in enumerate(self.weights, 1)}
        return {name: bits(each).astype(np.int64) for name, each in found.items()}


async def single(a: Floats, b: Floats) -> Floats:
    """What training in fp32 multiplies with: NumPy, in the order of its library."""
    product: Floats = a @ b
    return product


def golden(data: Data, plan: Plan, engine: EngineParams) -> Course:
    """What an engine should give, by the golden model, which rounds and adds up as the engine declares."""
    return at_once(train(data, plan, rounding(_form(engine), numpy_multiplier(engine))))


def _network(data: Data) -> Network:
    """The one for these images."""
    _, height, width, channels = data.images.shape
    return Network(height, width, channels, data.classes)


def _form(engine: EngineParams) -> FloatOperand:
    """The format of its operands."""
    assert isinstance(engine.a, FloatOperand)
    return engine.a


async def train(data: Data, plan: Plan, times: Times, say: Callable[[int, float], None] | None = None) -> Course:
    """Train on the images that are not for the test, and classify those that are.

    Where it diverges numbers become infinite, and then losses no numbers: it is for the caller to look.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return await _train(data, plan, times, say)


async def _train(data: Data, plan: Plan, times: Times, say: Callable[[int, float], None] | None) -> Course:
    network = _network(data)
    rng = np.random.default_rng(plan.seed)
    weights = network.weights(rng)
    learnt = np.flatnonzero(~data.test)
    order: npt.NDArray[np.int64] = np.concatenate(
        [rng.permutation(learnt) for _ in range(-(-plan.steps * plan.batch // len(learnt)))]
    )
    losses = np.zeros(plan.made, np.float32)
    for step in range(plan.made):
        chosen = order[step * plan.batch : (step + 1) * plan.batch]
        images, labels = data.images[chosen], data.labels[chosen]
        losses[step], weights = await network.step(times, weights, images, labels, plan.rate_of(step))
        if say is not None:
            say(step, float(losses[step]))
    shown, kept = data.images[data.test], data.labels[data.test]
    parts = [await network.logits(times, weights, shown[i : i + SOME]) for i in range(0, len(shown), SOME)]
    logits = np.concatenate(parts)
    return Course(losses, weights, logits, float((logits.argmax(axis=1) == kept).mean()))


@dataclass(frozen=True)
class Training:
    """A training run on an engine.

    Parameters
    ----------
    data : Data
    plan : Plan
    engine : EngineParams
        Its format is that to which operands are rounded; weights are kept in fp32.
    outputs : mapping
        What should come of it: :meth:`Course.outputs` of the golden model.
    found : list of Course
        What came of it, filled by :meth:`run`.
    """

    data: Data
    plan: Plan
    engine: EngineParams
    outputs: Outputs
    found: list[Course] = field(default_factory=list)
    name: ClassVar = "training"
    against: ClassVar = "the golden model"

    @property
    def topology(self) -> Topology:
        """The products of a step, and of a classification."""
        network = _network(self.data)
        return Topology(
            "training", tuple(each for layer in network.layers(self.plan.batch) for each in layer.products())
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all steps and of the test."""
        network = _network(self.data)
        test = sum(
            each.macs for layer in network.layers(int(self.data.test.sum())) for each in layer.products("forward")
        )
        return self.topology.macs * self.plan.made + test

    async def run(self, machine: Machine) -> Outputs:
        """Train on an engine."""

        def say(step: int, loss: float) -> None:
            machine.say(f"step {step + 1} of {self.plan.made}, loss {loss:.4f}")

        self.found.append(await train(self.data, self.plan, rounding(_form(self.engine), machine.multiply), say))
        return self.found[-1].outputs()

    def expected(self) -> Outputs:
        """Losses, weights and logits of the golden model."""
        return self.outputs

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """Losses as numbers, and shares of the test images that are right."""
        course = self.found[-1]
        return {"network": {"losses": course.losses.tolist(), "accuracy": course.accuracy}}

    def save(self, path: Path) -> None:
        """Store data, plan, engine and what should come of it in a file."""
        words = json.dumps({"plan": vars(self.plan), "engine": self.engine.to_dict()})
        with path.open("wb") as file:
            arrays: dict[str, Any] = {"images": self.data.images, "labels": self.data.labels, **self.outputs}
            np.savez(file, **arrays, words=words)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        with np.load(path) as file:
            found = dict(file)
        data, words = Data(found.pop("images"), found.pop("labels")), json.loads(found.pop("words").item())
        return cls(data, Plan(**words["plan"]), EngineParams.from_dict(words["engine"]), found)

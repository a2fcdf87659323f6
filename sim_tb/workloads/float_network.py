"""A two-layer network in floating-point numbers: its parameters, and its inference on any multiplier."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gen.stimuli import patterns
from hdl.params import FLOATS, EngineParams
from sim_tb.golden import Matrix
from sim_tb.golden.float import bits
from sim_tb.workloads.classifier import Classifier
from sim_tb.workloads.workload import Multiply, numpy_multiplier

__all__ = ["FloatNetwork"]


@dataclass(frozen=True)
class FloatNetwork(Classifier):
    """A network whose matrices hold the bits of numbers. For the others see :class:`Classifier`.

    Parameters
    ----------
    engine : EngineParams
        Its format is that of images, weights and activations. Results are fp32, added up in its order, and rounded to
        the format between the layers.
    """

    engine: EngineParams
    name: ClassVar = "digits-float"

    @property
    def numpy(self) -> Multiply:
        """NumPy's operations in the engine's order."""
        return numpy_multiplier(self.engine)

    async def logits(self, multiply: Multiply) -> Matrix:
        """Classify all images: an array of shape (images, classes), of the bits of fp32 numbers."""
        hidden = np.maximum(_numbers(await multiply(self.images, self.weights1)), np.float32(0))
        found = await multiply(patterns(FLOATS[str(self.engine.a)], hidden), self.weights2)
        return bits(_numbers(found)).astype(np.int64)

    def scores(self, logits: Matrix) -> Matrix:
        """Their numbers."""
        return _numbers(logits)

    def stored(self) -> dict[str, Any]:
        """As it is, the engine as JSON."""
        return {**super().stored(), "engine": json.dumps(self.engine.to_dict())}

    @classmethod
    def restored(cls, values: dict[str, Any]) -> Self:
        """The network again."""
        return super().restored({**values, "engine": EngineParams.from_dict(json.loads(values["engine"]))})


def _numbers(patterns_of: Matrix) -> Matrix:
    """The numbers of bits."""
    return np.asarray(patterns_of).astype(np.uint32).view(np.float32)

"""The network that is trained, and a step of its training on any multiplier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim_tb.systems.training.layer import Layer
from sim_tb.systems.training.passes import Floats, Times, forward, gradient_of_input, gradient_of_weights

__all__ = ["Network"]

#: Filters of the 3x3 convolution, and of the pointwise one.
FILTERS = 8, 16


@dataclass(frozen=True)
class Network:
    """A 3x3 convolution of stride 2, a pointwise one and a linear layer, with a ReLU behind each of the first two.

    Parameters
    ----------
    height, width, channels : int
        Size of an image.
    classes : int
    """

    height: int
    width: int
    channels: int
    classes: int

    def layers(self, batch: int) -> tuple[Layer, Layer, Layer]:
        """Its layers, for so many images at a time."""
        size = self.height, self.width
        first = Layer.same("conv3x3", size, self.channels, FILTERS[0], 3, 2, batch=batch, first=True)
        rows, columns = first.conv.output
        point = Layer.same("pointwise", (rows, columns), FILTERS[0], FILTERS[1], 1, batch=batch)
        return first, point, Layer.linear("linear", rows * columns * FILTERS[1], self.classes, batch=batch)

    def weights(self, rng: np.random.Generator) -> list[Floats]:
        """Normal ones, which leave the size of a layer's numbers as it is."""
        shapes = [layer.weight_shape for layer in self.layers(1)]
        return [rng.normal(0, (2 / np.prod(shape[:3])) ** 0.5, shape).astype(np.float32) for shape in shapes]

    async def logits(self, times: Times, weights: list[Floats], images: Floats) -> Floats:
        """One for each image and class."""
        return (await self._through(times, weights, images))[-1].reshape(len(images), -1)

    async def _through(self, times: Times, weights: list[Floats], images: Floats) -> list[Floats]:
        """The input of every layer, and the logits."""
        found = [images]
        for layer, w in zip(self.layers(len(images)), weights, strict=True):
            x = found[-1].reshape(layer.input_shape)
            found[-1] = x if layer.first else np.maximum(x, np.float32(0))
            found.append(await forward(layer, times, found[-1], w))
        return found

    async def step(
        self, times: Times, weights: list[Floats], images: Floats, labels: npt.NDArray[np.int64], rate: float
    ) -> tuple[np.float32, list[Floats]]:
        """The cross entropy of some images, mean, and the weights after a step against its gradient.

        The gradient of the sum over the images goes through the layers, whose numbers are larger than those of the
        mean and lie within the range of ``fp16``; the weights' steps are divided by the number of images.
        """
        inputs = await self._through(times, weights, images)
        logits = inputs.pop().reshape(len(images), -1)
        own = np.arange(len(images)), labels
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        loss = np.float32(-np.log(np.maximum(chances[own], np.finfo(np.float32).tiny)).mean())
        chances[own] -= np.float32(1)
        gradient, after = chances, list(weights)
        pace = np.float32(rate / len(images))
        for place, layer in reversed(list(enumerate(self.layers(len(images))))):
            gradient = gradient.reshape(layer.output_shape)
            after[place] = weights[place] - pace * await gradient_of_weights(layer, times, inputs[place], gradient)
            if not layer.first:
                # The input is what a ReLU left.
                gradient = await gradient_of_input(layer, times, gradient, weights[place]) * (inputs[place] > 0)
        return loss, after

"""The loss of a network of linear blocks, and its gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim_tb.systems.sesr.block import Floats, LinearBlock
from sim_tb.systems.sesr.network import kernels
from sim_tb.systems.sesr.patches import patches

__all__ = ["loss"]

#: Gradients of a block: of its first convolution, and of its second.
Pair = tuple[Floats, Floats]


def loss(blocks: Sequence[LinearBlock], x: Floats, target: Floats) -> tuple[float, list[Pair]]:
    """Mean absolute error, and its gradients; blocks are collapsed for it, as in the paper's training.

    Parameters
    ----------
    x : array of shape (n, height, width, 1)
    target : array of shape (n, height, width, 4)
        What the network should give.
    """
    last = len(blocks) - 1
    sizes = kernels(last - 1)
    weights = [block.collapsed for block in blocks]
    seen: list[Floats] = []
    outputs: list[Floats] = []
    source = x
    for i, (kernel, weight) in enumerate(zip(sizes, weights, strict=True)):
        seen.append(patches(source, kernel))
        result: Floats = (seen[-1] @ weight).reshape(*x.shape[:3], -1)
        outputs.append(np.maximum(result, 0) if 0 < i < last else result)
        source = outputs[-1] + outputs[0] if i == last - 1 else outputs[-1]
    error = outputs[last] + x - target
    slope: Floats = np.sign(error) / np.float32(error.size)
    found: list[Pair] = []
    ahead: Floats = slope
    for i in range(last, -1, -1):
        if 0 < i < last:
            slope = slope * (outputs[i] > 0)
        if i == 0:
            slope = slope + ahead
        flat = slope.reshape(-1, slope.shape[-1])
        gradient: Floats = seen[i].T @ flat
        found.append((gradient @ blocks[i].narrow.T, blocks[i].wide.T @ gradient))
        if i:
            slope = _back(slope, weights[i], sizes[i])
        if i == last:
            ahead = slope  # F0 is added in front of the last convolution
    return float(np.abs(error).mean()), found[::-1]


def _back(slope: Floats, weight: Floats, kernel: int) -> Floats:
    """The gradient of a convolution's input: a convolution with its filters turned round."""
    outputs = weight.shape[1]
    turned = weight.reshape(kernel**2, -1, outputs)[::-1].transpose(0, 2, 1).reshape(kernel**2 * outputs, -1)
    return (patches(slope, kernel) @ turned).reshape(*slope.shape[:3], -1)

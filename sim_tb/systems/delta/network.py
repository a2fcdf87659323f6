"""A network of two layers with a delta layer in front of each, and its training; after arXiv 2107.07305."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim_tb.systems.delta.motion import Moving

__all__ = ["Network", "Trained", "train"]

Floats = NDArray[np.float64]
HIDDEN, CLASSES, BATCH = 96, 10, 32
#: Thetas of the input and of the hidden layer, to begin with. They move more slowly than weights, and stay positive.
THETA, THETA_RATE, THETA_LEAST = (0.125, 0.5), 0.002, 1e-3
#: What is sent costs so much, times its fan-out, beside cross-entropy.
WEIGHT = 0.03


@dataclass
class Network:
    """Weights, and the thetas of both delta layers; without thetas a plain network with ReLU.

    With o = theta round(act(s) / theta) the gradient passes the rounding as if it weren't there, the theta inside of
    the division is a constant, and that of the theta outside is reversed: -<dL/do, round(act(s) / theta)>.

    Parameters
    ----------
    w1, b1, w2, b2 : arrays
    theta : list of float
        Of the input and of the hidden layer; empty for a plain network.
    reversed_sign : bool
        The gradient of theta has the sign that the authors give it; else that of the formula.
    """

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats
    theta: list[float] = field(default_factory=list)
    reversed_sign: bool = True

    @classmethod
    def drawn(cls, inputs: int, seed: int) -> Network:
        """Before training."""
        rng = np.random.default_rng([seed, 7])
        w1 = rng.normal(0, np.sqrt(2 / inputs), (inputs, HIDDEN))
        return cls(w1, np.zeros(HIDDEN), rng.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, CLASSES)), np.zeros(CLASSES))

    def rounded(self, values: Floats, layer: int) -> Floats:
        """What a delta layer has sent in all: multiples of its theta."""
        if not self.theta:
            return values
        theta = self.theta[layer]
        found: Floats = theta * np.floor(values / theta + 0.5)
        return found

    def forward(self, frames: Floats) -> tuple[Floats, Floats, Floats]:
        """Both layers' operands, and logits; frames are (sequences, frames, inputs)."""
        first = self.rounded(frames, 0)
        second = self.rounded(np.maximum(first @ self.w1 + self.b1, 0), 1)
        return first, second, second @ self.w2 + self.b2

    def step(self, frames: Floats, labels: NDArray[np.int64], rate: float, weight: float) -> None:
        """One step of gradient descent on cross-entropy and ``weight`` times what is sent, times its fan-out."""
        first, second, logits = self.forward(frames)
        count = logits.shape[0] * logits.shape[1]
        chance = np.exp(logits - logits.max(axis=-1, keepdims=True))
        chance /= chance.sum(axis=-1, keepdims=True)
        chance[np.arange(len(labels)), :, labels] -= 1
        of_logits = chance / count
        of_second = of_logits @ self.w2.T + weight * CLASSES * _of_changes(second)
        through = of_second * (first @ self.w1 + self.b1 > 0)
        of_first = through @ self.w1.T + weight * HIDDEN * _of_changes(first)
        sums = (0, 1)
        self.w2 -= rate * np.tensordot(second, of_logits, (sums, sums))
        self.b2 -= rate * of_logits.sum(axis=sums)
        self.w1 -= rate * np.tensordot(first, through, (sums, sums))
        self.b1 -= rate * through.sum(axis=sums)
        for i, (operand, gradient) in enumerate(((first, of_first), (second, of_second))[: len(self.theta)]):
            self.theta[i] = max(self.theta[i] - THETA_RATE * rate * self._of_theta(i, operand, gradient), THETA_LEAST)

    def _of_theta(self, layer: int, operand: Floats, gradient: Floats) -> float:
        """The gradient of a theta, given a delta layer's output and the gradient of that."""
        plain = float((gradient * operand / self.theta[layer]).sum())
        return -plain if self.reversed_sign else plain


def _of_changes(operand: Floats) -> Floats:
    """The gradient of the mean of |o - o of the frame before|; the first frame is not counted."""
    signs = np.sign(np.diff(operand, axis=1))
    found = np.zeros_like(operand)
    found[:, 1:] += signs
    found[:, :-1] -= signs
    return found / operand.size


@dataclass(frozen=True)
class Trained:
    """A network, and what it does on sequences that it was not trained with.

    Parameters
    ----------
    network : Network
    accuracy : float
        Share of frames.
    sent : tuple of float
        Of both layers the share of operands that are not zero, the first frames left out.
    work : float
        The same of multiply-accumulates: each operand counts as often as it is multiplied.
    """

    network: Network
    accuracy: float
    sent: tuple[float, float]
    work: float

    @classmethod
    def of(cls, network: Network, test: Moving) -> Trained:
        """Measure it; a plain network sends activations, others what changed."""
        *operands, logits = network.forward(test.frames)
        accuracy = float((logits.argmax(axis=-1) == test.labels[:, None]).mean())
        sent = [each[:, 1:] if not network.theta else np.diff(each, axis=1) for each in operands]
        shares = [float((each != 0).mean()) for each in sent]
        macs = (each.shape[-1] * fan for each, fan in zip(sent, (HIDDEN, CLASSES), strict=True))
        work = np.average(shares, weights=list(macs))
        return cls(network, accuracy, (shares[0], shares[1]), float(work))


def train(
    moving: Moving, test: Moving, *, epochs: int, seed: int, weight: float = WEIGHT, reversed_sign: bool = True
) -> tuple[Trained, Trained]:
    """A plain network, and one that goes on from it with delta layers for a third as many epochs."""
    plain, rng = Network.drawn(moving.frames.shape[-1], seed), np.random.default_rng([seed, 8])
    for epoch in range(epochs):
        _epoch(plain, moving, rng, 0.5 * 0.95**epoch, 0.0)
    tuned = replace(deepcopy(plain), theta=list(THETA), reversed_sign=reversed_sign)
    for epoch in range(-(-epochs // 3)):
        _epoch(tuned, moving, rng, 0.2 * 0.9**epoch, weight)
    return Trained.of(plain, test), Trained.of(tuned, test)


def _epoch(network: Network, moving: Moving, rng: np.random.Generator, rate: float, weight: float) -> None:
    """Every sequence once."""
    order = rng.permutation(len(moving.labels))
    for start in range(0, len(order), BATCH):
        some = order[start : start + BATCH]
        network.step(moving.frames[some], moving.labels[some], rate, weight)

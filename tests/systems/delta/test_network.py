"""The network with delta layers: its gradients, and that training makes it send less."""

from __future__ import annotations

import numpy as np
import pytest

from sim_tb.systems.delta import network
from sim_tb.systems.delta.motion import SIDE, Moving, moving_digits
from sim_tb.systems.delta.network import Network, Trained, train


def loss(net: Network, moving: Moving, weight: float) -> float:
    """What a step descends, without any rounding."""
    first, second, logits = net.forward(moving.frames)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    chance = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    entropy = -chance[np.arange(len(moving.labels)), :, moving.labels].mean()
    sent = [fan * np.abs(np.diff(each, axis=1)).sum() / each.size for each, fan in ((first, 96), (second, 10))]
    return float(entropy + weight * sum(sent))


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_gradients_are_those_of_the_loss(weight: float) -> None:
    rng = np.random.default_rng(1)
    moving = Moving(rng.random((3, 4, 6)), np.array([1, 0, 9]))
    net, rate, step = Network.drawn(6, 1), 1e-3, 1e-6
    before = {name: getattr(net, name).copy() for name in ("w1", "b1", "w2", "b2")}
    net.step(moving.frames, moving.labels, rate, weight)
    for name, old in before.items():
        index = tuple(rng.integers(size) for size in old.shape)
        own = Network(**{key: value.copy() for key, value in before.items()})
        ends = []
        for sign in (1, -1):
            getattr(own, name)[index] = old[index] + sign * step
            ends.append(loss(own, moving, weight))
        slope = (ends[0] - ends[1]) / (2 * step)
        assert (old[index] - getattr(net, name)[index]) / rate == pytest.approx(slope, rel=1e-3, abs=1e-7), name


@pytest.mark.parametrize("reversed_sign", [True, False])
def test_thetas_go_the_way_that_is_asked_for(reversed_sign: bool) -> None:
    rng = np.random.default_rng(2)
    frames = np.round(rng.random((4, 5, 6)) * 4) / 4
    net = Network.drawn(6, 1)
    net.theta, net.reversed_sign = [0.25, 0.5], reversed_sign
    before = list(net.theta)
    net.step(frames, np.zeros(4, np.int64), 1.0, 1e3)  # next to this weight cross-entropy is nothing
    grown = [after > old for after, old in zip(net.theta, before, strict=True)]
    assert grown == [reversed_sign] * 2, "the sign of the authors makes units greater"


def test_a_delta_layer_rounds_to_its_theta() -> None:
    net = Network.drawn(6, 1)
    values = np.array([0.0, 0.2, 0.25, 0.3, 1.0])
    assert (net.rounded(values, 0) == values).all()
    net.theta = [0.5, 1.0]
    assert net.rounded(values, 0).tolist() == [0.0, 0.0, 0.5, 0.5, 1.0]


def test_what_is_sent_is_counted_without_the_first_frame() -> None:
    net = Network.drawn(4, 1)
    net.w1[:], net.b1[:] = 0, 1  # all hidden operands are 1
    frames = np.zeros((1, 3, 4))
    frames[0, 0] = 1
    frames[0, 2, :2] = 1
    moving = Moving(frames, np.array([0]))
    plain = Trained.of(net, moving)
    assert plain.sent == (0.25, 1.0)
    net.theta = [0.5, 0.5]
    tuned = Trained.of(net, moving)
    assert tuned.sent == (0.75, 0.0), "all four change, then two do"
    assert tuned.work == pytest.approx(0.75 * 4 * 96 / (4 * 96 + 96 * 10))


def test_training_sends_less_than_half_at_the_same_accuracy() -> None:
    pytest.importorskip("sklearn")
    moving, test = moving_digits(1)
    assert moving.frames.shape[1:] == (6, SIDE * SIDE)
    assert len(test.labels) == 360
    plain, tuned = train(moving, test, epochs=12, seed=1)
    assert plain.accuracy > 0.8
    assert tuned.accuracy > plain.accuracy - 0.02
    assert tuned.work < plain.work / 2
    assert min(tuned.network.theta) > network.THETA_LEAST

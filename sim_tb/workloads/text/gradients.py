"""A GPT-2 style decoder with its gradients in NumPy, for training in single precision.

Each function takes the parameters, a dictionary for the gradients, and its input; it returns its output, and a function
from the gradient of its output to that of its input, which fills in the gradients of the parameters. Activations have
one row a position, the sequences of a batch one after another: shape (batch * length, width).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["EPSILON", "Parameters", "loss"]

Floats = npt.NDArray[np.float32]
Parameters = dict[str, Floats]
Back = Callable[[Floats], Floats]

#: Summand to the variance in layer normalisation.
EPSILON = 1e-5
#: GELU in its tanh form.
GELU_SCALE, GELU_CUBE = float(np.sqrt(2 / np.pi)), 0.044715


def loss(p: Parameters, layers: int, heads: int, tokens: npt.NDArray[np.int64], g: Parameters | None = None) -> float:
    """Mean cross-entropy (nats) of every token but the first of each sequence, given those before it.

    Parameters
    ----------
    p : dict
        Parameters by the names that :data:`sim_tb.workloads.text.train.NAMES` has.
    layers, heads : int
    tokens : int64 array of shape (batch, length + 1)
    g : dict, optional
        Takes the gradients, if given.
    """
    inputs, targets = tokens[:, :-1], tokens[:, 1:].reshape(-1)
    grad: Parameters = {} if g is None else g
    shape = inputs.shape
    x = (p["wte"][inputs] + p["wpe"][: shape[1]]).reshape(inputs.size, -1)
    back: list[Back] = []
    for layer in range(layers):
        x = _residual(back, x, *_attention_block(p, grad, f"h{layer}/", heads, shape, x))
        x = _residual(back, x, *_mlp(p, grad, f"h{layer}/", x))
    x, norm = _layernorm(p, grad, "ln_f", x)
    logits: Floats = x @ p["wte"].T
    logits -= logits.max(axis=1, keepdims=True)
    rows = np.arange(targets.size)
    picked = logits[rows, targets]
    np.exp(logits, out=logits)
    total = logits.sum(axis=1, keepdims=True)
    mean = float((np.log(total[:, 0]) - picked).mean())
    if g is None:
        return mean
    logits /= total
    logits[rows, targets] -= 1
    logits /= targets.size
    grad["wte"] = logits.T @ x
    dx = norm(logits @ p["wte"])
    for step in reversed(back):
        dx = step(dx)
    np.add.at(grad["wte"], inputs.reshape(-1), dx)
    grad["wpe"] = np.zeros_like(p["wpe"])
    grad["wpe"][: shape[1]] = dx.reshape(*shape, -1).sum(axis=0)
    return mean


def _residual(back: list[Back], x: Floats, change: Floats, through: Back) -> Floats:
    """``x + change``; its gradient goes both ways."""
    back.append(lambda dy: dy + through(dy))
    return x + change


def _attention_block(
    p: Parameters, g: Parameters, name: str, heads: int, shape: tuple[int, ...], x: Floats
) -> tuple[Floats, Back]:
    y, norm = _layernorm(p, g, f"{name}ln_1", x)
    qkv, project = _linear(p, g, f"{name}attn/c_attn", y)
    mixed, attend = _attention(qkv, heads, shape)
    out, join = _linear(p, g, f"{name}attn/c_proj", mixed)
    return out, lambda dy: norm(project(attend(join(dy))))


def _mlp(p: Parameters, g: Parameters, name: str, x: Floats) -> tuple[Floats, Back]:
    y, norm = _layernorm(p, g, f"{name}ln_2", x)
    wide, up = _linear(p, g, f"{name}mlp/c_fc", y)
    active, bend = _gelu(wide)
    out, down = _linear(p, g, f"{name}mlp/c_proj", active)
    return out, lambda dy: norm(up(bend(down(dy))))


def _linear(p: Parameters, g: Parameters, name: str, x: Floats) -> tuple[Floats, Back]:
    weight = p[f"{name}/w"]

    def back(dy: Floats) -> Floats:
        g[f"{name}/w"] = x.T @ dy
        g[f"{name}/b"] = dy.sum(axis=0)
        return dy @ weight.T

    return x @ weight + p[f"{name}/b"], back


def _layernorm(p: Parameters, g: Parameters, name: str, x: Floats) -> tuple[Floats, Back]:
    centred: Floats = x - x.mean(axis=1, keepdims=True)
    root: Floats = 1 / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + np.float32(EPSILON))
    centred *= root

    def back(dy: Floats) -> Floats:
        g[f"{name}/g"] = (dy * centred).sum(axis=0)
        g[f"{name}/b"] = dy.sum(axis=0)
        d = dy * p[f"{name}/g"]
        along = (d * centred).mean(axis=1, keepdims=True)
        change: Floats = root * (d - d.mean(axis=1, keepdims=True) - centred * along)
        return change

    return centred * p[f"{name}/g"] + p[f"{name}/b"], back


def _gelu(x: Floats) -> tuple[Floats, Back]:
    square = x * x
    bent = np.tanh(np.float32(GELU_SCALE) * x * (1 + np.float32(GELU_CUBE) * square))

    def back(dy: Floats) -> Floats:
        slope = (1 - bent * bent) * x * np.float32(GELU_SCALE) * (1 + np.float32(3 * GELU_CUBE) * square)
        change: Floats = dy * np.float32(0.5) * (1 + bent + slope)
        return change

    return np.float32(0.5) * x * (1 + bent), back


def _attention(qkv: Floats, heads: int, shape: tuple[int, ...]) -> tuple[Floats, Back]:
    """Causal attention of every head; ``qkv`` holds queries, keys and values side by side."""
    batch, length = shape
    size = qkv.shape[1] // (3 * heads)
    q, k, v = qkv.reshape(batch, length, 3, heads, size).transpose(2, 0, 3, 1, 4)
    scale = np.float32(size**-0.5)
    weights = (q * scale) @ k.swapaxes(2, 3)
    weights += np.triu(np.full((length, length), -np.inf, np.float32), 1)
    weights -= weights.max(axis=3, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=3, keepdims=True)
    mixed = (weights @ v).transpose(0, 2, 1, 3).reshape(batch * length, -1)

    def back(dy: Floats) -> Floats:
        d = dy.reshape(batch, length, heads, size).transpose(0, 2, 1, 3)
        dweights = d @ v.swapaxes(2, 3)
        dweights -= (dweights * weights).sum(axis=3, keepdims=True)
        dweights *= weights
        dqkv = np.empty((3, batch, heads, length, size), np.float32)
        dqkv[0] = (dweights @ k) * scale
        dqkv[1] = dweights.swapaxes(2, 3) @ (q * scale)
        dqkv[2] = weights.swapaxes(2, 3) @ d
        return dqkv.transpose(1, 3, 0, 2, 4).reshape(batch * length, -1)

    return mixed, back

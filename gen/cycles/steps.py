"""How many steps the beats of A take, from the operands themselves, and how many they are expected to take."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gen.nest.encoders import encode, nonzero_patterns
from hdl.params import Dataflow, EngineParams, OperandFormat
from hdl.params.axes import Recoded

__all__ = ["expected_steps", "steps_of"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def steps_of(params: EngineParams, a: Integers, b: Integers) -> Integers:
    """Steps of every beat of A of some tiles: an array of shape (tiles, beats).

    A beat takes a step for each group of digits that follow each other in time. Where only steps are skipped in which
    no operand has a digit, it takes as many as there are weights at which one of its operands that are recoded has a
    digit other than zero, and one if there are none. Where each lane skips its own zeros it takes the most terms of an
    operand of A times the most terms of one of B, one at least. Where a block of B stays a beat is a single row of A.

    Parameters
    ----------
    params : EngineParams
        It stores no operands.
    a, b : int arrays of shapes (tiles, rows, K) and (tiles, K, cols)
    """
    flow, k = Dataflow(params), a.shape[2]
    if not params.data_dependent:
        return np.full((len(a), flow.a.beats(k)), flow.beat_steps, np.int64)
    if params.axes.recodes_both:
        of_a, of_b = (_digits(params, each, form) for each, form in ((a, params.a), (b.swapaxes(1, 2), params.b)))
        most = [each.sum(axis=-1).max(axis=(1, 3)) for each in (of_a, of_b)]
        pairs: Integers = np.maximum(most[0] * most[1], 1)
        return pairs
    some = _digits(params, b.swapaxes(1, 2) if params.axes.recoded is Recoded.B else a, params.recoded)
    steps: Integers
    if params.weight_stationary:
        steps = np.maximum(some.any(axis=3).sum(axis=-1), 1).swapaxes(1, 2).reshape(len(a), -1)
    else:
        steps = np.maximum(some.any(axis=(1, 3)).sum(axis=-1), 1)
    return steps


def _digits(params: EngineParams, values: Integers, form: OperandFormat) -> NDArray[np.bool_]:
    """Where digits are not zero: of shape (tiles, rows or columns, beats or blocks, steps of K in one, digits)."""
    tiles, places, k = values.shape
    beats = -(-k // params.k_step)
    filled = np.zeros((tiles, places, beats * params.k_step), np.int64)
    filled[:, :, :k] = values
    digits: NDArray[np.bool_] = encode(filled, params.encoder, form) != 0
    return digits.reshape(tiles, places, beats, params.k_step, -1)


@lru_cache(maxsize=256)
def expected_steps(params: EngineParams, sigma: float | None) -> float:
    """Mean steps of a beat whose operands are independent, each normal around 0 or, for None, uniform.

    ``sigma`` is that of A; B's is as large a part of its range. Exact, as the mean of a sum of probabilities.
    """
    if not params.data_dependent:
        return float(Dataflow(params).beat_steps)
    spread = {"a": sigma, "b": None if sigma is None else sigma * params.b.max / params.a.max}
    lanes = params.k_step
    if params.axes.recodes_both:
        most = [
            _greatest(nonzero_patterns(params.encoder, form, spread[name]), places * lanes)
            for name, form, places in (("a", params.a, params.rows), ("b", params.b, params.cols))
        ]
        # One step where either has no term: the product is then zero.
        none = most[0][0] + most[1][0] - most[0][0] * most[1][0]
        means = [float(np.arange(len(each)) @ each) for each in most]
        return means[0] * means[1] + float(none)
    of_b = params.axes.recoded is Recoded.B
    together = lanes * (1 if params.weight_stationary else params.cols if of_b else params.rows)
    patterns, weights = nonzero_patterns(params.encoder, params.recoded, spread["b" if of_b else "a"])
    some = 1 - (1 - weights @ patterns) ** together
    return float(some.sum() + weights[~patterns.any(axis=1)].sum() ** together)


def _greatest(found: tuple[NDArray[np.bool_], Floats], count: int) -> Floats:
    """The distribution of the most terms of ``count`` operands."""
    patterns, weights = found
    of_one = np.bincount(patterns.sum(axis=1), weights=weights, minlength=patterns.shape[1] + 1)
    return np.diff(np.minimum(np.cumsum(of_one), 1.0) ** count, prepend=0.0)

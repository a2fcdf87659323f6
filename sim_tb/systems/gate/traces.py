"""Traces: the toggles of a PE while inputs are multiplied with secret weights, with noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.params import CheckFailed
from hdl.params.gate import DEFAULT_SEED
from sim_tb.golden import Matrix
from sim_tb.golden.gate import draw, gated_gemm
from sim_tb.systems.gate.jobs import Setting, run_jobs

__all__ = ["Traces", "record"]

#: Clocks of a trace beside two for each step of K: latency of gate and engine.
SPARE = 24


@dataclass(frozen=True)
class Traces:
    """What an attacker sees.

    Parameters
    ----------
    inputs : int64 array of shape (traces, K)
        Known to the attacker.
    samples : float array of shape (traces, clocks)
        Toggles of all registers of a PE, and noise.
    cycles : int64 array of shape (traces,)
        How long each took.
    """

    inputs: Matrix
    samples: npt.NDArray[np.float64]
    cycles: Matrix

    @property
    def count(self) -> int:
        """Their number."""
        return len(self.inputs)


def record(
    setting: Setting, weights: Matrix, count: int, sigma: float, rng: np.random.Generator, state: int = DEFAULT_SEED
) -> Traces:
    """Multiply random inputs with weights on the RTL of an engine of one PE, and compare with the golden model.

    Parameters
    ----------
    setting : Setting
    weights : int64 array of shape (K,) or (traces, K)
    count : int
        Traces.
    sigma : float
        Standard deviation of the noise, in toggles.
    rng : numpy.random.Generator
        Of inputs and noise.
    state : int
        Of the gate's generator before the first trace; the others follow without another seed.

    Raises
    ------
    CheckFailed
        Where a sum differs from the golden model's.
    ToolError
        If a tool is missing.
    """
    params, k = setting.params, weights.shape[-1]
    inputs = rng.integers(params.engine.a.min, params.engine.a.max + 1, (count, k))
    a, b = inputs[:, None, None, :], np.broadcast_to(weights, (count, k))[:, None, :, None]
    seeds = np.zeros(count, np.uint64)
    seeds[0] = state
    runs = run_jobs(setting, a, b, seeds, samples=2 * k + SPARE)
    drawn = draw(params, setting.mode, setting.important, setting.threshold, count, k, state)
    if not np.array_equal(gated_gemm(params, drawn, a[:, 0], b[:, 0]), runs.results[:, 0]):
        raise CheckFailed(f"gate {setting.mode}: a sum differs from the golden model's")
    samples = runs.toggles + rng.normal(0.0, sigma, runs.toggles.shape)
    return Traces(inputs, samples, runs.cycles)

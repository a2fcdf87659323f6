"""Correlation attacks on a weight: by somebody who knows nothing of the gate, and the means that all attackers share.

The weights before the attacked one are given to every attacker: each position is an attack of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.params import OperandFormat
from sim_tb.golden import Matrix
from sim_tb.systems.gate.traces import Traces

__all__ = ["WINDOW", "Evidence", "Profile", "correlations", "distances", "naive_evidence", "profile_of"]

Floats = npt.NDArray[np.float64]

#: Samples on either side of the expected one in which the best one is looked for.
WINDOW = 10


def distances(before: Matrix, after: Matrix, bits: int) -> Floats:
    """Bits in which sums differ: the Hamming distance of their two's complements."""
    mask = np.int64(-1) if bits == 64 else np.int64((1 << bits) - 1)
    return np.bitwise_count(((before ^ after) & mask).view(np.uint64)).astype(np.float64)


@dataclass(frozen=True)
class Profile:
    """What an attacker finds out with a device of their own, on which nothing is pruned.

    Parameters
    ----------
    first : int
        The sample in which the operands of the first pixel enter the PE. In the next one its sum changes.
    offset, spread : float
        Mean and variance of samples beyond the changes of the sum and of the registers of both operands.
    usual, usual_variance : float
        Mean and variance of samples in which all of these change.
    mean, variance : float
        Of the changes of the sum.
    noise : float
        Variance of samples in which nothing happens.
    cycles : int
        Clocks of a trace.
    bits : int
        Of a sum.
    operand : OperandFormat
        Of a weight.
    """

    first: int
    offset: float
    spread: float
    usual: float
    usual_variance: float
    mean: float
    variance: float
    noise: float
    cycles: int
    bits: int
    operand: OperandFormat

    @property
    def candidates(self) -> Matrix:
        """All weights there are."""
        return np.arange(self.operand.min, self.operand.max + 1)

    def changes(self, sums: Matrix, inputs: Matrix) -> Floats:
        """The distance of sums to the next ones, for every candidate: shape (candidates, traces)."""
        return distances(sums, sums + self.candidates[:, None] * inputs, self.bits)


def correlations(expected: Floats, samples: Floats, weights: Floats | None = None) -> Floats:
    """The size of Pearson's correlation over traces.

    Parameters
    ----------
    expected : float array of shape (candidates, traces)
    samples : float array of shape (traces, clocks)
    weights : float array of shape (traces,), optional
        How much a trace counts.

    Returns
    -------
    float array of shape (candidates, clocks)
        0 where something does not change.
    """
    counts = np.ones(expected.shape[1]) if weights is None else weights
    counts = counts / max(counts.sum(), 1e-30)
    left = expected - (expected @ counts)[:, None]
    right = samples - counts @ samples
    product = (left * counts) @ right
    size = np.sqrt(np.outer((left**2) @ counts, counts @ right**2))
    found: Floats = np.abs(np.divide(product, size, out=np.zeros_like(product), where=size > 1e-9))
    return found


@dataclass(frozen=True)
class Evidence:
    """What traces say of a weight.

    Parameters
    ----------
    expected : float array of shape (candidates, traces)
        What each candidate lets expect of a trace.
    samples : float array of shape (traces, clocks)
        What was seen.
    trust : float array of shape (traces,), optional
        How much a trace counts.
    """

    expected: Floats
    samples: Floats
    trust: Floats | None = None

    def rank(self, count: int, candidates: Matrix, weight: int) -> int:
        """Wrong candidates that fit the first so many traces at least as well as the right one; 0: it is found."""
        trust = None if self.trust is None else self.trust[:count]
        scores = correlations(self.expected[:, :count], self.samples[:count], trust).max(axis=1)
        right = scores[int(np.searchsorted(candidates, weight))]
        return int((scores >= right).sum()) - 1


def naive_evidence(profile: Profile, traces: Traces, weights: Matrix, pixel: int, window: int = 0) -> Evidence:
    """The evidence for the weight of a pixel, to somebody who takes the engine for unprotected.

    Parameters
    ----------
    weights : int64 array of shape (K,) or (traces, K)
        Those before ``pixel`` are used.
    window : int
        Samples on either side of the expected one, of which the best counts.
    """
    sums = (traces.inputs[:, :pixel] * weights[..., :pixel]).sum(axis=1)
    at = profile.first + pixel + 1
    samples = traces.samples[:, max(0, at - window) : at + window + 1]
    return Evidence(profile.changes(sums, traces.inputs[:, pixel]), samples)


def profile_of(traces: Traces, weights: Matrix, bits: int, operand: OperandFormat) -> Profile:
    """A profile from traces with known weights in which nothing is pruned."""
    count, k = traces.inputs.shape
    sums = np.cumsum(traces.inputs * weights, axis=1)
    before = np.hstack([np.zeros((count, 1), np.int64), sums[:, :-1]])
    changes = distances(before, sums, bits)
    starts = traces.samples.shape[1] - k - 1
    centred = changes - changes.mean(axis=0)
    fits = []
    for start in range(starts):
        seen = traces.samples[:, start + 1 : start + 1 + k]
        fits.append(float((centred * (seen - seen.mean(axis=0))).sum()))
    first = int(np.argmax(fits))
    seen = traces.samples[:, first + 1 : first + k]
    loads = distances(traces.inputs[:, :-1], traces.inputs[:, 1:], operand.width)
    loads = loads + distances(weights[:-1], weights[1:], operand.width)
    rest = seen - changes[:, :-1] - loads
    quiet = traces.samples[:, first + k + 2 :]
    return Profile(
        first=first,
        offset=float(rest.mean()),
        spread=float(rest.var()),
        usual=float(seen.mean()),
        usual_variance=float(seen.var()),
        mean=float(changes.mean()),
        variance=float(changes.var()),
        noise=float(quiet.var()),
        cycles=int(traces.cycles[0]),
        bits=bits,
        operand=operand,
    )

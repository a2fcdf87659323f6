"""A correlation attack that first finds out which pixels were multiplied, from the pattern of each trace.

So Double Strike (arXiv 2601.08698) breaks MACPruning: pruned and executed multiplications look different. Here a beam
search over the masks of a trace keeps the likeliest ones, given the weights before the attacked one; then the sums are
known that the plain attack gets wrong, and so are the samples to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim_tb.golden import Matrix
from sim_tb.systems.gate.attack import Evidence, Floats, Profile, distances
from sim_tb.systems.gate.traces import Traces

__all__ = ["PATTERNS", "Beam", "Pattern", "Search", "aware_evidence"]

#: Masks of a trace that are kept.
BEAM = 32
#: Of these, masks from which the next change is expected.
CONSIDERED = 8
#: The least chance that a pixel was multiplied, or wasn't: what is impossible stays possible for an estimate.
LEAST = 1e-6


@dataclass(frozen=True)
class Pattern:
    """What a pruned pixel looks like in a mode.

    Parameters
    ----------
    takes : bool
        It takes a clock.
    enters : bool
        Something enters the registers of the operands in that clock, and what the pixel before changes is seen;
        otherwise nothing happens, and that is seen later.
    random : bool
        What enters is random, and so is what changes after it; otherwise it is zero, and nothing does.
    """

    takes: bool = True
    enters: bool = True
    random: bool = False


PATTERNS = {
    "off": Pattern(),
    "zero": Pattern(),
    "hold": Pattern(enters=False),
    "compact": Pattern(takes=False, enters=False),
    "decoy": Pattern(random=True),
}


@dataclass
class Beam:
    """The likeliest masks of each trace: arrays of shape (traces, masks).

    Parameters
    ----------
    sums : int64 array
        The sum so far.
    a, b : int64 arrays
        The operands in their registers.
    mean, variance : float arrays
        Of the change that shows in the next sample, operands that enter then left out.
    unknown : bool array
        ``a`` is a random operand.
    at : int64 array
        The next sample.
    score : float array
        Logarithm of the likelihood, over that of samples of which nothing is known.
    """

    sums: Matrix
    a: Matrix
    b: Matrix
    mean: Floats
    variance: Floats
    unknown: npt.NDArray[np.bool_]
    at: Matrix
    score: Floats

    @classmethod
    def begin(cls, traces: int, first: int) -> Beam:
        """Before the first pixel; what is in the registers then is taken for zero."""
        none, zero = np.zeros((traces, 1), np.int64), np.zeros((traces, 1))
        return cls(none, none, none, zero, zero, none > 0, none + first, zero)

    def join(self, other: Beam) -> Beam:
        """The likeliest of both."""
        every = {name: np.hstack([value, getattr(other, name)]) for name, value in vars(self).items()}
        if every["score"].shape[1] > BEAM:
            kept = np.argpartition(-every["score"], BEAM, axis=1)[:, :BEAM]
            every = {name: np.take_along_axis(value, kept, axis=1) for name, value in every.items()}
        return Beam(**every)


class Search:
    """A beam search over the pixels of traces.

    Parameters
    ----------
    profile : Profile
    pattern : Pattern
    traces : Traces
    important : bool array of shape (K,)
        The importance map, which is known.
    chance : float
        Of a pixel that is not important to be multiplied.
    """

    def __init__(
        self, profile: Profile, pattern: Pattern, traces: Traces, important: npt.NDArray[np.bool_], chance: float
    ) -> None:
        self.profile, self.pattern, self.traces = profile, pattern, traces
        self.important, self.chance = important, chance
        self.beam = Beam.begin(traces.count, profile.first)
        #: Steps that were made, which the length of a trace tells where pruned pixels take no time.
        self.made = len(important) - (profile.cycles - traces.cycles)

    def sample(self, at: Matrix) -> Floats:
        """Samples of every trace: ``at`` and result are of shape (traces, N)."""
        last = self.traces.samples.shape[1] - 1
        return np.take_along_axis(self.traces.samples, np.minimum(at, last), axis=1)

    def advance(self, pixel: int, weights: Matrix) -> None:
        """Go on past a pixel whose weight is known: one number, or one for each trace."""
        p, beam = self.profile, self.beam
        weight = np.broadcast_to(np.reshape(weights, (-1, 1)), beam.sums.shape)
        inputs = np.broadcast_to(self.traces.inputs[:, pixel, None], beam.sums.shape)
        chance = self._chance(pixel)
        shown = self._shown(inputs, weight, random=False)
        blank = 0.0 if self.pattern.takes else _likelihood(self.sample(beam.at), p.usual, p.usual_variance)
        sums = beam.sums + weight * inputs
        run = Beam(
            sums=sums,
            a=inputs,
            b=weight,
            mean=distances(beam.sums, sums, p.bits),
            variance=np.zeros_like(beam.variance),
            unknown=np.zeros_like(beam.unknown),
            at=beam.at + 1,
            score=beam.score + shown - blank + np.log(chance),
        )
        self.beam = run if self.important[pixel] else run.join(self._pruned(weight, np.log1p(-chance)))

    def _shown(self, a: Matrix, weight: Matrix, *, random: bool) -> Floats:
        """The likelihood of the next sample if these operands enter."""
        p, beam = self.profile, self.beam
        width = p.operand.width
        known = distances(beam.a, a, width)
        unknown = beam.unknown | random
        mean = np.where(unknown, width / 2, known) + distances(beam.b, weight, width)
        variance = p.spread + beam.variance + np.where(unknown, width / 4, 0.0)
        return _likelihood(self.sample(beam.at), p.offset + beam.mean + mean, variance)

    def _pruned(self, weight: Matrix, chance: Floats) -> Beam:
        """The masks in which the pixel is pruned, which has the logarithm of a chance."""
        p, beam, pattern = self.profile, self.beam, self.pattern
        if not pattern.enters:
            quiet = _likelihood(self.sample(beam.at), 0.0, p.noise) if pattern.takes else 0.0
            return replace(beam, at=beam.at + int(pattern.takes), score=beam.score + quiet + chance)
        zero = np.zeros_like(beam.sums)
        return Beam(
            sums=beam.sums,
            a=zero,
            b=weight,
            mean=np.full_like(beam.mean, p.mean if pattern.random else 0.0),
            variance=np.full_like(beam.mean, p.variance if pattern.random else 0.0),
            unknown=np.full_like(beam.unknown, pattern.random),
            at=beam.at + 1,
            score=beam.score + self._shown(zero, weight, random=pattern.random) + chance,
        )

    def _chance(self, pixel: int) -> Floats:
        """Chance of each mask that the pixel is multiplied: where pruned ones take no time, so many are left."""
        chance = np.full_like(self.beam.score, self.chance)
        if not self.pattern.takes:
            left = self.made[:, None] - (self.beam.at - self.profile.first)
            chance = left / (len(self.important) - pixel)
        return np.clip(chance, LEAST, 1 - LEAST)

    def evidence(self, pixel: int) -> Evidence:
        """What the traces say of the weight of the pixel that comes next.

        What a candidate lets expect is the mean over the likeliest masks whose next sample is that of the likeliest; a
        trace counts as much as these masks do together.
        """
        beam, p = self.beam, self.profile
        likeliest = np.argsort(-beam.score, axis=1)[:, :CONSIDERED]
        score, sums, at = (np.take_along_axis(each, likeliest, axis=1) for each in (beam.score, beam.sums, beam.at))
        share = np.exp(score - score[:, :1]) * (at == at[:, :1])
        trust = share.sum(axis=1) / np.exp(beam.score - score[:, :1]).sum(axis=1)
        share /= share.sum(axis=1, keepdims=True)
        inputs, expected = self.traces.inputs[:, pixel], np.zeros((len(p.candidates), len(at)))
        for mask in range(share.shape[1]):
            expected += share[:, mask] * p.changes(sums[:, mask], inputs)
        entry, change = self.sample(at[:, :1]), self.sample(at[:, :1] + 1)
        if not self.important[pixel]:
            trust = trust * self._ran(entry, change)
        return Evidence(expected, change, trust)

    def _ran(self, entry: Floats, change: Floats) -> Floats:
        """Chance of each trace that the pixel was multiplied, and its change shows in the next sample."""
        p, pattern = self.profile, self.pattern
        if not pattern.enters:
            return self._loud(entry) * self._loud(change) if pattern.takes else np.ones(len(entry))
        if pattern.random:
            return np.ones(len(entry))
        run = _likelihood(change, p.usual, p.usual_variance)
        not_run = _likelihood(change, p.usual - p.mean, p.usual_variance - p.variance)
        return _share(run, not_run, self.chance)

    def _loud(self, seen: Floats) -> Floats:
        """Chance of each trace that something happened in a sample."""
        p = self.profile
        return _share(_likelihood(seen, p.usual, p.usual_variance), _likelihood(seen, 0.0, p.noise), self.chance)


def _likelihood(seen: Floats, mean: Floats | float, variance: Floats | float) -> Floats:
    """Logarithm of a normal distribution."""
    found: Floats = -0.5 * ((seen - mean) ** 2 / variance + np.log(variance))
    return found


def _share(run: Floats, other: Floats, chance: float) -> Floats:
    """The chance of the first of two explanations, of shape (traces, 1), as (traces,)."""
    chance = min(max(chance, LEAST), 1 - LEAST)
    found: Floats = 1 / (1 + np.exp(np.clip(other - run, -50, 50)) * (1 - chance) / chance)
    return found[:, 0]


def aware_evidence(search: Search, weights: Matrix, pixels: Sequence[int]) -> Iterator[tuple[int, Evidence]]:
    """The evidence for the weights of some pixels, with those before each given.

    Parameters
    ----------
    search : Search
        At the first pixel.
    weights : int64 array of shape (K,) or (traces, K)
    pixels : sequence of int
    """
    for pixel in range(max(pixels) + 1):
        if pixel in pixels:
            yield pixel, search.evidence(pixel)
        search.advance(pixel, weights[..., pixel])

"""An attack on every weight behind a gate, by every attacker, with more and more traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hdl.params.gate import MODES, PROBABILITY_BITS
from sim_tb.golden import Matrix
from sim_tb.systems.gate.attack import WINDOW, Evidence, Profile, naive_evidence, profile_of
from sim_tb.systems.gate.jobs import Setting
from sim_tb.systems.gate.patterns import PATTERNS, Search, aware_evidence
from sim_tb.systems.gate.traces import Traces, record

__all__ = ["ATTACKERS", "Attack", "attack"]

#: Attackers by name, in words.
ATTACKERS = {
    "fixed": "naive, the sample of the unprotected schedule",
    "window": f"naive, the best of {2 * WINDOW + 1} samples around it",
    "aware": "pattern-aware: finds the mask of each trace first",
}
#: Traces of the attacker's own device.
OWN = 400


@dataclass(frozen=True)
class Attack:
    """What attackers found.

    Parameters
    ----------
    counts : tuple of int
        Numbers of traces.
    pixels : tuple of int
        Positions whose weights were attacked.
    ranks : dict of str to int64 array of shape (counts, targets)
        Wrong candidates that were at least as good as the right weight, by attacker; a target is a pixel of a key.
    """

    counts: tuple[int, ...]
    pixels: tuple[int, ...]
    ranks: dict[str, Matrix]

    def found(self, attacker: str, count: int) -> int:
        """Weights that rank first."""
        return int((self.ranks[attacker][self.counts.index(count)] == 0).sum())

    def mean_rank(self, attacker: str, count: int) -> float:
        """Mean over the targets; half of the wrong candidates if nothing is known."""
        return float(self.ranks[attacker][self.counts.index(count)].mean())

    def over(self, figure: Callable[[str, int], float], digits: int = 0) -> dict[str, list[float]]:
        """A figure by attacker, at every number of traces, rounded; with no digits it is a whole one."""
        return {name: [round(figure(name, count), digits or None) for count in self.counts] for name in ATTACKERS}

    def best(self, count: int) -> int:
        """Weights that the best attacker finds."""
        return max(self.found(name, count) for name in ATTACKERS)

    @property
    def targets(self) -> int:
        """Weights that were attacked."""
        return int(next(iter(self.ranks.values())).shape[1])


def attack(
    setting: Setting, keys: Matrix, pixels: Sequence[int], counts: Sequence[int], sigma: float, seed: int, state: int
) -> Attack:
    """Record traces of every key, and let every attacker look for its weights.

    Parameters
    ----------
    setting : Setting
    keys : int64 array of shape (keys, K)
        Secret weights; of each as many traces are recorded.
    pixels : sequence of int
        Which of them are attacked, with those before each given.
    counts : sequence of int
        Numbers of traces, growing.
    sigma : float
        Standard deviation of the noise, in toggles.
    seed, state : int
        Of inputs, noise and the attacker's own weights; of the gate's generator.
    """
    rng = np.random.default_rng([seed, len(keys)])
    params, most, k = setting.params, max(counts), keys.shape[1]
    own: Matrix = rng.integers(params.engine.b.min, params.engine.b.max + 1, (k,))
    bare = replace(setting, important=np.ones(params.pixels, bool))
    profile = profile_of(record(bare, own, OWN, sigma, rng, state), own, params.engine.accumulator, params.engine.b)
    recorded = record(setting, np.repeat(keys, most, axis=0), most * len(keys), sigma, rng, state)
    ranks: dict[str, list[list[int]]] = {name: [] for name in ATTACKERS}
    for number, key in enumerate(keys):
        part = slice(number * most, (number + 1) * most)
        traces = Traces(recorded.inputs[part], recorded.samples[part], recorded.cycles[part])
        for name, pixel, evidence in _evidence(profile, setting, traces, key, pixels):
            ranks[name].append([evidence.rank(count, profile.candidates, int(key[pixel])) for count in counts])
    return Attack(tuple(counts), tuple(pixels), {name: np.array(found).T for name, found in ranks.items()})


def _evidence(
    profile: Profile, setting: Setting, traces: Traces, key: Matrix, pixels: Sequence[int]
) -> Iterator[tuple[str, int, Evidence]]:
    """What every attacker has for every pixel."""
    for pixel in pixels:
        yield "fixed", pixel, naive_evidence(profile, traces, key, pixel)
        yield "window", pixel, naive_evidence(profile, traces, key, pixel, WINDOW)
    chance = setting.threshold / (1 << PROBABILITY_BITS)
    important = (setting.important | (not MODES[setting.mode].prunes))[: len(key)]
    search = Search(profile, PATTERNS[setting.mode], traces, important, chance)
    for pixel, evidence in aware_evidence(search, key, pixels):
        yield "aware", pixel, evidence

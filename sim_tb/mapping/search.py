"""The best engine for a network within an area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from hdl.params import CheckFailed, EngineParams
from sim_tb.mapping.fit import Fit, Measured, fit
from sim_tb.mapping.kinds import SIDES, Kind
from sim_tb.mapping.layer import layer
from sim_tb.workloads.gemm import Topology

__all__ = ["Candidate", "Found", "front", "network_cycles", "search"]

#: The first size of every kind, and those that a model is made of beside it.
FIRST = (4, 4)
SIZES = ((4, 8), (8, 4), (6, 6), (8, 8))
#: Engines are as large as this share of the area at least.
LEAST = 0.4

#: Synthesises engines side by side.
Measure = Callable[[Sequence[EngineParams]], Sequence[Measured]]


@dataclass(frozen=True)
class Candidate:
    """An engine, and what it makes of the network.

    Parameters
    ----------
    kind : Kind
    params : EngineParams
    area, clock : float
        In the library's units.
    cycles : float
        Of the network.
    measured : bool
        Area and clock are from synthesis; else from a model.
    """

    kind: Kind
    params: EngineParams
    area: float
    clock: float
    cycles: float
    measured: bool = False

    @property
    def time(self) -> float:
        """Of the network, in the unit of the clock."""
        return self.cycles * self.clock


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Parameters
    ----------
    best, preset : Candidate
        The best engine, and the best of those that have a name; both measured, and within the area.
    front : sequence of Candidate
        Engines within the area of which none is both smaller and faster, the smallest first.
    fits : dict of Fit
        The models, by the words of their kind.
    looked_at : int
        Engines that were compared by a model.
    synthesised : int
        Engines that were synthesised.
    """

    best: Candidate
    preset: Candidate
    front: Sequence[Candidate]
    fits: dict[str, Fit]
    looked_at: int
    synthesised: int


def network_cycles(params: EngineParams, topology: Topology, sigma: float | None = None) -> float:
    """Cycles of all layers, one job after the other."""
    alike = Counter(replace(product, name="layer", kind="layer") for product in topology)
    return sum(count * layer(params, product, sigma).cycles for product, count in alike.items())


def search(
    topology: Topology,
    area: float,
    found: Sequence[Kind],
    measure: Measure,
    *,
    sigma: float | None = None,
    keep: int = 4,
    say: Callable[[str], None] = lambda text: None,
) -> Found:
    """Look for the engine that computes a network in the least time.

    Every kind is synthesised at one small size; of those that compute most for their area there, ``keep`` presets and
    ``keep`` others are synthesised at some more. From these a model of area and clock is made, which compares engines
    of all sizes within the area; cycles are those of each engine on the network. What seems best is synthesised itself,
    until one has proved to be within the area, and no slower than all that were not tried seem to be.

    Raises
    ------
    CheckFailed
        If no engine fits.
    """
    total = 0

    def measured(engines: Sequence[EngineParams], what: str) -> list[Measured]:
        nonlocal total
        total += len(engines)
        say(f"synthesising {len(engines)} engines, {what}")
        return list(measure(engines))

    firsts = measured([kind.sized(*FIRST) for kind in found], "one of each kind")
    ranked = sorted(zip(found, firsts, strict=True), key=lambda each: _worth(each[1], topology, sigma))
    kept = [*[each for each in ranked if each[0].named][:keep], *[each for each in ranked if not each[0].named][:keep]]
    sizes = [(kind, size) for kind, _ in kept for size in SIZES]
    more = iter(measured([kind.sized(*size) for kind, size in sizes], "of the best kinds"))
    fits = {kind: fit([first, *(next(more) for _ in SIZES)]) for kind, first in kept}
    say("comparing engines of all sizes")
    candidates = [each for kind, model in fits.items() for each in _sizes(kind, model, topology, area, sigma)]

    def proved(some: list[Candidate]) -> Candidate:
        """The fastest of them by synthesis."""
        best: Candidate | None = None
        for each in sorted(some, key=lambda one: one.time):
            if best is not None and best.time <= each.time:
                break
            [true] = measured([each.params], "which seems to be the best")
            if true.area <= area:
                known = replace(each, area=true.area, clock=true.clock, measured=True)
                best = known if best is None else min(best, known, key=lambda one: one.time)
        if best is None:
            raise CheckFailed(f"no engine fits into an area of {area:,.6g}")
        return best

    preset = proved([each for each in candidates if each.kind.named])
    other = [each for each in candidates if not each.kind.named and each.time < preset.time]
    try:
        best = min(preset, proved(other), key=lambda each: each.time) if other else preset
    except CheckFailed:
        best = preset
    whole = front([*(each for each in candidates if each.params not in (best.params, preset.params)), best, preset])
    models = {kind.words: model for kind, model in fits.items()}
    return Found(best, preset, whole, models, len(candidates), total)


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of which none other is both no larger and no slower; the smallest first."""
    kept: list[Candidate] = []
    for each in sorted(candidates, key=lambda one: (one.area, one.time)):
        if not kept or each.time < kept[-1].time:
            kept.append(each)
    return kept


def _worth(measured: Measured, topology: Topology, sigma: float | None) -> float:
    """Area times time of the network: less is better."""
    return measured.area * measured.clock * network_cycles(measured.params, topology, sigma)


def _sizes(kind: Kind, model: Fit, topology: Topology, area: float, sigma: float | None) -> Iterator[Candidate]:
    """Engines of a kind that fill the area, none that another of as many rows would fill better."""
    for rows in SIDES:
        fitting = [cols for cols in SIDES if model.area(kind.sized(rows, cols)) <= area]
        for cols in fitting[-3:]:
            params = kind.sized(rows, cols)
            if (size := model.area(params)) >= LEAST * area:
                yield Candidate(kind, params, size, model.clock, network_cycles(params, topology, sigma))

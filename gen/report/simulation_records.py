"""What the page reads of ``sim.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ComparedRun", "FrontRun", "LayerRun", "NetworkRun", "Simulation"]


@dataclass(frozen=True, kw_only=True)
class LayerRun:
    """A layer of a network that was simulated; ``computed`` holds the sizes of what was computed of it."""

    name: str
    kind: str
    computed: Mapping[str, int]
    cropped: bool
    cycles: int
    utilization: float
    elements_checked: int
    mismatches: int
    corrections: str


@dataclass(frozen=True, kw_only=True)
class NetworkRun:
    """A network of which layers were simulated."""

    file: str
    layers_of_network: int
    input: str
    layers: tuple[LayerRun, ...]
    elsewhere: Mapping[str, str]
    others: Mapping[str, int]
    quantised: str | None = None


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """Results behind something that were compared beside the workload; ``what`` says how it was set."""

    what: str
    elements_checked: int
    mismatches: int


@dataclass(frozen=True, kw_only=True)
class FrontRun:
    """What stood in front of the engine that was simulated."""

    what: str
    compared: tuple[ComparedRun, ...]


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """``sim.json``. Keys with a default are those of some workloads or engines only."""

    passed: bool
    workload: str
    elements_checked: int
    mismatches: int
    macs: int
    cycles: int
    utilization: float
    seed: int
    sim_seconds: float
    macs_per_second: float
    counters: Mapping[str, int]
    problems: tuple[str, ...]
    versions: Mapping[str, str]
    cycles_per_step: float | None = None
    tiles: int | None = None
    images: int | None = None
    accuracy: float | None = None
    accuracy_numpy: float | None = None
    accuracy_float: float | None = None
    against: str = "NumPy"
    network: NetworkRun | None = None
    front: FrontRun | None = None

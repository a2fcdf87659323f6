"""What a configuration says beside the hardware: one frozen object for each of its other sections."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_K", "OutputSettings", "SynthSettings", "WorkloadSettings"]

#: Inner size of random tiles, where accumulators hold their sums.
DEFAULT_K = 64


@dataclass(frozen=True, kw_only=True)
class WorkloadSettings:
    """What the simulation computes; the keys of ``[workload]``."""

    name: str = "digits"
    tiles: int = 64
    k: int = DEFAULT_K
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class SynthSettings:
    """How the hardware is synthesised; the keys of ``[synth]``, paths resolved against the configuration file."""

    library: str | tuple[str, ...] = "auto"
    lef: str = "auto"
    wires: str | float = "auto"
    clock_ns: float | str = "auto"
    effort: str = "normal"
    compare: tuple[str, ...] = ("mac",)
    operands: str = "normal"


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """What the generated files look like; the keys of ``[output]``."""

    prefix: str = "bitloom"

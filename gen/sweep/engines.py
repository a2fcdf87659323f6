"""Sweeps of ``bitloom synth``: engines over any keys of a configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.config import SynthSettings, read
from gen.keys import KEYS, SECTIONS
from gen.sweep.point import CONFIG, Task
from gen.sweep.toml import tables

__all__ = ["Engines"]

COMPARE = "synth.compare"
#: What names files.
FILES = ("synth.library", "synth.lef")


@dataclass(frozen=True)
class Engines:
    """The kind of sweep.

    Parameters
    ----------
    figures : mapping
        Unit of every figure in ``synth.json``.
    identify : callable
        Of what is said about the library: a hash of what is in it. Raises ToolError where it is missing or unusable.
    """

    figures: Mapping[str, str]
    identify: Callable[[SynthSettings], str]
    command: str = "synth"
    modules: tuple[str, ...] = ("gen.emit", "gen.config", "gen.explain", "sim_tb.rate", "synth_scripts.engine.run")
    group: str = "library"
    charts: tuple[tuple[str, str], ...] = (
        ("engine_total_area_um2", "throughput_gops"),
        ("pj_per_mac", "gops_per_mm2_engine_total"),
    )

    @property
    def tables(self) -> Mapping[str, str]:
        """The sections of a configuration."""
        return {name: f"{name}." for name in SECTIONS}

    def key(self, name: str) -> str:
        """The path of a key of a configuration."""
        return next((key.path for key in KEYS if name in (key.name, key.path)), "")

    def names(self) -> Iterable[str]:
        """Its names."""
        yield from (key.name for key in KEYS)
        yield from (key.path for key in KEYS)

    def task(self, values: Mapping[str, Any], folder: Path) -> tuple[str, Task, Mapping[str, Any]]:
        """``bitloom synth`` of a configuration with these values; compared with nothing, unless they say so."""
        given: dict[str, dict[str, Any]] = {}
        for path, value in {COMPARE: [], **values}.items():
            section, _, name = path.partition(".")
            given.setdefault(section, {})[name] = value
        config = read(given, Path(os.path.abspath(folder)) / CONFIG)
        for path in FILES:  # which now have their whole path
            if path in values:
                name = path.removeprefix("synth.")
                given["synth"][name] = getattr(config.synth, name)
        task = Task(("synth", CONFIG), tables(given))
        # The whole configuration: defaults are part of it.
        basis = {"library": self.identify(config.synth), **config.to_dict()}
        return config.title, task, basis

    def found(self, result: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Figures and short texts of ``synth.json``, and ratios over what it is compared with."""
        keys = ("library", "corner", "area_unit", "clock_met", "style", "activity", "throughput_by")
        texts = {key: result[key] for key in keys if key in result}
        figures = {key: result.get(key) for key in result["units"]}
        for other in result.get("compared", ()):
            figures |= {f"over_{other['scheme']}.{name}": ratio for name, ratio in other["ratios"].items()}
        return {**texts, **figures}, result["units"]

"""What the page reads of the JSON files: one record a kind of object, checked key by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from gen.report.figures import is_number
from hdl.params import Problem
from hdl.params.presets import is_baseline

__all__ = ["Compared", "Design", "Manifest", "Memory", "Part", "Port", "Ratios", "Record", "Synthesis", "read"]

Record = TypeVar("Record")

#: The figures of a design whose units the page shows.
FIGURES = (
    "clock_ns",
    "fmax_mhz",
    "core_area_um2",
    "throughput_gops",
    "gops_per_mm2_engine",
    "power_mw",
    "gops_per_w",
    "pj_per_mac",
)
#: Figures that are never zero: they are divided by, and drawn on logarithmic scales.
POSITIVE = (
    *("clock_asked_ns", "clock_ns", "fmax_mhz", "core_fmax_mhz"),
    *("core_area_um2", "engine_area_um2", "engine_total_area_um2", "throughput_gops", "core_throughput_gops"),
    *("gops_per_mm2_core", "gops_per_mm2_engine", "gops_per_mm2_engine_total", "pj_per_mac", "core_pj_per_mac"),
    *("glitch_pj_per_mac", "glitch_core_pj_per_mac"),
    *("engine_fmax_mhz_wireless", "core_fmax_mhz_wireless", "pj_per_mac_wireless", "core_pj_per_mac_wireless"),
    *("glitch_pj_per_mac_wireless", "glitch_core_pj_per_mac_wireless"),
)
#: Units as they are typeset; all others stand as they are.
TYPESET = {"um2": "µm²", "GOPS/mm2": "GOPS/mm²"}


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of the top module; ``width`` in bits."""

    name: str
    direction: str
    width: int
    description: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """``manifest.json``."""

    bitloom_version: str
    config: Mapping[str, Any]
    config_hash: str
    top: str
    prefix: str
    ports: tuple[Port, ...]
    latency: int | None
    tools: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Area of all instances of a module, mapped to cells."""

    role: str
    module: str
    instances: int
    area_um2: float
    core: bool

    def __post_init__(self) -> None:
        if self.area_um2 < 0:
            raise ValueError(f"area_um2: must be zero or more, is {self.area_um2:g}")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A memory; ``macro`` where it stands as a black box, otherwise it is made of flip-flops."""

    module: str
    words: int
    width: int
    reads: int
    instances: int
    macro: bool


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """The engine over another design: larger is better for the engine, None where one of the two is unknown.

    Parameters
    ----------
    area_core, area_engine, area_engine_total : float or None
        Throughput over area.
    energy_core, energy_engine, glitch_energy_core, glitch_energy_engine : float or None
        Operations for the same energy, without glitches and with them.
    clock : float or None
        Clock rate.
    """

    area_core: float | None
    area_engine: float | None
    area_engine_total: float | None
    energy_core: float | None
    energy_engine: float | None
    glitch_energy_core: float | None
    glitch_energy_engine: float | None
    clock: float | None

    @property
    def energy(self) -> float | None:
        """Of the engine, with glitches where they are known."""
        return self.energy_engine if self.glitch_energy_engine is None else self.glitch_energy_engine

    def __post_init__(self) -> None:
        for key, value in vars(self).items():
            if value is not None and value <= 0:
                raise ValueError(f"{key}: must be greater than zero, is {value:g}")


@dataclass(frozen=True, kw_only=True)
class Design:
    """A synthesised design, in the units that ``units`` names."""

    scheme: str
    library: str
    corner: str
    library_notes: tuple[str, ...]
    tools: Mapping[str, str]
    timing_by: str
    clock_asked_ns: float | None
    clock_met: bool
    clock_ns: float
    wns_ns: float
    fmax_mhz: float
    core_fmax_mhz: float
    core_area_um2: float
    engine_area_um2: float
    engine_total_area_um2: float
    macro_area_estimate_um2: float
    macro_bits: int
    memories: tuple[Memory, ...]
    memory_model: str
    core_inside: str
    engine_inside: str
    parts: tuple[Part, ...]
    cells: int
    macs_per_cycle: float | None
    throughput_by: str
    throughput_gops: float | None
    core_throughput_gops: float | None
    gops_per_mm2_core: float | None
    gops_per_mm2_engine: float | None
    gops_per_mm2_engine_total: float | None
    power_mw: float | None
    core_power_mw: float | None
    macro_power_mw: float | None
    power_model: str
    activity: str
    gops_per_w: float | None
    pj_per_mac: float | None
    core_pj_per_mac: float | None
    glitches: str
    glitch_power_mw: float | None
    glitch_core_power_mw: float | None
    glitch_pj_per_mac: float | None
    glitch_core_pj_per_mac: float | None
    styles: Mapping[str, str]
    tried: int
    critical_path: str
    checks: Mapping[str, int]
    units: Mapping[str, str]
    wire_ff_per_sink: float = 0.0
    wires: str = "none"
    engine_fmax_mhz_wireless: float | None = None
    core_fmax_mhz_wireless: float | None = None
    pj_per_mac_wireless: float | None = None
    core_pj_per_mac_wireless: float | None = None
    glitch_pj_per_mac_wireless: float | None = None
    glitch_core_pj_per_mac_wireless: float | None = None

    def __post_init__(self) -> None:
        if missing := [key for key in FIGURES if key not in self.units]:
            raise ValueError(f"units: has no {', '.join(missing)}")
        for key, value in vars(self).items():
            if is_number(value) and value <= 0 and (value < 0 or key in POSITIVE) and key != "wns_ns":
                least = "greater than zero" if key in POSITIVE else "zero or more"
                raise ValueError(f"{key}: must be {least}, is {value:g}")

    def clock_of(self, fmax: float | None) -> float | None:
        """A clock in ``clock_unit``."""
        return fmax if self.silicon or fmax is None else 1e3 / fmax

    def unit(self, key: str) -> str:
        """The unit of a figure, typeset."""
        return TYPESET.get(self.units[key], self.units[key])

    @property
    def silicon(self) -> bool:
        """The library is of a process: its clock has a frequency, its area is one."""
        return self.units["clock_ns"] == "ns"

    @property
    def clock_unit(self) -> str:
        """A frequency where there is a process; else the clock is given by its period."""
        return self.unit("fmax_mhz" if self.silicon else "clock_ns")

    @property
    def clock_name(self) -> str:
        """What ``clock`` is: a netlist made for a clock that was asked for may be slower than the best there is."""
        name = "clock" if self.silicon else "clock period"
        return f"Best {name}" if self.clock_asked_ns is None else f"{name.capitalize()} reached"

    @property
    def clock(self) -> float:
        """The clock that the engine reaches, in ``clock_unit``."""
        return self.fmax_mhz if self.silicon else 1e3 / self.fmax_mhz

    @property
    def core_clock(self) -> float:
        """The clock that the core reaches, in ``clock_unit``."""
        return self.core_fmax_mhz if self.silicon else 1e3 / self.core_fmax_mhz

    @property
    def is_baseline(self) -> bool:
        """It has the scheme that gains and costs are measured against."""
        return is_baseline(self.scheme)


@dataclass(frozen=True, kw_only=True)
class Compared(Design):
    """A design that the engine is compared with."""

    ratios: Ratios


@dataclass(frozen=True, kw_only=True)
class Synthesis(Design):
    """``synth.json``: the engine, and the designs it is compared with."""

    compared: tuple[Compared, ...]

    @property
    def designs(self) -> tuple[Design, ...]:
        """The engine first, then the others."""
        return (self, *self.compared)

    @property
    def baseline(self) -> Compared | None:
        """What gains and costs are measured against: ``mac`` where it is there, else the first."""
        macs = [design for design in self.compared if design.is_baseline]
        return next(iter((*macs, *self.compared)), None)

    @property
    def has_memories(self) -> bool:
        """One of the designs has a memory, so that its area depends on how memories are counted."""
        return any(design.memories for design in self.designs)


def read(kind: type[Record], value: Any, where: str, problems: list[Problem], hint: str) -> Record | None:
    """Make a record of a JSON value; what is wrong with it is appended to ``problems``.

    Keys that the record doesn't have are ignored, keys with a default may be missing.
    """
    found = len(problems)
    record = _record(kind, value, where, problems, hint)
    return record if len(problems) == found else None


def _record(kind: Any, value: Any, where: str, problems: list[Problem], hint: str) -> Any:
    if not isinstance(value, dict):
        problems.append(Problem(where, f"must be an object, is {_shown(value)}", hint))
        return None
    missing = [field.name for field in fields(kind) if field.default is MISSING and field.name not in value]
    if missing:
        problems.append(Problem(where, f"has no {', '.join(missing)}", hint))
    hints, found = get_type_hints(kind), len(problems)
    known = {
        field.name: _value(hints[field.name], value[field.name], f"{where}: {field.name}", problems, hint)
        for field in fields(kind)
        if field.name in value
    }
    if missing or len(problems) > found:
        return None
    try:
        return kind(**known)
    except ValueError as error:
        problems.append(Problem(where, str(error), hint))
        return None


def _value(kind: Any, value: Any, where: str, problems: list[Problem], hint: str) -> Any:
    """A value of one of the types that records are made of."""
    if get_origin(kind) is UnionType:
        if value is None:
            return None
        kind = next(each for each in get_args(kind) if each is not NoneType)
    if is_dataclass(kind):
        return _record(kind, value, where, problems, hint)
    if get_origin(kind) is tuple and isinstance(value, list):
        items = enumerate(value)
        return tuple(_value(get_args(kind)[0], item, f"{where}[{i}]", problems, hint) for i, item in items)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return {key: _value(get_args(kind)[1], item, f"{where}.{key}", problems, hint) for key, item in value.items()}
    fits = {
        float: is_number(value),
        int: is_number(value) and value == int(value),
        bool: isinstance(value, bool),
        str: isinstance(value, str),
        Any: True,
    }
    if not fits.get(kind, False):
        words = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}
        expected = words.get(kind) or ("a list" if get_origin(kind) is tuple else "an object")
        problems.append(Problem(where, f"must be {expected}, is {_shown(value)}", hint))
    return value


def _shown(value: Any) -> str:
    """A JSON value in a message."""
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."

"""Named systems, and where each of their values comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hdl.params.errors import ConfigError, Problem, near_name
from hdl.params.pim.energy import EnergyTable
from hdl.params.pim.system import BEYOND, LIMITS, SWITCHES, PimParams
from hdl.params.pim.timing import TimingTable

__all__ = ["PRESETS", "energy_note", "energy_sources", "preset", "size_sources", "timing_sources"]

#: The source of a value that no preset has.
GIVEN = "given with the system"
#: Values by their keys, each with its source.
Sourced = Mapping[str, tuple[Any, str]]


def _sources(values: Sourced, defaults: Mapping[str, str]) -> dict[str, str]:
    return dict(defaults) | {key: source for key, (_, source) in values.items()}


@dataclass(frozen=True)
class _Preset:
    """A system, and the sources of its sizes, times and energies by their keys."""

    params: PimParams
    sizes: dict[str, str]
    timing: dict[str, str]
    energy: dict[str, str]

    @classmethod
    def of(cls, sizes: Sourced, timing: Sourced, energy: Sourced) -> _Preset:
        """A preset by what differs from PIM-GPT's system."""
        plain = [{key: value for key, (value, _) in table.items()} for table in (sizes, timing, energy)]
        return cls(
            params=PimParams(timing=TimingTable(**plain[1]), energy=EnergyTable(**plain[2]), **plain[0]),
            sizes=_sources(sizes, _PAPER_SIZES),
            timing=_sources(timing, TimingTable.sources()),
            energy=_sources(energy, {key: rule["source"] for key, rule in EnergyTable.rules().items()}),
        )


_PAPER = "stated for PIM-GPT; not checked against the paper"
_CHOSEN = "chosen; PIM-GPT gives none"
_PAPER_SIZES = dict.fromkeys(("channels", "banks", "lanes", "gb_words"), _PAPER) | {
    "row_cols": f"rows of 2 KiB, {_PAPER}",
    "rows": f"4 Gb a channel, {_PAPER}",
    "sram_words": f"128 KiB, {_PAPER}",
    "vector_lanes": f"256 adders and 128 multipliers, {_PAPER}",
    "program_words": _CHOSEN,
    "mark_depth": _CHOSEN,
    **dict.fromkeys(BEYOND, "the least there is; more goes beyond PIM-GPT"),
}

# GDDR6-AiM as CENT's authors measured it and wrote it into aim_simulator (preset GDDR6_AiM_timing), 0.5 ns a clock.
_MEASURED = "aim_simulator's preset, set for AiM from measurements and publications"
_CARRIED = "aim_simulator's preset, the same as in its GDDR6 preset of 0.57 ns a clock: no measurement"
_DESIGNED = "aim_simulator's preset; whether it was measured is not said"
_AIM_TIMING: dict[str, tuple[int, str]] = {
    "clock_ps": (500, "aim_simulator's preset"),
    "trcd_rd": (36, _MEASURED),
    "trcd_wr": (28, _MEASURED),
    "trcd_mac": (56, _MEASURED),
    "trp": (32, _MEASURED),
    "tras": (54, _MEASURED),
    "trc": (89, _CARRIED),
    "tccd": (2, _MEASURED),
    "tbl": (2, _MEASURED),
    "twr": (33, _MEASURED),
    "trtp": (12, _MEASURED),
    "twtr": (11, f"nWTRL of {_CARRIED}"),
    "trtw": (4, "aim_simulator's rules: 3 clocks and one of preamble"),
    "trrd": (11, f"nRRDS of {_CARRIED}"),
    "tfaw": (0, "off: aim_simulator's preset has 42, which no rule of it uses"),
    "trfc": (240, "120 ns, as GDDR6 presets have it; aim_simulator's 210 are those at 0.57 ns a clock"),
    "trefi": (3800, "1.9 us, as GDDR6 presets have it; aim_simulator's 3333 are those at 0.57 ns a clock"),
    "tmod": (32, _DESIGNED),
    "tmac": (6, "assumed"),
    "cl": (50, _MEASURED),
    "cwl": (6, _CARRIED),
    "cl_reg": (1, "the least there is; 0 in aim_simulator"),
    "cwl_reg": (1, _DESIGNED),
}

# What aim_simulator really runs with, once it has overwritten parts of its preset with tables of its own.
_REFERENCE_TIMING = _AIM_TIMING | {
    "clock_ps": (500, "aim_simulator's preset; 1000 in effect, which only times given in nanoseconds depend on"),
    "trrd": (5, "nRRDS of aim_simulator's table for x16, which replaces its preset's 11; 6 in one bank group"),
    "tfaw": (0, "off: aim_simulator's table has 28, and no rule uses them"),
    "trfc": (1, "the least there is; 0 in aim_simulator, which never refreshes"),
    "trefi": (0, "off: aim_simulator never issues a refresh"),
    "tmac": (2, "aim_simulator has no such rule but nCCD"),
}

# The same group's power model: a MAC costs three reads. Its refresh power is not published, so PIM-GPT's stands in.
_POWER = "power model of GDDR6-AiM that its users publish (CENT)"
_AIM_ENERGY: dict[str, tuple[float, str]] = {
    "standby_active": (263.75, _POWER),
    "standby_precharged": (183.15, _POWER),
    "activate": (66.3, _POWER),
    "read": (438.15, _POWER),
    "write": (553.15, _POWER),
    "mac": (3 * 438.15, f"three reads of the {_POWER}"),
    "refresh": (168.75, "PIM-GPT's: AiM's is not published"),
    "interface_pj_per_bit": (5.5, _POWER),
}

# Short, and no two times alike where one could stand for the other: a rule that is missing shows.
_SHORT = "chosen for tests: short, and unlike other times"
_TINY_TIMING = {
    key: (clocks, _SHORT)
    for key, clocks in {
        "trcd_rd": 5,
        "trcd_wr": 4,
        "trcd_mac": 7,
        "trp": 6,
        "tras": 13,
        "trc": 20,
        "tccd": 2,
        "tbl": 1,
        "twr": 8,
        "trtp": 3,
        "twtr": 5,
        "trtw": 2,
        "trrd": 3,
        "tfaw": 14,
        "trfc": 30,
        "trefi": 600,
        "tmod": 3,
        "tmac": 6,
        "cl": 9,
        "cwl": 4,
        "cl_reg": 2,
        "cwl_reg": 1,
    }.items()
} | {"clock_ps": (1000, "chosen for tests")}
# 32 adders and 16 multipliers in the vector unit, 16 KiB of SRAM.
_TINY_SIZES = {
    key: (size, "chosen for simulation of the hardware: small")
    for key, size in {
        "channels": 2,
        "banks": 4,
        "lanes": 4,
        "row_cols": 8,
        "rows": 64,
        "gb_words": 8,
        "sram_words": 2048,
        "program_words": 256,
        "vector_lanes": 4,
        "mark_depth": 16,
    }.items()
}

_KNOWN = {
    # The system of PIM-GPT (arXiv 2310.09385). Times that the paper does not give are the least there are.
    "pimgpt_paper": _Preset.of({}, {}, {}),
    "aim_measured": _Preset.of({}, _AIM_TIMING, _AIM_ENERGY),
    "aim_reference": _Preset.of({}, _REFERENCE_TIMING, _AIM_ENERGY),
    "tiny": _Preset.of(_TINY_SIZES, _TINY_TIMING, {}),
}
PRESETS = {name: each.params for name, each in _KNOWN.items()}


def preset(name: str) -> PimParams:
    """A named system. Raises ConfigError with the nearest name."""
    if name not in PRESETS:
        message = f"must be one of {', '.join(PRESETS)}, not {name!r}"
        raise ConfigError([Problem("system", message, near_name(name, PRESETS))])
    return PRESETS[name]


#: Banks and lanes of the channels that both energy tables describe.
ENERGY_SHAPE = (16, 16)


def energy_note(params: PimParams) -> str:
    """What to know about a system's energies, in words; an empty text where there is nothing."""
    if (params.banks, params.lanes) == ENERGY_SHAPE or set(energy_sources(params.energy).values()) == {GIVEN}:
        return ""
    banks, lanes = ENERGY_SHAPE
    return (
        f"the table is of channels with {banks} banks of {lanes} lanes, this system's have {params.banks} of "
        f"{params.lanes}: take proportions, not figures"
    )


def size_sources(params: PimParams) -> dict[str, str]:
    """Where each size of a system comes from, by its key: the nearest preset's source, or the system itself."""
    return _nearest(
        params, [(each.params, {key: each.sizes[key] for key in (*LIMITS, *SWITCHES)}) for each in _KNOWN.values()]
    )


def timing_sources(table: TimingTable) -> dict[str, str]:
    """Where each value of a timing table comes from, in the same way."""
    return _nearest(table, [(each.params.timing, each.timing) for each in _KNOWN.values()])


def energy_sources(table: EnergyTable) -> dict[str, str]:
    """Where each value of an energy table comes from, in the same way."""
    return _nearest(table, [(each.params.energy, each.energy) for each in _KNOWN.values()])


def _nearest(values: object, known: list[tuple[object, dict[str, str]]]) -> dict[str, str]:
    """The sources of the known values of which most are the same; of values that differ, the system itself."""

    def same(other: object, keys: Mapping[str, str]) -> list[str]:
        return [key for key in keys if getattr(other, key) == getattr(values, key)]

    nearest, sources = max(known, key=lambda pair: len(same(*pair)))
    return {key: source if key in same(nearest, sources) else GIVEN for key, source in sources.items()}

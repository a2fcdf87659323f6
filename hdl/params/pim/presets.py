"""Named systems."""

from __future__ import annotations

from hdl.params.errors import ConfigError, Problem, near_name
from hdl.params.pim.energy import EnergyTable
from hdl.params.pim.system import PimParams
from hdl.params.pim.timing import TimingTable

__all__ = ["PRESETS", "energy_note", "energy_sources", "preset"]

#: The source of a value that no preset has.
GIVEN = "given with the system"

#: GDDR6-AiM as its users measured it (CENT; tCK 0.5 ns), energies of the same group's power model: a MAC costs three
#: reads; its refresh power is not published, so PIM-GPT's stands in. tRTW is 3 clocks and one of preamble.
_AIM_TIMING = TimingTable(
    clock_ps=500,
    trcd_rd=36,
    trcd_wr=28,
    trcd_mac=56,
    trp=32,
    tras=54,
    trc=89,
    tccd=2,
    tbl=2,
    twr=33,
    trtp=12,
    twtr=11,
    trtw=4,
    trrd=11,
    tfaw=0,
    trfc=210,
    trefi=3333,
    tmod=32,
    tmac=6,
    cl=50,
    cwl=6,
    cl_reg=1,
    cwl_reg=1,
)
_AIM_ENERGY = EnergyTable(
    standby_active=263.75,
    standby_precharged=183.15,
    activate=66.3,
    read=438.15,
    write=553.15,
    mac=3 * 438.15,
    refresh=168.75,
)
_AIM = "power model of GDDR6-AiM that its users publish (CENT)"
_AIM_SOURCES = dict.fromkeys(
    ("standby_active", "standby_precharged", "activate", "read", "write", "interface_pj_per_bit"), _AIM
) | {
    "mac": f"three reads of the {_AIM}",
    "refresh": "PIM-GPT's: AiM's is not published",
}
#: Short, and no two times alike where one could stand for the other: a rule that is missing shows.
_TINY_TIMING = TimingTable(
    trcd_rd=5,
    trcd_wr=4,
    trcd_mac=7,
    trp=6,
    tras=13,
    trc=20,
    tccd=2,
    tbl=1,
    twr=8,
    trtp=3,
    twtr=5,
    trtw=2,
    trrd=3,
    tfaw=14,
    trfc=30,
    trefi=600,
    tmod=3,
    tmac=6,
    cl=9,
    cwl=4,
    cl_reg=2,
    cwl_reg=1,
)

PRESETS = {
    # The system of PIM-GPT (arXiv 2310.09385). Times that the paper does not give are the least there are.
    "pimgpt_paper": PimParams(),
    "aim_measured": PimParams(timing=_AIM_TIMING, energy=_AIM_ENERGY),
    # For simulation of the hardware: 32 adders and 16 multipliers in the vector unit, 16 KiB of SRAM.
    "tiny": PimParams(
        channels=2,
        banks=4,
        lanes=4,
        row_cols=8,
        rows=64,
        gb_words=8,
        sram_words=2048,
        program_words=256,
        vector_lanes=4,
        mark_depth=16,
        timing=_TINY_TIMING,
    ),
}


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


def energy_sources(table: EnergyTable) -> dict[str, str]:
    """Where each value of an energy table comes from, by its key: the nearest preset's source, or the system itself."""
    defaults = {key: rule["source"] for key, rule in EnergyTable.rules().items()}
    known = ((EnergyTable(), defaults), (_AIM_ENERGY, defaults | _AIM_SOURCES))

    def same(other: EnergyTable) -> list[str]:
        return [key for key in defaults if getattr(other, key) == getattr(table, key)]

    nearest, sources = max(known, key=lambda pair: len(same(pair[0])))
    return {key: sources[key] if key in same(nearest) else GIVEN for key in defaults}

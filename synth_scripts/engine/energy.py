"""Figures of power and energy, without glitches and with them, as ``synth.json`` holds them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from synth_scripts.engine import metrics
from synth_scripts.power.engine import EnginePower, Parts, RolePower
from synth_scripts.power.macro import POWER_MODEL

__all__ = ["energy_figures", "no_energy_figures"]

#: What the names of figures with glitches begin with.
GLITCH = "glitch_"
#: What those without wires end with; of these there is energy alone.
WIRELESS = "_wireless"
_ENERGY = ("pj_per_mac", "core_pj_per_mac")


def energy_figures(
    found: EnginePower,
    by_role: Callable[[Parts], RolePower],
    core: Collection[str],
    gops: float | None,
    *,
    whole: bool,
) -> dict[str, Any]:
    """The figures; those that were not measured, with glitches or at a throughput that is not known, are None.

    Parameters
    ----------
    found : EnginePower
        Of the engine that was simulated.
    by_role : callable
        Gives the power of the engine that it stands for.
    core : collection of str
        Roles of the core's parts.
    gops : float or None
        Throughput at the same clock, where it is known.
    whole : bool
        The engine was simulated as it is.
    """
    plain = by_role(found.plain)
    return {
        **_figures(plain, core, gops),
        **_figures(by_role(found.glitching) if found.glitching else None, core, gops, GLITCH),
        **_wireless(by_role(found.wireless), core, gops),
        **_wireless(by_role(found.glitching_wireless) if found.glitching_wireless else None, core, gops, GLITCH),
        "idle_power_mw": by_role(found.idle).total,
        "power_model": POWER_MODEL if plain.macros else "",
        "activity": found.words if whole else f"{found.words}; scaled to the full size by the parts' area",
        "glitches": found.glitch_words,
        "idle": found.idle_words,
        "netlist_results": found.results,
    }


def no_energy_figures(why: str) -> dict[str, Any]:
    """The same where nothing is measured, with the reason."""
    words = {
        "activity": why,
        "glitches": why,
        "idle": why,
        "idle_power_mw": None,
        "power_model": "",
        "netlist_results": 0,
    }
    nothing = [make(None, (), None, prefix) for make in (_figures, _wireless) for prefix in ("", GLITCH)]
    return {**{key: value for found in nothing for key, value in found.items()}, **words}


def _figures(power: RolePower | None, core: Collection[str], gops: float | None, prefix: str = "") -> dict[str, Any]:
    """Power and energy, their names after a prefix."""
    found: dict[str, Any] = {"power_parts_mw": {}} | dict.fromkeys(
        ("power_mw", "core_power_mw", "macro_power_mw", "gops_per_w", "pj_per_mac", "core_pj_per_mac")
    )
    if power is not None:
        inside = sum(power.parts.get(name, 0.0) for name in core)
        found |= {"power_mw": power.total, "core_power_mw": inside, "macro_power_mw": power.macros}
        found["power_parts_mw"] = power.parts
        if gops is not None:
            found["gops_per_w"] = metrics.per_watt(gops, power.total)
            found["pj_per_mac"] = metrics.pj_per_mac(gops, power.total)
            found["core_pj_per_mac"] = metrics.pj_per_mac(gops, inside)
    return {f"{prefix}{name}": value for name, value in found.items()}


def _wireless(power: RolePower | None, core: Collection[str], gops: float | None, prefix: str = "") -> dict[str, Any]:
    """Energy without that of wires."""
    figures = _figures(power, core, gops)
    return {f"{prefix}{name}{WIRELESS}": figures[name] for name in _ENERGY}

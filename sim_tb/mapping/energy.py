"""What a cycle of an engine takes, from what synthesis measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Energy"]


@dataclass(frozen=True)
class Energy:
    """Energy of a cycle.

    Parameters
    ----------
    busy, idle : float
        pJ of a cycle in which all PEs work, and of one in which none does.
    source : str
        Where they are from, in words.
    """

    busy: float
    idle: float
    source: str

    @classmethod
    def of(cls, synth: Mapping[str, Any], place: str) -> Energy | None:
        """From the content of a ``synth.json``; None where no power was measured.

        With glitches where they were simulated. A cycle in which the array fills or drains counts as an idle one: what
        begins to work later ends later, so that all PEs work for as many cycles as operands enter. Where no idle power
        was measured all cycles count as busy ones.

        Parameters
        ----------
        place : str
            What to call the file.
        """
        key = "glitch_power_mw" if synth.get("glitch_power_mw") is not None else "power_mw"
        power = synth.get(key)
        if power is None:
            return None
        idle = synth.get("idle_power_mw")
        glitches = "with glitches" if key.startswith("glitch") else "without glitches"
        filling = "cycles without work count as busy ones" if idle is None else f"{idle:,.4g} mW without operands"
        clock = synth["clock_ns"]
        source = f"{place}: {power:,.4g} mW at {clock:.4g} ns on {synth['library']}, {glitches}; {filling}"
        return cls(power * clock, (power if idle is None else idle) * clock, source)

    def picojoules(self, cycles: float, busy: float) -> float:
        """Of so many cycles, of which some are busy."""
        return busy * self.busy + (cycles - busy) * self.idle

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

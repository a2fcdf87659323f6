"""The clock that was asked for, and the one at which figures hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synth_scripts.library.library import Library

__all__ = ["Clock", "target"]

#: What two timers' rounding may differ by.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Clock:
    """A clock period asked for, and the least one that timing confirms.

    Parameters
    ----------
    asked : float or None
        ns; None where the design's own best was asked for.
    reached : float
        ns.
    """

    asked: float | None
    reached: float

    @property
    def met(self) -> bool:
        """The clock asked for is reached; a design's own best always is."""
        return self.asked is None or self.reached <= self.asked * (1 + TOLERANCE)

    @property
    def period(self) -> float:
        """The period (ns) of all figures: the one asked for if it is met, else the one reached."""
        return self.asked if self.asked is not None and self.met else self.reached

    @property
    def slack(self) -> float:
        """Of the worst path at the clock asked for, ns: negative where it is missed."""
        return 0.0 if self.asked is None else self.asked - self.reached

    def figures(self) -> dict[str, Any]:
        """As JSON files hold it."""
        return {
            "clock_asked_ns": self.asked,
            "clock_met": self.met,
            "clock_ns": self.period,
            "wns_ns": self.slack,
        }


def target(asked: float | None, library: Library) -> float | None:
    """The period (ns) to search at: a clock below a flip-flop and one gate is out of reach, and is searched as that."""
    if asked is None:
        return None
    least = library.flop_delay_ps + library.flop_setup_ps + library.fo4_ps
    return max(asked, least / 1e3)

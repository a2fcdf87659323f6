"""The ways in which what is around the core is synthesised, of which the best one is kept."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

__all__ = ["COPIES", "STRONG", "USUAL", "VARIANTS", "Variant"]

#: Limits for drivers, FO4. Strong ones throughout save some hundredths of a path through several modules.
USUAL, STRONG = 1.5, 0.6


class Variant(NamedTuple):
    """One way; a tuple, as it is kept with its result.

    Parameters
    ----------
    adder : str
        The style of carry-propagate adders.
    script : str
        The mapping script.
    copies : int
        The most flip-flops that one with many sinks becomes; 1: it stays alone, and buffers follow it.
    slow : float
        What a load may add to the delay of its driver, FO4, before a stronger one is taken.
    """

    adder: str
    script: str
    copies: int = 1
    slow: float = USUAL

    @property
    def mapped(self) -> str:
        """The netlist before loads are served, which variants share that do not differ before."""
        return f"{self.adder}_{self.script}"

    @property
    def name(self) -> str:
        """Of files."""
        return f"{self.mapped}_{self.copies}_{self.slow:g}"


#: Copies save the delay of a level of buffers, and take more area.
COPIES = (1, 8)


def _all(adders: tuple[str, ...], scripts: tuple[str, ...], *slow: float) -> tuple[Variant, ...]:
    return tuple(Variant(*each) for each in product(adders, scripts, COPIES, slow))


#: By effort; the same for every design.
VARIANTS: dict[str, tuple[Variant, ...]] = {
    "quick": _all(("sklansky",), ("area-delay", "classic"), USUAL),
    "normal": _all(("brent-kung", "sklansky", "kogge-stone"), ("area-delay", "classic"), USUAL, STRONG),
    "full": _all(("brent-kung", "sklansky", "kogge-stone"), ("area-delay", "delay", "classic", "area"), USUAL, STRONG),
}

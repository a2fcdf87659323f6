"""The ways in which what is around the core is synthesised, of which the best one is kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

__all__ = ["COPIES", "SEARCHES", "STRONG", "USUAL", "Search", "Variant", "Way"]

#: Limits for drivers, FO4. Strong ones throughout save some hundredths of a path through several modules.
USUAL, STRONG = 1.5, 0.6
#: The most flip-flops that one with many sinks becomes: copies save the delay of a level of buffers, for more area.
COPIES = 8


class Way(NamedTuple):
    """A way to map modules: the style of carry-propagate adders, and the mapping script."""

    adder: str
    script: str

    @property
    def name(self) -> str:
        """Of files."""
        return f"{self.adder}_{self.script}"


class Variant(NamedTuple):
    """One way to synthesise it all; a tuple, as it is kept with its result.

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
    lean : tuple of (str, Way)
        Modules that are mapped in another way, and in which; an engine of another size may lack some of them.
    """

    adder: str
    script: str
    copies: int = 1
    slow: float = USUAL
    lean: tuple[tuple[str, Way], ...] = ()

    @classmethod
    def kept(
        cls, adder: str, script: str, copies: int, slow: float, lean: Sequence[tuple[str, Sequence[str]]]
    ) -> Variant:
        """One of which JSON has made lists."""
        return cls(adder, script, copies, slow, tuple((module, Way(*way)) for module, way in lean))

    @property
    def way(self) -> Way:
        """That in which modules are mapped, but the lean ones."""
        return Way(self.adder, self.script)

    @property
    def ways(self) -> set[Way]:
        """Those in which modules are mapped."""
        return {self.way, *(way for _, way in self.lean)}

    @property
    def name(self) -> str:
        """Of files."""
        return f"{self.way.name}_{self.copies}_{self.slow:g}_{len(self.lean)}"

    @property
    def words(self) -> str:
        """Adder and script, in words."""
        number = len(self.lean)
        smaller = f", {number} module{'s'[: number > 1]} smaller" if number else ""
        return f"{self.adder}, {self.script}{smaller}"


class Search(NamedTuple):
    """Which ways are tried.

    Parameters
    ----------
    first : tuple of Variant
        Each of them.
    again : int
        How many of the best are tried again with copies, and then with strong drivers. If any are, the best and the
        fastest of them are tried with the smallest form of each module that is not on the critical path.
    before : Search or None
        What is tried as well.
    """

    first: tuple[Variant, ...]
    again: int = 0
    before: Search | None = None


def _all(adders: tuple[str, ...], scripts: tuple[str, ...], *copies: int) -> tuple[Variant, ...]:
    return tuple(Variant(*each) for each in product(adders, scripts, copies))


_ADDERS = ("brent-kung", "sklansky", "kogge-stone", "han-carlson")
_QUICK = Search(_all(("sklansky",), ("area-delay", "classic"), 1, COPIES))
_NORMAL = Search(tuple(dict.fromkeys((*_QUICK.first, *_all(_ADDERS, ("area-delay", "delay", "classic"), 1)))), 3)
_FULL = Search(_all(_ADDERS, ("area-delay", "delay", "classic", "area"), 1), 8, _NORMAL)
#: By effort; the same for every design. More effort tries what less does, so that nothing gets worse.
SEARCHES: dict[str, Search] = {"quick": _QUICK, "normal": _NORMAL, "full": _FULL}

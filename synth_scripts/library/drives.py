"""What library cells drive, and which of them do the same with more or less strength."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from synth_scripts.library.arcs import PinArc, arcs
from synth_scripts.library.library import Library
from synth_scripts.library.models import known

__all__ = ["Drive", "drives"]


@dataclass(frozen=True)
class Drive:
    """A cell among those that do the same.

    Parameters
    ----------
    kind : str
    loads : dict
        The load that makes each output one FO4 slower than none, fF.
    forms : tuple of str
        The cells with the same function and the same pins, the smallest first; this one among them.
    """

    kind: str
    loads: Mapping[str, float]
    forms: tuple[str, ...]

    def reach(self, pin: str, slow: float) -> float:
        """The load that slows an output by ``slow`` FO4, fF."""
        return slow * self.loads[pin]

    def slowed(self, pin: str, load: float) -> float:
        """By how much a load (fF) slows an output, FO4."""
        return load / self.loads[pin]


def drives(library: Library) -> dict[str, Drive]:
    """By cell; latches, clock gates and cells whose function or delays are not known are left out."""
    found = known(library)
    same = defaultdict(list)
    gates = {library.clock_gate.cell} if library.clock_gate else set()
    for kind, model in found.items():
        if model.outputs and not model.is_latch and kind in library.areas and kind not in gates:
            pins = tuple(sorted(library.loads[kind]))
            same[model.function, pins].append(kind)
    moved = arcs(library, [kind for kinds in same.values() for kind in kinds])
    result = {}
    for kinds in same.values():
        forms = tuple(sorted(kinds, key=lambda kind: (library.areas[kind], kind)))
        for kind in forms:
            result[kind] = Drive(kind, {pin: _load(library, each) for pin, each in moved[kind].items()}, forms)
    return result


def _load(library: Library, pins: tuple[PinArc, ...]) -> float:
    """The load that makes an output one FO4 slower, its slowest input and edge in its favour of none."""
    near, far = 2 * library.load_ff, 10 * library.load_ff
    unit = library.cap_ff
    slope = max(
        (table.at(slew=0.0, load=far / unit) - table.at(slew=0.0, load=near / unit)) * library.time_ps / (far - near)
        for arc in pins
        for table in arc.delays.values()
    )
    return library.fo4_ps / slope if slope > 0 else float("inf")

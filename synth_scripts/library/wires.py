"""Wire loads: the capacitance of wire that each sink of a net stands for.

A netlist has no wires before it is laid out. In our layouts the capacitance of a net goes with the number of its sinks,
so each sink is given its share, which counts like the capacitance of its pin: to mapper, timing and energy alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import mean

from gen.keys import MAX_WIRE_FF, WIRES
from hdl.params.errors import ToolError, near_name
from synth_scripts.library.wire_facts import ANY, LENGTH, MEASURED, PER_UM

__all__ = ["Wires", "choose"]

#: How often the estimate a file's own wire load may be, or the other way round, to be believed.
_APART = 3.0


@dataclass(frozen=True)
class Wires:
    """The wire load of a library: capacitance for each sink of a net, fF, and in words where it is from."""

    ff: float = 0.0
    words: str = "none"


def choose(setting: str | float, name: str, own: float | None, nand2_um2: float, *, unit: bool) -> Wires:
    """The wire load that is counted.

    Parameters
    ----------
    setting : str or float
        ``auto``: what was measured in layouts, else the library's own if it can be believed, else the estimate;
        ``library``: its own; ``estimate``; ``none``; or fF for each sink.
    name : str
        The library's name.
    own : float or None
        Its own, fF for each sink.
    nand2_um2 : float
        Area of its smallest NAND2.
    unit : bool
        It is the unit library, which is of no process: no wires unless a number is given.

    Raises
    ------
    ToolError
        Where the setting is none of these, or there is no such wire load.
    """
    if isinstance(setting, int | float):
        if isinstance(setting, bool) or not (isfinite(setting) and 0 <= setting <= MAX_WIRE_FF):
            raise ToolError(f"synth.wires: must be 0 to {MAX_WIRE_FF:g} fF for each sink of a net, not {setting}")
        return Wires(float(setting), "as asked for") if setting else Wires()
    if setting not in WIRES:
        hint = near_name(setting, WIRES)
        raise ToolError(
            f"synth.wires: must be one of {', '.join(WIRES)}, or fF for each sink of a net, not {setting!r}"
            + (f" ({hint})" if hint else "")
        )
    if setting == "library" and own is None:
        raise ToolError(f"synth.wires: library {name} names no wire load as its default (default_wire_load)")
    if setting == "none" or (unit and setting != "library"):
        return Wires()
    measured = next((rows for head, rows in MEASURED.items() if name.startswith(head)), None)
    if setting == "auto" and measured:
        ff = mean(row.wire_ff / row.sinks for row in measured)
        return Wires(float(f"{ff:.2g}"), f"measured in layouts: {', '.join(row.of for row in measured)}")
    per_um, source = next((fact for head, fact in PER_UM.items() if name.startswith(head)), ANY)
    guess = LENGTH * sqrt(nand2_um2) * per_um
    believed = own is not None and 1 / _APART <= own / guess <= _APART
    if own is not None and (setting == "library" or (setting == "auto" and believed)):
        return Wires(_rounded(own), "the library's default wire load")
    words = f"estimated: {LENGTH:g} times the root of a NAND2's area, {per_um:g} fF/um ({source})"
    if own is not None and setting == "auto":
        words += f"; the library's own, {_rounded(own):g} fF, is out of all proportion"
    return Wires(_rounded(guess), words)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")

"""Switching activity of a netlist as a SAIF file (IEEE 1801, version 2.0)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gen.version import VERSION
from synth_scripts.netlist.flat import Place
from synth_scripts.timing.sdf import escaped

__all__ = ["saif"]

#: Transitions a clock cycle, and share of time at 1.
Activity = Callable[[int | str], tuple[float, float]]


def saif(
    activity: Activity, cycles: int, period_ns: float, modules: Mapping[str, Any], places: Iterable[Place], top: str
) -> Iterator[str]:
    """The file's text, a line at a time: times at 0 and at 1 (fs) and transitions of every net.

    Parameters
    ----------
    activity : callable
        Of a flat net.
    cycles : int
        Clock cycles in which it was counted.
    period_ns : float
        The clock period for which power is to be estimated.
    modules : mapping
        The netlist's modules, in Yosys' JSON form.
    places : iterable of Place
        Where they stand, each after that it stands in.
    top : str
    """
    duration = round(cycles * period_ns * 1e6)
    yield '(SAIFILE\n(SAIFVERSION "2.0")\n(DIRECTION "backward")\n'
    yield f'(DESIGN "{top}")\n(PROGRAM_NAME "Bitloom")\n(VERSION "{VERSION}")\n(DIVIDER . )\n'
    yield f"(TIMESCALE 1 fs)\n(DURATION {duration})\n"
    depth = -1
    for place in places:
        level = len(place.names)
        yield ")\n" * (depth - level + 1)
        yield f"(INSTANCE {escaped(place.names[-1]) if place.names else top}\n(NET\n"
        depth = level
        for name, bit in _nets(modules[place.module]):
            found = place.nets.get(bit)
            if found is not None:
                transitions, high = activity(found)
                one = round(high * duration)
                count = round(transitions * cycles)
                yield f" ({name} (T0 {duration - one}) (T1 {one}) (TX 0) (TC {count}) (IG 0))\n"
        yield ")\n"
    yield ")\n" * (depth + 1) + ")\n"


def _nets(module: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Names of nets as Verilog has them, bit by bit, and their numbers."""
    for name, net in module["netnames"].items():
        first = net.get("offset", 0)
        for i, bit in enumerate(net["bits"]):
            if isinstance(bit, int):
                yield escaped(f"{name}[{first + i}]" if len(net["bits"]) > 1 else name), bit

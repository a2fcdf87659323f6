"""Delays of a netlist as an SDF file (IEEE 1497, version 3.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gen.version import VERSION
from synth_scripts.netlist.flat import Place
from synth_scripts.timing.delays import Delays

__all__ = ["escaped", "sdf"]


def sdf(delays: Delays, modules: Mapping[str, Any], places: Iterable[Place], top: str) -> Iterator[str]:
    """The file's text, a line at a time: an ``IOPATH`` for each way through a gate, in ps, one value for all corners.

    Parameters
    ----------
    delays : Delays
    modules : mapping
        The netlist's modules, in Yosys' JSON form.
    places : iterable of Place
        Where they stand; instances in the file are paths from the top module on.
    top : str
    """
    yield '(DELAYFILE\n(SDFVERSION "3.0")\n'
    yield f'(DESIGN "{top}")\n(PROGRAM "Bitloom")\n(VERSION "{VERSION}")\n(DIVIDER .)\n(TIMESCALE 1ps)\n'
    for place in places:
        for name, cell in modules[place.module]["cells"].items():
            paths = delays.cells.get(place.cell(name))
            if not paths:
                continue
            instance = ".".join(map(escaped, (*place.names, name)))
            yield f'(CELL (CELLTYPE "{cell["type"]}") (INSTANCE {instance})\n (DELAY (ABSOLUTE\n'
            for (one, other), (rise, fall) in paths.items():
                yield f"  (IOPATH {escaped(one)} {escaped(other)} {_value(rise)} {_value(fall)})\n"
            yield " ))\n)\n"
    yield ")\n"


def escaped(name: str) -> str:
    """A name with a backslash before every sign that is none of an identifier."""
    return re.sub(r"([^A-Za-z0-9_])", r"\\\1", name)


def _value(femtoseconds: int) -> str:
    return f"({femtoseconds / 1e3:.3f})"

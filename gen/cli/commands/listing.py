"""``bitloom list``: what this version builds, and what it finds on this machine."""

from __future__ import annotations

import argparse

from gen.cli.console import Console, table
from gen.keys import WORKLOADS
from hdl.params import ARRAYS, BUILDS, ENCODERS, MULTIPLIERS, SCHEMES
from hdl.params.formats import MAX_WIDTH, MIN_WIDTH

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Print arrays and schemes, encoders, operand formats, workloads and cell libraries."""
    libraries = _libraries()
    supported = {array: list(BUILDS.get(array, ())) for array in ARRAYS}
    rows = [["array", *SCHEMES]]
    rows += [[array, *("yes" if scheme in supported[array] else "no" for scheme in SCHEMES)] for array in ARRAYS]
    console.say(table(rows))
    console.say()
    facts = {
        "encoders": f"{', '.join(ENCODERS)} (all schemes but mac)",
        "multipliers": f"{', '.join(MULTIPLIERS)} (mac)",
        "operands": f"s{MIN_WIDTH} to s{MAX_WIDTH}, u{MIN_WIDTH} to u{MAX_WIDTH}",
        "workloads": ", ".join(WORKLOADS),
        "libraries": ", ".join(f"{name} ({state})" for name, state in libraries.items()),
    }
    for name, fact in facts.items():
        console.say(f"{name:<11}  {fact}")
    console.json(
        {
            "supported": supported,
            "encoders": list(ENCODERS),
            "multipliers": list(MULTIPLIERS),
            "operand_bits": [MIN_WIDTH, MAX_WIDTH],
            "workloads": list(WORKLOADS),
            "libraries": libraries,
        }
    )
    return 0


def _libraries() -> dict[str, str]:
    """The libraries with a name, and whether they are there."""
    from hdl.params import ToolError
    from synth_scripts.sources import find

    states = {}
    for name in ("unit", "osu018", "sky130", "gf180mcu", "sg13g2"):
        try:
            find(name)
            states[name] = "embedded" if name == "unit" else "found"
        except ToolError:
            states[name] = "not installed"
    return states

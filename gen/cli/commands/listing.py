"""``bitloom list``: what this version builds, and what it finds on this machine."""

from __future__ import annotations

import argparse
from itertools import zip_longest

from gen.cli.console import Console, table
from gen.keys import WORKLOADS
from hdl.params import ARRAYS, BUILDS, ENCODERS, MULTIPLIERS, SCHEMES
from hdl.params.axis_words import AXES, in_words
from hdl.params.built import RULES
from hdl.params.formats import MAX_WIDTH, MIN_WIDTH
from hdl.params.presets import preset

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Print arrays and schemes, the axes behind them, encoders, operand formats, workloads and cell libraries."""
    libraries = _libraries()
    supported = {array: list(BUILDS.get(array, ())) for array in ARRAYS}
    rows = [["array", *SCHEMES]]
    rows += [[array, *("yes" if scheme in supported[array] else "no" for scheme in SCHEMES)] for array in ARRAYS]
    console.say(table(rows))
    console.say()
    presets = {array: {scheme: in_words(preset(array, scheme).axes) for scheme in BUILDS[array]} for array in ARRAYS}
    built = {axis: _built(axis, presets) for axis in AXES}
    console.say("axes, of which a nest may choose each; what no engine has is in brackets")
    for axis, values in AXES.items():
        marked = [value if value in built[axis] else f"({value})" for value in values]
        console.say("\n".join(f"  {name:<13}  {value}" for name, value in zip_longest([axis], marked, fillvalue="")))
    console.say()
    console.say("what no engine has (dense: without skipped zeros)")
    console.say("\n".join(f"  {text}" for _, text in RULES))
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
            "axes": {axis: {"values": list(values), "built": built[axis]} for axis, values in AXES.items()},
            "presets": presets,
            "not_built": [text for _, text in RULES],
            "encoders": list(ENCODERS),
            "multipliers": list(MULTIPLIERS),
            "operand_bits": [MIN_WIDTH, MAX_WIDTH],
            "workloads": list(WORKLOADS),
            "libraries": libraries,
        }
    )
    return 0


def _built(axis: str, presets: dict[str, dict[str, dict[str, str]]]) -> list[str]:
    """The values of an axis that engines have."""
    found = {words[axis] for schemes in presets.values() for words in schemes.values()}
    return [value for value in AXES[axis] if value in found]


def _libraries() -> dict[str, str]:
    """The libraries with a name, and whether they are there."""
    from hdl.params import ToolError
    from synth_scripts.library.sources import find

    states = {}
    for name in ("unit", "osu018", "sky130", "gf180mcu", "sg13g2"):
        try:
            find(name)
            states[name] = "embedded" if name == "unit" else "found"
        except ToolError:
            states[name] = "not installed"
    return states

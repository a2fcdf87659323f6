"""``bitloom list``: what this version builds, and what it finds on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from gen.cli.console import Console, table
from gen.keys import WORKLOADS
from hdl.params import ENCODERS, MULTIPLIERS, Axes
from hdl.params.axes import legal
from hdl.params.axis_words import AXES, in_words
from hdl.params.built import RULES
from hdl.params.formats import MAX_WIDTH, MIN_WIDTH
from hdl.params.plain_axes import plain
from hdl.params.points import buildable, structures
from hdl.params.presets import name_of, offered, presets

__all__ = ["command"]

Words = dict[str, str]


def command(options: argparse.Namespace, console: Console) -> int:
    """Print arrays and schemes, the axes behind them, encoders, operand formats, workloads and cell libraries."""
    libraries = _libraries()
    named = offered()
    columns = next(iter(named.values()))
    rows = [[array, *("yes" if built else "no" for built in schemes.values())] for array, schemes in named.items()]
    console.say(table([["array", *columns], *rows]))
    console.say()
    possible = [in_words(axes) for axes in structures(legal())]
    engines = structures(buildable())
    built = [in_words(axes) for axes in engines]
    console.say(
        f"axes, of which a nest may choose each: {len(built):,} engines that differ in structure are built, of "
        f"{len(possible):,} legal ones;\neach value with the number of both, in brackets if no engine has it"
    )
    console.say(table(list(_axes(built, possible)), indent="  "))
    console.say()
    console.say("what no engine has (dense: without skipped zeros)")
    console.say("\n".join(f"  {text}" for _, text in RULES))
    console.say()
    facts = {
        "encoders": f"{', '.join(ENCODERS)} (where there is no multiplier)",
        "multipliers": f"{', '.join(MULTIPLIERS)} (where PEs multiply and add in one step)",
        "operands": f"s{MIN_WIDTH} to s{MAX_WIDTH}, u{MIN_WIDTH} to u{MAX_WIDTH}",
        "workloads": ", ".join(WORKLOADS),
        "libraries": ", ".join(f"{name} ({state})" for name, state in libraries.items()),
    }
    for name, fact in facts.items():
        console.say(f"{name:<11}  {fact}")
    points = {
        array: {scheme: in_words(point.axes) for scheme, point in schemes.items()}
        for array, schemes in presets().items()
    }
    console.json(
        {
            "supported": {array: list(schemes) for array, schemes in points.items()},
            "axes": {
                axis: {"values": list(values), "built": _among(built, axis), "together": _together(built, axis)}
                for axis, values in AXES.items()
            },
            "presets": points,
            "legal": len(possible),
            "engines": [_engine(axes) for axes in engines],
            "not_built": [text for _, text in RULES],
            "encoders": list(ENCODERS),
            "multipliers": list(MULTIPLIERS),
            "operand_bits": [MIN_WIDTH, MAX_WIDTH],
            "workloads": list(WORKLOADS),
            "libraries": libraries,
        }
    )
    return 0


def _axes(built: list[Words], possible: list[Words]) -> Iterator[list[str]]:
    """A row for each value of each axis."""
    yield [f"{'axis':<13}  value", "built", "legal"]
    for axis, values in AXES.items():
        for number, value in enumerate(values):
            counts = [sum(words[axis] == value for words in each) for each in (built, possible)]
            name = "" if number else axis
            yield [f"{name:<13}  {value if counts[0] else f'({value})'}", *(f"{count:,}" for count in counts)]


def _among(engines: list[Words], axis: str) -> list[str]:
    """The values of an axis that engines have."""
    found = {words[axis] for words in engines}
    return [value for value in AXES[axis] if value in found]


def _together(engines: list[Words], axis: str) -> dict[str, dict[str, list[str]]]:
    """For every value of an axis, what engines with it have on each other axis."""
    found = {}
    for value in _among(engines, axis):
        own = [words for words in engines if words[axis] == value]
        found[value] = {other: _among(own, other) for other in AXES if other != axis}
    return found


def _engine(axes: Axes) -> dict[str, Any]:
    """An engine, with its names if it has some."""
    array, scheme = name_of(axes) or (None, None)
    return {"array": array, "scheme": scheme, "point": plain(axes), "words": in_words(axes)}


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

"""``bitloom pim list``: the instructions of the PIM controller, its systems, their keys, and constants."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gen.cli.console import Console, table
from gen.pim.named import system_of
from hdl.params import ConfigError, Problem, near_name

if TYPE_CHECKING:
    from hdl.params.pim import PimParams

__all__ = ["TOPICS", "command"]

TOPICS = ("instructions", "flags", "faults", "systems", "keys", "timing", "energy", "constants")


def command(options: argparse.Namespace, console: Console) -> int:
    """Print one topic, one instruction, or all there is."""
    from gen.pim.reference import describe, instruction_text, markdown
    from hdl.params.pim import INSTRUCTIONS

    params = system_of(options.system)
    if options.markdown:
        console.say(markdown().rstrip("\n"))
        console.json({"markdown": markdown()})
        return 0
    if options.what is None:
        for topic in TOPICS:
            console.say(f"{topic}\n{_text(topic, params)}\n")
        console.json({topic: _json(topic, params) for topic in TOPICS})
        return 0
    if options.what in TOPICS:
        console.say(_text(options.what, params))
        console.json(_json(options.what, params))
        return 0
    op = INSTRUCTIONS.get(options.what.upper())
    if op is None:
        names = [*TOPICS, *(name.lower() for name in INSTRUCTIONS)]
        hint = near_name(options.what.lower(), names)
        legal = f"legal: {', '.join(TOPICS)}, and every instruction"
        raise ConfigError([Problem("", f"there is nothing called {options.what!r}", f"{hint} {legal}".strip())])
    console.say(instruction_text(op))
    console.json(describe(op))
    return 0


def _json(topic: str, params: PimParams) -> Any:
    from gen.pim import reference
    from hdl.params.pim import FAULTS, INSTRUCTIONS
    from hdl.params.pim.opcode import FLAGS

    facts: dict[str, Callable[[], Any]] = {
        "instructions": lambda: {op.name.lower(): reference.describe(op) for op in INSTRUCTIONS.values()},
        "flags": lambda: {flag.name: flag.meaning for flag in FLAGS if flag.name != "reg"},
        "faults": lambda: {fault.name: {"code": fault.code, "meaning": fault.meaning} for fault in FAULTS.values()},
        "systems": reference.systems,
        "keys": lambda: reference.size_keys(params),
        "timing": lambda: reference.timing_keys(params),
        "energy": lambda: reference.energy_keys(params),
        "constants": lambda: reference.constants(params),
    }
    return facts[topic]()


def _text(topic: str, params: PimParams) -> str:
    """A topic as a table, its last column free text."""
    found = _json(topic, params)
    if topic == "instructions":
        rows = [[name, ", ".join(each["name"] for each in op["operands"]), op["meaning"]] for name, op in found.items()]
        return _columns(rows)
    if topic == "systems":
        keys = [key for key, value in next(iter(found.values())).items() if not isinstance(value, dict)]
        rows = [["", *found], *([key, *(_value(system[key]) for system in found.values())] for key in keys)]
        return table(rows, "  ")
    if topic == "keys":
        rows = [[key, _value(each["value"]), _range(each["most"]), _meaning(each)] for key, each in found.items()]
        rows += [[name, "", "a table", f"see `bitloom pim list {name}`"] for name in ("timing", "energy")]
        return _columns(rows)
    if topic in ("timing", "energy", "constants"):
        rows = [
            [
                key,
                f"{each['value']:g}" if isinstance(each["value"], float) else str(each["value"]),
                _meaning(each),
            ]
            for key, each in found.items()
        ]
        return _columns(rows)
    return _columns([[name, each["meaning"] if isinstance(each, dict) else each] for name, each in found.items()])


def _value(value: int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _range(most: int | bool) -> str:
    return "false, true" if isinstance(most, bool) else f"1 to {most}"


def _meaning(each: dict[str, Any]) -> str:
    """Meaning, rule and source, as far as there are any."""
    symbol, source = each.get("symbol"), each.get("source")
    return str(each["meaning"]) + (f" ({symbol})" if symbol else "") + (f"; {source}" if source else "")


def _columns(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    return "\n".join(f"  {line}" for line in lines)

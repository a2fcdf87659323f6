"""The keys of a configuration file: one table for parsing, error text, JSON schema and documentation."""

from __future__ import annotations

from typing import Any

from gen.front_keys import FRONT_KEYS
from gen.key import (
    Key,
    boolean,
    choice,
    choices,
    integer,
    is_integer,
    is_number,
    kind_fault,
    operand,
    ranged,
    texts_fault,
)
from gen.names import KEYWORDS, OWN, PREFIX, prefix_fault
from gen.version import SCHEMA_VERSION
from hdl.params import ARRAYS, ENCODERS, MULTIPLIERS, SCHEMES, EngineParams, shown
from hdl.params.engine import MAX_ACCUMULATOR, MAX_SEGMENT, MAX_SIZE
from hdl.params.formats import FLOATS

__all__ = ["EFFORTS", "KEYS", "MAX_WIRE_FF", "SECTIONS", "WIRES", "WORKLOADS", "markdown", "schema"]

WORKLOADS = ("digits", "random")
EFFORTS = ("quick", "normal", "full")
MAX_TILES = 1_000_000
MAX_SEED = 2**32 - 1
MIN_CLOCK_NS, MAX_CLOCK_NS = 0.001, 1000.0
#: Where wire loads are from, beside a number of fF, and the greatest such number.
WIRES = ("auto", "library", "estimate", "none")
MAX_WIRE_FF = 1000.0

#: Section names and what they are about, in the order of the documentation.
SECTIONS = {
    "engine": "the hardware",
    "gate": "a gate in front of the engine's operands (gate.md)",
    "delta": "a delta encoder in front of the engine's operands A (delta.md)",
    "workload": "what the simulation computes",
    "synth": "how the hardware is synthesised",
    "output": "what the generated files look like",
}


def _clock_fault(value: Any) -> str:
    if value == "auto" or (is_number(value) and MIN_CLOCK_NS <= value <= MAX_CLOCK_NS):
        return ""
    return f"must be 'auto' or a number of nanoseconds from {MIN_CLOCK_NS:g} to {MAX_CLOCK_NS:g}, not {shown(value)}"


def _wires_fault(value: Any) -> str:
    if (is_number(value) and 0 <= value <= MAX_WIRE_FF) or isinstance(value, str):  # names: their owner knows them
        return ""
    return f"must be one of {', '.join(WIRES)}, or 0 to {MAX_WIRE_FF:g} fF for each sink of a net, not {shown(value)}"


def _library_fault(value: Any) -> str:
    return texts_fault("a text or a list of texts")(value) or ("" if value else "must name at least one file, not []")


def _power(name: str, description: str, default: int) -> Key:
    fault = kind_fault(is_integer, "an integer")
    return Key("engine", name, "integer", description, default, "1, 2, 4 or 8", fault, {"enum": [1, 2, 4, 8]})


_ENGINE = EngineParams()

KEYS = (
    Key(
        "engine",
        "nest",
        "text",
        "the engine as a loop nest (notation.md), instead of `array`, `scheme`, sizes and encoder",
        None,
        "a nest that lowers to an engine",
        kind_fault(lambda value: isinstance(value, str), "a text"),
        {"type": "string", "minLength": 1},
        absent="none",
    ),
    choice("engine", "array", "how the processing elements (PEs) are arranged", _ENGINE.array, ARRAYS),
    choice("engine", "scheme", "how a PE multiplies and accumulates", _ENGINE.scheme, SCHEMES),
    integer("engine", "rows", "rows of PEs: M of a tile", _ENGINE.rows, 1, MAX_SIZE),
    integer("engine", "cols", "columns of PEs: N of a tile", _ENGINE.cols, 1, MAX_SIZE),
    integer("engine", "depth", "steps of K in space, where the array or scheme has them", _ENGINE.depth, 1, MAX_SIZE),
    integer(
        "engine",
        "column_groups",
        "groups of columns that take operands of A of their own; it divides `cols`",
        _ENGINE.column_groups,
        1,
        MAX_SIZE,
    ),
    operand(
        "engine", "a", "format of A's elements; named schemes but `mac` recode these", str(_ENGINE.a), tuple(FLOATS)
    ),
    operand("engine", "b", "format of B's elements", str(_ENGINE.b), tuple(FLOATS)),
    choice(
        "engine",
        "encoder",
        "how operands become digits; ignored where PEs multiply",
        _ENGINE.encoder,
        ENCODERS,
    ),
    choice("engine", "multiplier", "how `mac` multiplies", _ENGINE.multiplier, MULTIPLIERS),
    _power("carry_every", "carry-save accumulators keep one carry bit every N bits", _ENGINE.carry_every),
    integer("engine", "accumulator", "bits of an accumulator and of a result", _ENGINE.accumulator, 2, MAX_ACCUMULATOR),
    boolean("engine", "preload", "add a stream of initial values to the results", default=_ENGINE.preload),
    Key(
        "engine",
        "segment",
        "integer",
        "steps of K whose operands a scheme that skips zeros holds at once",
        _ENGINE.segment,
        f"8 to {MAX_SEGMENT}, a power of two",
        kind_fault(is_integer, "an integer"),
        {"type": "integer", "minimum": 8, "maximum": MAX_SEGMENT},
    ),
    _power("group", "digits that each lane searches at once for one that is not zero", _ENGINE.group),
    integer("engine", "queue", "groups that wait in front of its rows, which may run apart", _ENGINE.queue, 2, 32),
    boolean(
        "engine",
        "reset_data",
        "reset the registers of the data path, too: for four-state simulation of a netlist",
        default=_ENGINE.reset_data,
    ),
    choice("workload", "name", "a network on handwritten digits, or random matrices", "digits", WORKLOADS),
    Key(
        "workload",
        "tiles",
        "integer",
        "tiles of the `random` workload; behind a delta encoder those of a frame",
        None,
        f"1 to {MAX_TILES}, or to what a frame holds",
        ranged(1, MAX_TILES),
        {"type": "integer", "minimum": 1, "maximum": MAX_TILES},
        absent="64, or what a frame holds if that is less",
    ),
    Key(
        "workload",
        "k",
        "integer",
        "K of every tile of the `random` workload",
        None,
        "1 to the engine's limit",
        kind_fault(is_integer, "an integer"),
        {"type": "integer", "minimum": 1},
        absent="64, or the engine's limit if that is less",
    ),
    integer("workload", "seed", "seed of everything random", 1, 0, MAX_SEED, checked=True),
    Key(
        "synth",
        "library",
        "text or list",
        "cell library; `auto`: `osu018` if installed, else a PDK of `ciel`, else (and without OpenSTA) `unit`",
        "auto",
        "`auto`, `osu018`, `unit`, a PDK installed with `ciel` (`sky130`, `gf180mcu`, `sg13g2`), or Liberty files, "
        "relative to the configuration file",
        _library_fault,
        {"oneOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
    ),
    Key(
        "synth",
        "lef",
        "text",
        "LEF file whose areas of cells count instead of the Liberty files'; `auto`: one that lies beside these",
        "auto",
        "`auto`, `none`, or a LEF file, relative to the configuration file",
        kind_fault(lambda value: isinstance(value, str) and bool(value), "a text"),
        {"type": "string", "minLength": 1},
    ),
    Key(
        "synth",
        "wires",
        "text or number",
        "capacitance of wire for each sink of a net; `auto`: what was measured in layouts, else the library's own wire "
        "load if it can be, else an estimate",
        "auto",
        f"`auto`, `library`, `estimate`, `none`, or 0 to {MAX_WIRE_FF:g} fF",
        _wires_fault,
        {"oneOf": [{"enum": list(WIRES)}, {"type": "number", "minimum": 0, "maximum": MAX_WIRE_FF}]},
    ),
    Key(
        "synth",
        "clock_ns",
        "text or number",
        "clock period to reach, in nanoseconds; `auto` finds the best: the most throughput over area",
        "auto",
        f"`auto`, or {MIN_CLOCK_NS:g} to {MAX_CLOCK_NS:g}",
        _clock_fault,
        {"oneOf": [{"const": "auto"}, {"type": "number", "minimum": MIN_CLOCK_NS, "maximum": MAX_CLOCK_NS}]},
    ),
    choice("synth", "effort", "how many styles and clock targets are tried for the best", "normal", EFFORTS),
    choices(
        "synth",
        "compare",
        "schemes that are synthesised beside the engine's own, for comparison",
        ["mac"],
        SCHEMES,
        kind="scheme",
    ),
    Key(
        "synth",
        "operands",
        "text",
        "what is multiplied where energy is measured, and throughput that depends on operands: normal ones with this "
        "standard deviation (of eight signed bits, of others in proportion), uniform ones, or those of real layers",
        "normal",
        "`normal` (20), `normal 1` to `normal 100`, `uniform`, `digits`, `photographs`",
        kind_fault(lambda value: isinstance(value, str), "a text"),
        {"pattern": r"^ *(uniform|digits|photographs|normal( +[0-9.]+)?) *$"},
    ),
    Key(
        "output",
        "prefix",
        "text",
        "first part of every module's name",
        "bitloom",
        "a letter and up to 47 more letters, digits and underscores, no keyword of SystemVerilog",
        prefix_fault,
        {"pattern": f"^{PREFIX}$", "not": {"enum": sorted(KEYWORDS | OWN)}},
    ),
    *FRONT_KEYS,  # last: a name without its section means another section's key first
)


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a configuration file, for editors and other tools."""
    properties: dict[str, Any] = {"schema_version": {"const": SCHEMA_VERSION, "description": "version of this format"}}
    for section, about in SECTIONS.items():
        keys = [key for key in KEYS if key.section == section]
        properties[section] = {
            "type": "object",
            "description": about,
            "additionalProperties": False,
            "properties": {
                key.name: {"description": key.description, **key.json}
                | ({} if key.default is None else {"default": key.default})
                for key in keys
            },
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bitloom configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def markdown() -> str:
    """The keys as Markdown, one table a section."""
    lines = []
    for section, about in SECTIONS.items():
        lines += [f"### `[{section}]`: {about}", "", "| Key | Type | Default | Legal values | Decides |"]
        lines += ["|---|---|---|---|---|"]
        for key in KEYS:
            if key.section == section:
                default = key.absent or f"`{_toml(key.default)}`"
                lines.append(f"| `{key.name}` | {key.kind} | {default} | {key.legal} | {key.description} |")
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)

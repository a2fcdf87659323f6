"""The reference of the instruction set, written from its tables: for people, and for programs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from gen.pim.assemble import constants_of
from gen.pim.costs import ISSUE, cost
from gen.pim.examples import EXAMPLES, SYSTEM, Example
from gen.pim.literals import fp32_bits, shortest, value_of
from hdl.params.pim import (
    FAULTS,
    INSTRUCTIONS,
    LENGTHS,
    PRESETS,
    SCALARS,
    UNITS,
    EnergyTable,
    Opcode,
    PimParams,
    TimingTable,
    energy_sources,
    faults_of,
    size_sources,
    timing_sources,
)
from hdl.params.pim.fields import Operand
from hdl.params.pim.opcode import FLAGS
from hdl.params.pim.system import LIMITS, MEANINGS, SWITCHES

__all__ = [
    "constants",
    "describe",
    "energy_keys",
    "instruction_text",
    "markdown",
    "size_keys",
    "systems",
    "timing_keys",
]

#: Of a line of the page.
WIDTH = 116
SPACES = {"sram": "SRAM", "buffer": "global buffer", "dram": "bank"}
CONSTANTS = {
    "CHANNELS": "channels",
    "BANKS": "banks a channel",
    "LANES": "elements a word",
    "UNITS": "banks of all channels",
    "SLOT_WORDS": "words of a slot: UNITS / LANES",
    "ROW_COLS": "columns a row",
    "ROWS": "rows a bank",
    "GB_WORDS": "words of a global buffer",
    "BUFFERS": "global buffers a channel",
    "ACCUMULATORS": "accumulators a unit",
    "VECTORS": "vectors that a column is multiplied with at once",
    "SRAM_WORDS": "words of the SRAM",
    "ALL": "mask of all channels, which `mask` is where it is left out",
}


# --- facts -----------------------------------------------------------------------------------------------------------
def describe(op: Opcode) -> dict[str, Any]:
    """Everything about an instruction as plain values."""
    return {
        "name": op.name.lower(),
        "opcode": op.code,
        "unit": op.unit,
        "meaning": op.meaning,
        "operands": [
            {
                "name": operand.name,
                "meaning": operand.meaning,
                "kind": operand.kind,
                "bits": operand.width,
                "range": list(operand.range),
                "default": "ALL" if operand.kind == "channels" else operand.default,
                "fields": list(operand.fields),
                "register": operand.or_scalar or operand.register,
                "advances": bool(operand.advances),
            }
            for operand in op.operands
        ],
        "flags": {flag.name: flag.meaning for flag in op.all_flags if flag.name != "reg"},
        "touches": [
            {
                "memory": SPACES[touch.space],
                "operand": touch.operand,
                "words": LENGTHS[touch.length],
                "access": "write" if touch.write else "none" if touch.length == "open" else "read",
            }
            for touch in op.touches
        ],
        "faults": faults_of(op),
        "time": cost(op),
        "example": example_text(EXAMPLES[op.name]),
    }


def systems() -> dict[str, dict[str, Any]]:
    """The presets' parameters by name."""
    return {name: params.to_dict() for name, params in PRESETS.items()}


def size_keys(params: PimParams) -> dict[str, dict[str, Any]]:
    """The sizes of a system: meaning, greatest value and why, default, value in a system, and where that comes from.

    Of a switch the greatest value is true.
    """
    default, sources = PimParams(), size_sources(params)
    limits = LIMITS | dict.fromkeys(SWITCHES, (True, "it is false or true"))
    return {
        key: {
            "meaning": MEANINGS[key],
            "most": most,
            "why": why,
            "default": getattr(default, key),
            "value": getattr(params, key),
            "source": sources[key],
        }
        for key, (most, why) in limits.items()
    }


def timing_keys(params: PimParams) -> dict[str, dict[str, Any]]:
    """The keys of the timing table: symbol, meaning, value in a system, and where that comes from."""
    sources = timing_sources(params.timing)
    rules = {"clock_ps": {"symbol": "", "meaning": "period of the clock in picoseconds"}} | TimingTable.rules()
    return {
        key: {
            "symbol": rule["symbol"],
            "meaning": rule["meaning"],
            "value": getattr(params.timing, key),
            "source": sources[key],
        }
        for key, rule in rules.items()
    }


def energy_keys(params: PimParams) -> dict[str, dict[str, Any]]:
    """The keys of the energy table: meaning, value in a system, and where that comes from."""
    sources = energy_sources(params.energy)
    return {
        key: {"meaning": rule["meaning"], "value": getattr(params.energy, key), "source": sources[key]}
        for key, rule in EnergyTable.rules().items()
    }


def constants(params: PimParams) -> dict[str, dict[str, Any]]:
    """The constants that every program of a system has: value and meaning."""
    found = constants_of(params)
    return {
        name: {"value": value, "meaning": CONSTANTS.get(name, f"mask of channel {name[2:]}")}
        for name, value in found.items()
    }


# --- text ------------------------------------------------------------------------------------------------------------
def instruction_text(op: Opcode) -> str:
    """An instruction in full, for a terminal."""
    lines = [f"{op.name.lower()} (opcode {op.code:#04x}): {op.meaning}", f"unit: {UNITS[op.unit]}"]
    if op.operands:
        lines.append("operands:")
        width = max(len(operand.name) for operand in op.operands)
        lines += [f"  {each.name:<{width}}  {each.meaning}; {_values(each)}" for each in op.operands]
    lines.append(f"flags: {', '.join(flag.name for flag in op.all_flags if flag.name != 'reg')}")
    lines += [f"{name}: {text}" for name, text in _facts(op)]
    lines += ["example, on tiny:", *(f"  {line}" for line in example_text(EXAMPLES[op.name]).splitlines())]
    return "\n".join(lines)


def example_text(example: Example) -> str:
    """What is given, the program, what it gives."""
    given = [f"{place:<14}  {_numbers(values)}" for place, values in example.given.items()]
    gives = [f"{place:<14}  {_numbers(values)}" for place, values in example.gives.items()]
    code = [line if ":" in line or line.startswith(" ") else f"        {line}" for line in example.text.splitlines()]
    if not any("halt" in line for line in code):
        code.append("        halt")
    before = ["# given", *(f"#   {line}" for line in given)] if given else []
    after = ["# gives", *(f"#   {line}" for line in gives)] if gives else []
    system = [f"# on {SYSTEM}, {example.system}"] if example.system else []
    return "\n".join([*system, *before, *code, *after, f"# {example.clocks} clocks"])


def _numbers(values: Iterable[float]) -> str:
    return " ".join(str(each) if isinstance(each, int) else _number(each) for each in values)


def _number(value: float) -> str:
    text = shortest(fp32_bits(value), 32)
    if "e" not in text or not 1e-4 <= abs(value) < 1e7:
        return text
    plain = f"{Decimal(text):f}"
    return plain if "." in plain else f"{plain}.0"


def _values(operand: Operand) -> str:
    """What an operand can be."""
    if operand.register:
        return f"r0 to r{SCALARS - 2 if operand.kind == 'pair' else SCALARS - 1}"
    low, high = operand.range
    text = {
        "bf16": "a number, rounded to bf16",
        "bits": "a number, rounded to single precision, or an integer",
        "channels": f"{low} to {high:,}, a bit a channel",
    }.get(operand.kind, f"{low:,} to {high:,}")
    if operand.or_scalar:
        text += f", or r0 to r{SCALARS - 1}"
    default = {"bf16": "1.0"}.get(operand.kind, f"{operand.default}")
    if operand.kind == "channels":
        text += "; ALL where left out"
    elif operand.default is not None:
        text += f"; {default} where left out"
    elif operand.zeroed:
        text += "; left out with flag zero"
    return text


def _facts(op: Opcode) -> list[tuple[str, str]]:
    """Ranges of memory, faults and times, in words."""
    found = []
    for title, chosen in (
        ("reads", [t for t in op.touches if not t.write and t.length != "open"]),
        ("writes", [t for t in op.touches if t.write]),
    ):
        if chosen:
            found.append((title, "; ".join(_touch(t.space, t.operand, t.length) for t in chosen)))
    movers = list(dict.fromkeys("row" if o.name == "col" else o.name for o in op.operands if o.advances))
    if movers:
        found.append(("advance in loops", ", ".join(movers)))
    sources = [touch.operand for touch in op.touches if touch.in_place]
    if sources and any(touch.write for touch in op.touches):
        where = " or ".join(sources)
        late = "".join(f"; {t.operand} may be anywhere in them, but not in d" for t in op.touches if t.late)
        found.append(("in place", f"d may be the same as {where}; it must not overlap a source otherwise{late}"))
    found.append(("faults", ", ".join(faults_of(op)) or "none"))
    found.append(("time", cost(op)))
    return found


def _touch(space: str, operand: str, length: str) -> str:
    what = LENGTHS[length]
    unit = "columns from row and col on" if space == "dram" else f"words from {operand} on"
    if length in ("vector", "strided", "packed"):
        return f"{SPACES[space]}, {what} from {operand} on"
    if length in ("spaced", "vectors"):
        return f"{SPACES[space]}, {what} words from {operand} on"
    return f"{SPACES[space]}, {what} {unit if length != 'spread' else 'words for channel c'}"


# --- the page --------------------------------------------------------------------------------------------------------
def markdown() -> str:
    """The part of docs/pim-instructions.md that comes from tables, from its second heading on."""
    parts = ["## Instructions", "", *_overview(), "", *_wrapped(ISSUE)]
    for op in INSTRUCTIONS.values():
        parts += ["", *_section(op)]
    return "\n".join([*parts, "", *_functions(), "", *_rules(), "", *_systems()]) + "\n"


def _functions() -> list[str]:
    """The constants of the polynomials."""
    from hdl.arith.float.passes import CONSTANTS as POLYNOMIALS

    rows = [
        (f"`{name}`", f"`{bits:#010x}`", _number(value_of(bits, 32)))
        for name, bits in POLYNOMIALS.items()
        if "_" in name or name == "log2e"
    ]
    return ["## Constants of the functions", "", *_table(("Name", "Bits", "Value"), rows)]


def _overview() -> list[str]:
    return _table(
        ("Instruction", "Operands", "Meaning"),
        [
            (f"[`{op.name.lower()}`](#{op.name.lower()})", ", ".join(f"`{o.name}`" for o in op.operands), _first(op))
            for op in INSTRUCTIONS.values()
        ],
    )


def _rules() -> list[str]:
    """Flags and faults."""
    flags = [(f"`{flag.name}`", flag.meaning) for flag in FLAGS if flag.name != "reg"]
    faults = [(str(fault.code), f"`{fault.name}`", fault.meaning) for fault in FAULTS.values()]
    return [
        *("## Flags", "", *_table(("Flag", "Meaning"), flags), ""),
        *("All instructions have `fence` and `irq`, the others are for those that name them.", ""),
        *("## Faults", "", *_table(("Code", "Fault", "Meaning"), faults), ""),
        "The controller stops at the first illegal instruction with the first of its faults in this order.",
    ]


def _systems() -> list[str]:
    """The keys of a system with the presets' values, and the constants."""
    names = list(PRESETS)
    heads = [f"`{name}`" for name in names]
    sizes = [
        (f"`{key}`", MEANINGS[key], _size(LIMITS[key][0] if key in LIMITS else True), *_each(key)) for key in MEANINGS
    ]
    times = {name: timing_keys(params) for name, params in PRESETS.items()}
    rules = [
        (f"`{key}`", rule["symbol"], rule["meaning"], *(f"{times[name][key]['value']:,}" for name in names))
        for key, rule in times[names[0]].items()
    ]
    lines = [
        *(
            "## Systems",
            "",
            "A JSON file of a system has those of these keys that differ from `pimgpt_paper`, and the tables",
        ),
        *("`timing` and `energy` with those of theirs that do.", ""),
        *(*_table(("Key", "Meaning", "Most", *heads), sizes), ""),
        *("### Keys of `timing`", "", "In clocks but for the first.", ""),
        *(*_table(("Key", "Rule", "Meaning", *heads), rules), ""),
        *("### Sources of sizes and times", "", *_table(("Preset", "Keys", "Source"), _origins()), ""),
    ]
    for name in ("pimgpt_paper", "aim_measured"):
        keys = energy_keys(PRESETS[name])
        rows = [(f"`{key}`", f"{each['value']:g}", each["meaning"], each["source"]) for key, each in keys.items()]
        lines += [f"### Keys of `energy`, with the values of `{name}`", ""]
        lines += [*_table(("Key", "Value", "Meaning", "Source"), rows), ""]
    lines += ["## Constants", "", f"Every program has these. The values are those of `{SYSTEM}`.", ""]
    found = constants(PRESETS[SYSTEM]).items()
    return lines + _table(
        ("Constant", "Value", "Meaning"), [(f"`{name}`", str(each["value"]), each["meaning"]) for name, each in found]
    )


def _origins() -> list[tuple[str, str, str]]:
    """Of each preset, the sizes and times that come from the same source."""
    rows = []
    for name, params in PRESETS.items():
        for found in (size_keys(params), timing_keys(params)):
            by_source: dict[str, list[str]] = {}
            for key, each in found.items():
                by_source.setdefault(each["source"], []).append(f"`{key}`")
            rows += [(f"`{name}`", ", ".join(keys), source) for source, keys in by_source.items()]
    return rows


def _each(key: str) -> list[str]:
    return [_size(getattr(params, key)) for params in PRESETS.values()]


def _size(value: int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:,}"


def _first(op: Opcode) -> str:
    """The first sentence, or so."""
    return re.split(r"(?<!\.)\. |; element", op.meaning)[0]


def _section(op: Opcode) -> list[str]:
    formula = op.meaning[1:2] in (" ", "[")  # d = a + b: no sentence
    text = op.meaning if formula else op.meaning[0].upper() + op.meaning[1:]
    lines = [f"### {op.name.lower()}", "", *_wrapped(text if text.endswith("..") else f"{text}.")]
    if op.operands:
        rows = [(f"`{each.name}`", each.meaning, _values(each)) for each in op.operands]
        lines += ["", *_table(("Operand", "Is", "Values"), rows)]
    own = [f"`{flag.name}` ({flag.meaning})" for flag in op.flags]
    facts = [("opcode", f"`{op.code:#04x}`; executed by {UNITS[op.unit]}")]
    facts += [("flags of its own", ", ".join(own))] * bool(own) + _facts(op)
    lines.append("")
    for name, text in facts:
        lines += _wrapped(f"- {name}: {text}", "  ")
    return [*lines, "", "```text", example_text(EXAMPLES[op.name]), "```"]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]

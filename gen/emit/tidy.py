"""Yosys' Verilog made shorter and easier to read; nothing of what it says is changed.

Yosys gives every operation a line and a wire, and every port two declarations. It writes names and bits in one way
only, so that its text can be changed line by line.
"""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["tidy"]

RANGE = r"(?:\[\d+:0\] )?"
#: A port with a second line that says whether it is a wire or a register.
PORT = re.compile(rf"^  (input|output) ({RANGE}\S+ ?);\n  (wire|reg) \2;$", re.MULTILINE)
#: A register without an enable, which takes a wire that has no name of its own; and what such a wire is.
TAKES = re.compile(r"^(    (?!if ).+ <= )(_\d+_);$", re.MULTILINE)
GIVEN = re.compile(r"^  assign (_\d+_) = (.+);\n", re.MULTILINE)
WIRE = re.compile(rf"^  wire {RANGE}(\w+);\n", re.MULTILINE)
#: Three and more of the same in a concatenation.
REPEATED = re.compile(r"(?<=[{,] )(\w+(?:\[[\d:]+\])?)((?:, \1){2,})(?=,| })")
#: A concatenation of nothing else.
ALONE = re.compile(r"\{ (\{\d+\{[^{}]*\}\}) \}")


def tidy(module: str) -> str:
    """One module's text: ports are declared once, what a register takes stands in its line, and repeats are counted.

    Wires of outputs that no one reads are named ``unused``, which is how Verilator's lint takes it for intended.
    """
    module = PORT.sub(_declared, module)
    counts = Counter(re.findall(r"\w+", module))
    module = _taken(module, counts)
    for name in WIRE.findall(module):
        if counts[name] == 2 and f"({name})" in module:
            module = re.sub(rf"\b{name}\b", f"unused_{name.strip('_')}", module)
    return ALONE.sub(r"\1", REPEATED.sub(_counted, module))


def _declared(port: re.Match[str]) -> str:
    direction, name, kind = port.groups()
    return f"  {direction} {name};" if kind == "wire" else f"  {direction} reg {name};"


def _counted(same: re.Match[str]) -> str:
    return f"{{{1 + same[2].count(',')}{{{same[1]}}}}}"


def _taken(module: str, counts: Counter[str]) -> str:
    """Write into a register's line what a wire is that only this register takes."""
    given = dict(GIVEN.findall(module))
    # Its declaration, its assignment and this register.
    once = {name for _, name in TAKES.findall(module) if name in given and counts[name] == 3}
    module = TAKES.sub(lambda line: f"{line[1]}{given[line[2]]};" if line[2] in once else line[0], module)
    for line in (GIVEN, WIRE):
        module = line.sub(lambda found: "" if found[1] in once else found[0], module)
    return module

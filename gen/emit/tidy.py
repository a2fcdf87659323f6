"""Yosys' Verilog made shorter and easier to read; nothing of what it says is changed.

Yosys gives every operation a line and a wire, every port two declarations below the list that names it, and every
register a block of its own. It writes names and bits in one way only, so that its text can be changed line by line.
"""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["tidy"]

NAME = r"\\\S+ |\w+"
RANGE = r"(?:\[\d+:0\] )?"
#: A module's name, and the list of its ports' names.
HEAD = re.compile(rf"^(module (?:{NAME}))\((.*?)\);\n", re.DOTALL)
#: A port's declaration, and a second line that says whether it is a wire or a register.
PORT = re.compile(rf"^  (input|output) ((?:signed )?{RANGE})({NAME});\n  (wire|reg) \2\3;\n", re.MULTILINE)
#: The clock edge of a block, and the only register in it.
REGISTER = re.compile(r"^  (always @\(posedge .+\))\n(    .+ <= .+;\n)(?!    )", re.MULTILINE)
#: A register without an enable, which takes a wire that has no name of its own; and what such a wire is.
TAKES = re.compile(r"^(    (?!if ).+ <= )(_\d+_);$", re.MULTILINE)
GIVEN = re.compile(r"^  assign (_\d+_) = (.+);\n", re.MULTILINE)
WIRE = re.compile(rf"^  wire {RANGE}(\w+);\n", re.MULTILINE)
#: Zeros in front of a constant, which says how wide it is without them.
ZEROS = re.compile(r"('s?h)0+(?=[0-9a-f])")
#: Three and more of the same in a concatenation.
REPEATED = re.compile(r"(?<=[{,] )(\w+(?:\[[\d:]+\])?)((?:, \1){2,})(?=,| })")
#: A concatenation of nothing else.
ALONE = re.compile(r"\{ (\{\d+\{[^{}]*\}\}) \}")


def tidy(module: str) -> str:
    """One module's text, as an engineer would write it.

    Ports are declared in its head, registers share a block, what a register takes stands in its line, constants have no
    more digits than they need, and repeats are counted.

    Wires of outputs that no one reads are named ``unused``, which is how Verilator's lint takes it for intended.
    """
    module = _joined(_headed(module))
    counts = Counter(re.findall(r"\w+", module))
    module = _taken(module, counts)
    for name in WIRE.findall(module):
        if counts[name] == 2 and f"({name})" in module:
            module = re.sub(rf"\b{name}\b", f"unused_{name.strip('_')}", module)
    module = ZEROS.sub(r"\1", module)
    return ALONE.sub(r"\1", REPEATED.sub(_counted, module))


def _headed(module: str) -> str:
    """Declare ports where they are listed, one a line, and nowhere else. Their order stays."""
    declared = {
        name: f"  {direction} reg {shape}{name}" if kind == "reg" else f"  {direction} {shape}{name}"
        for direction, shape, name, kind in PORT.findall(module)
    }

    def head(found: re.Match[str]) -> str:
        ports = ",\n".join(declared[name] for name in re.findall(NAME, found[2]))
        return f"{found[1]}(\n{ports}\n);\n"

    return HEAD.sub(head, PORT.sub("", module))


def _joined(module: str) -> str:
    """Put all registers of a clock edge into the block of the first of them, in their order.

    A block of more than one line stays alone: those of memories, which tools know by their form.
    """
    registers: dict[str, list[str]] = {}
    for edge, register in REGISTER.findall(module):
        registers.setdefault(edge, []).append(register)

    def block(found: re.Match[str]) -> str:
        here = registers.pop(found[1], [])
        return f"  {found[1]} begin\n{''.join(here)}  end\n" if len(here) > 1 else found[0] if here else ""

    return REGISTER.sub(block, module)


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

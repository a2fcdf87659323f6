"""The disassembler: program to text that assembles to the same words, whatever they are."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

from gen.pim.literals import shortest, value_of
from gen.pim.program import Program
from gen.pim.statement import OpenLoop
from hdl.params.pim import LEVELS, PRESETS, WORD_BITS, IllegalWord, Instruction, PimParams, decode, encode
from hdl.params.pim.encoding import advance_bit
from hdl.params.pim.fields import ADVANCING, Operand

__all__ = ["disassemble"]

INDENT = "  "
LABEL_WIDTH = 8
NAME_WIDTH = 10
#: SETR values below this are shown as integers: as single precision they would be next to zero.
INTEGERS = 1 << 20


def disassemble(program: Program) -> str:
    """The text of a program; see :mod:`gen.pim.assemble` for its form."""
    writer = _Writer(program.params)
    lines = [_system(program.params)]
    lines += [writer.line(word) for word in program.words]
    return "\n".join(lines) + "\n"


def _system(params: PimParams) -> str:
    """The directive that names the system: the nearest preset, and what differs from it."""
    texts = []
    for name, near in PRESETS.items():
        changes = _changes("", near.to_dict(), params.to_dict())
        texts.append(", ".join([f".system {name}", *changes]))
    return min(texts, key=lambda text: text.count(","))


def _changes(prefix: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = []
    for key, value in after.items():
        if isinstance(value, dict):
            found += _changes(f"{key}.", before[key], value)
        elif value != before[key] or isinstance(value, float) != isinstance(before[key], float):
            found.append(f"{prefix}{key}={str(value).lower() if isinstance(value, bool) else repr(value)}")
    return found


class _Writer:
    """Writes line by line, with a label for every loop. A word that the text has no form for stands as it is."""

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.loops: list[OpenLoop] = []
        self.count = 0

    def line(self, word: int) -> str:
        """The line of a word."""
        try:
            one = decode(word)
        except IllegalWord as error:
            return self._raw(word, str(error))
        name = one.op.name.lower()
        if encode(one) != word:
            return self._raw(word, f"{name} with bits that it doesn't use")
        if not self._has_form(one):
            return self._raw(word, name)
        parts = self._parts(one)
        if name == "loop":
            label = f"L{self.count}"
            text = self._layout(f"{label}:", name, parts)
            self.count += 1
            self.loops.append(OpenLoop(label, "rows" in one.flags))
            return text
        if name == "endl" and self.loops:
            parts.insert(0, self.loops.pop().label)
        return self._layout("", name, parts)

    @property
    def _named(self) -> list[str]:
        """Labels of the loops that operands can name, the outermost first."""
        return [loop.label for loop in self.loops if not loop.all_rows]

    def _raw(self, word: int, why: str) -> str:
        return f"{self._layout('', '.word', [f'0x{word:0{WORD_BITS // 4}x}'])}  # {why}"

    def _layout(self, label: str, name: str, parts: list[str]) -> str:
        indent = INDENT * len(self.loops)
        return f"{label:<{LABEL_WIDTH}}{indent}{name:<{NAME_WIDTH}}{', '.join(parts)}".rstrip()

    def _has_form(self, one: Instruction) -> bool:
        """Whether the text can say this: loops that it advances with, a decimal, no operand that isn't read."""
        for address, level in product(ADVANCING, range(len(self._named), LEVELS)):
            if one.advance >> advance_bit(address, level) & 1:
                return False
        unused = one.op.unused(one.flags)
        if unused and (one[unused] or any(one.advances(unused, level) for level in range(LEVELS))):
            return False
        return all(self._value(one, operand) for operand in one.op.operands)

    def _parts(self, one: Instruction) -> list[str]:
        parts = []
        for operand in one.op.operands:
            loops = [label for level, label in enumerate(self._named[:LEVELS]) if one.advances(operand.name, level)]
            if operand.name == "col":  # the row has said it
                loops = []
            default = (1 << self.params.channels) - 1 if operand.name == "mask" else operand.default
            if loops or (one[operand.name] != default and operand.name != one.op.unused(one.flags)):
                parts.append("@".join([f"{operand.name}={self._value(one, operand)}", *loops]))
        return parts + [flag.name for flag in one.op.all_flags if flag.name in one.flags and flag.name != "reg"]

    def _value(self, one: Instruction, operand: Operand) -> str:
        """The operand's value; an empty text where no decimal is equal to it."""
        value = one[operand.name]
        if operand.register or (operand.or_scalar and "reg" in one.flags):
            return f"r{value}"
        if operand.kind == "channels":
            return self._mask(value)
        if operand.kind == "bf16":
            return shortest(value, 16)
        if operand.kind == "bits":
            number = shortest(value, 32) if value >= INTEGERS and math.isfinite(value_of(value, 32)) else ""
            return number or (str(value) if value < INTEGERS else f"{value:#x}")
        return str(value)

    def _mask(self, value: int) -> str:
        if not value or value >> self.params.channels:
            return f"{value:#x}"
        names = [f"CH{channel}" for channel in range(self.params.channels) if value >> channel & 1]
        return "ALL" if len(names) == self.params.channels else "|".join(names)

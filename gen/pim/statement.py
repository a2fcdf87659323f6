"""One instruction of an assembly text: its operands and flags, and what of it could not be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gen.pim.literals import bf16_bits, fp32_bits
from gen.pim.reader import Bad, Constants, Line, Number, Token
from hdl.params import near_name, near_or_legal
from hdl.params.pim import LEVELS, SCALARS, Instruction, Opcode
from hdl.params.pim.encoding import advance_bit
from hdl.params.pim.fields import ADVANCING, Operand

__all__ = ["REGISTERS", "OpenLoop", "Statement", "stand_in"]

REGISTERS = {f"r{number}": number for number in range(SCALARS)}
#: Problems after which a line is given up.
MOST_PROBLEMS = 50
#: Values that break no rule, for operands that could not be read; of all other kinds it is zero.
HARMLESS = {"columns": 1, "words": 1, "elements": 1, "iterations": 1, "slots": 1, "channels": 1}
HARMLESS |= {"accumulators": 1, "vectors": 1}


@dataclass(frozen=True)
class OpenLoop:
    """A loop around an instruction: its label, or an empty text, and whether it has flag rows."""

    label: str
    all_rows: bool = False


def stand_in(op: Opcode) -> Instruction:
    """An instruction for one whose operands are not known."""
    return Instruction(op, {operand.name: HARMLESS.get(operand.kind, 0) for operand in op.operands})


class Statement:
    """Reads the operands and flags behind the name of an instruction. What is wrong is noted at the line.

    Parameters
    ----------
    line : Line
        Its name has been taken.
    op : Opcode
    token : Token
        Its name.
    names : mapping
        The constants.
    loops : sequence of OpenLoop
        The loops around it, the outermost first.

    Attributes
    ----------
    instruction : Instruction
    places : dict
        The column of each operand's value.
    doubt : set of str
        Operands whose value is a stand-in, because it could not be read; ``flags`` where some part was no operand.
    """

    def __init__(self, line: Line, op: Opcode, token: Token, names: Constants, loops: Sequence[OpenLoop]) -> None:
        self.line, self.op, self.names, self.loops = line, op, names, loops
        self.places: dict[str, int] = {}
        self.doubt: set[str] = set()
        self._values: dict[str, int] = {}
        self._flags: set[str] = set()
        self._advance = 0
        stray = self._parts()
        self._complete(token, stray)
        self.instruction = Instruction(op, self._values, frozenset(self._flags), self._advance)

    def _parts(self) -> bool:
        """Take all operands and flags; whether there was something that is neither."""
        line, stray, begun = self.line, False, False
        while line.next.text and len(line.problems) < MOST_PROBLEMS:
            operand = None
            try:
                if begun:
                    self._comma()
                begun = True
                if line.peek(1).text == "=":
                    operand = self._named()
                    self._operand(operand)
                else:
                    self._flag()
            except Bad:
                stray |= operand is None
                self.doubt.add(operand.name if operand else "flags")
                line.recover()
        return stray

    def _comma(self) -> None:
        """Take the comma between two parts; where only it is missing, the next part is read all the same."""
        line = self.line
        if not line.optional(","):
            line.note(f"expected ',', not {line.next.shown}", line.next)
            if not re.match("[A-Za-z]", line.next.text):
                raise Bad

    def _flag(self) -> None:
        op, line = self.op, self.line
        legal = [flag.name for flag in op.all_flags if flag.name != "reg"]
        what = f"an operand or a flag of {op.name.lower()}"
        token = line.expect(what, lambda text: text.lower() in legal, [*legal, *(each.name for each in op.operands)])
        if token.text.lower() in self._flags:
            line.note(f"{token.text!r} is given twice", token)
        self._flags.add(token.text.lower())

    def _named(self) -> Operand:
        """Take the name of an operand and the sign behind it."""
        line, op = self.line, self.op
        token = line.take()
        operand = op.operand(token.text.lower())
        if operand is None:
            legal = [each.name for each in op.operands]
            has = f"has {', '.join(legal)}" if legal else "has none"
            line.refuse(f"{op.name.lower()} has no operand {token.shown}", token, near_name(token.text, legal) or has)
        if operand.name in self.places:
            line.note(f"{token.text!r} is given twice", token)
        line.take()
        return operand

    def _operand(self, operand: Operand) -> None:
        line, begin = self.line, self.line.next
        self.places[operand.name] = begin.column
        register = REGISTERS.get(begin.text.lower())
        if register is not None and (operand.or_scalar or operand.register):
            line.take()
            self._values[operand.name] = register
            if operand.or_scalar:
                self._flags.add("reg")
        elif operand.register:
            found = begin.shown if begin.text else "the end of the line"
            line.refuse(f"expected a scalar register, r0 to r{SCALARS - 1}, not {found}")
        else:
            self._values[operand.name] = self._value(operand, begin)
        self._advances(operand)

    def _value(self, operand: Operand, begin: Token) -> int:
        value = self.line.expression(self.names)
        try:
            if operand.kind == "bf16":
                return bf16_bits(value)
            if operand.kind == "bits" and not isinstance(value, int):
                return fp32_bits(value)
        except ValueError as error:
            self.line.refuse(str(error), begin)
        return self._integer(operand, value, begin)

    def _integer(self, operand: Operand, value: Number, begin: Token) -> int:
        low, high = operand.range
        if not isinstance(value, int):
            self.line.refuse(f"{operand.name!r} is an integer", begin)
        if operand.kind in ("bits", "integer") and -(1 << 31) <= value < 0:
            return value % (1 << operand.width)
        if not low <= value <= high:
            self.line.refuse(f"{operand.name!r} is {low} to {high} ({operand.width} bits), not {value}", begin)
        return value

    def _advances(self, operand: Operand) -> None:
        """The loops that the operand advances with."""
        line = self.line
        while line.next.text == "@":
            sign = line.take()
            token = line.name("the label of a loop")
            if not operand.advances:
                line.refuse(f"{operand.name!r} can't advance: only {', '.join(ADVANCING)} and gb do", sign)
            if OpenLoop(token.text, all_rows=True) in self.loops:
                line.refuse(f"every row moves with {token.text!r}, which has flag rows: no operand names it", token)
            named = [each.label for each in self.loops if not each.all_rows]
            open_loops = [label for label in named if label]
            if token.text not in named:
                hint = near_or_legal(token.text, open_loops)
                line.refuse(f"{token.text!r} is no loop around this instruction", token, hint)
            level = named.index(token.text)
            self._advance |= 1 << advance_bit(operand.advances, level) if level < LEVELS else 0

    def _complete(self, token: Token, stray: bool) -> None:
        """Fill in what was left out, or could not be read; what is missing may be in what was neither."""
        op, values, missing = self.op, self._values, []
        unused = op.unused(self._flags)
        if unused in self.places:
            self.line.note(f"nothing is read at {unused!r} with flag 'zero'", token)
        for operand in op.operands:
            default = self.names.get("ALL") if operand.kind == "channels" else operand.default
            if operand.name == unused:
                default = 0
            if operand.name in self.doubt or (operand.name not in self.places and default is None):
                if operand.name not in self.doubt:
                    missing.append(operand.name)
                self.doubt.add(operand.name)
                default = default if operand.kind == "channels" else HARMLESS.get(operand.kind, 0)
                values[operand.name] = HARMLESS["channels"] if default is None else default
            elif operand.name not in self.places:
                values[operand.name] = 0 if default is None else default
        if missing and not stray:
            *first, last = missing
            what = f"{', '.join(first)} and {last}" if first else last
            self.line.note(f"{op.name.lower()} needs {what}", token)

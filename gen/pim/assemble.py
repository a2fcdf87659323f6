"""The assembler: text to program.

A line is a label, an instruction or a directive, and a comment from ``#`` on::

    .system tiny                        # a preset, or one with changes: .system tiny, channels=4, timing.trp=7
    .const  weights = 16                # an integer; CHANNELS, BANKS, LANES, ... are those of the system
            setr    r=r1, value=1e-5    # a decimal is a single-precision number, an integer is itself
            wr_gb   a=0, n=8            # the mask is ALL where it is left out
    slots:  loop    n=4, row=1, d=SLOT_WORDS
              mac_ab  row=weights@slots, n=8
              rd_mac  d=64@slots
            endl    slots
            vscale  a=64, d=64, n=32, imm=0.125
            halt    irq

Instructions, operands and flags are those of :mod:`hdl.params.pim.instructions`, in any case and order; operands with
a default may be left out. An address that carries ``@`` and the label of a loop around it advances with that loop (row
and column together). A scalar register is r0 to r15. Numbers can be expressions: see
:meth:`gen.pim.reader.Line.expression`. ``.word`` and 128 bits is any word at all, for tests of the controller's errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gen.pim.check import check
from gen.pim.literals import bf16_bits, fp32_bits
from gen.pim.program import Program
from gen.pim.reader import Bad, Line, Number, Token
from hdl.params import ConfigError, Problem, near_name
from hdl.params.pim import INSTRUCTIONS, LEVELS, SCALARS, WORD_BITS, Instruction, Opcode, PimParams, encode, preset
from hdl.params.pim.encoding import advance_bit
from hdl.params.pim.fields import Operand

__all__ = ["assemble", "constants_of"]

DIRECTIVES = (".system", ".const", ".word")
REGISTERS = {f"r{number}": number for number in range(SCALARS)}


def assemble(text: str, source: str = "", system: PimParams | None = None, *, checked: bool = True) -> Program:
    """Translate a text and check the program.

    Parameters
    ----------
    text : str
    source : str
        The file it stands in, for messages.
    system : PimParams, optional
        The system, whatever the text says.
    checked : bool
        Refuse programs that break a rule of the controller. Without it they are translated as far as words can hold
        them, for tests of the controller's errors.

    Raises
    ------
    ConfigError
        With every problem found, each at its ``file:line:column``.
    """
    reader = _Assembler(system)
    for number, line in enumerate(text.splitlines(), 1):
        reader.line(Line(line, number))
    problems = reader.finish(checked)
    if problems:
        where = f"{source}:" if source else ""
        raise ConfigError([Problem(f"{where}{each.where}", each.message, each.hint) for each in problems])
    assert reader.params is not None
    return Program(reader.params, tuple(word for word, _ in reader.code))


def constants_of(params: PimParams) -> dict[str, int]:
    """The constants that every program of a system has."""
    masks = {f"CH{channel}": 1 << channel for channel in range(params.channels)}
    return {
        "CHANNELS": params.channels,
        "BANKS": params.banks,
        "LANES": params.lanes,
        "UNITS": params.units,
        "SLOT_WORDS": params.slot_words,
        "ROW_COLS": params.row_cols,
        "ROWS": params.rows,
        "GB_WORDS": params.gb_words,
        "SRAM_WORDS": params.sram_words,
        "ALL": (1 << params.channels) - 1,
        **masks,
    }


@dataclass
class _Place:
    """Where an instruction and its operands stand."""

    line: int
    column: int
    operands: dict[str, int] = field(default_factory=dict)

    def of(self, operand: str) -> str:
        return f"{self.line}:{self.operands.get(operand, self.column)}"


class _Assembler:
    """Translates line by line; problems are collected, and a line that has one is left out."""

    def __init__(self, system: PimParams | None) -> None:
        self.params = system
        self.given = system is not None
        self.names: dict[str, int] = dict(constants_of(system)) if system else {}
        self.own: set[str] = set()
        self.labels: set[str] = set()
        #: Open loops: label, or an empty text.
        self.loops: list[str] = []
        self.code: list[tuple[int, _Place]] = []
        self.problems: list[Problem] = []
        self.lost = False
        self.stated = False
        self.last = 1

    def line(self, line: Line) -> None:
        """Translate a line."""
        if not line.tokens:
            return
        self.last = line.number
        try:
            label = ""
            if line.peek(1).text == ":":
                label = line.name("a label").text
                line.take()
                self._define(line, label)
                if line.next.text.lower() != "loop":
                    line.refuse("a label names a loop: expected 'loop' after it", line.next)
            if line.next.text.startswith("."):
                self._directive(line)
            else:
                self._instruction(line, label)
        except Bad as bad:
            self.lost = True
            self.problems.append(bad.problem)
            self._keep_loops(line)

    def finish(self, checked: bool) -> list[Problem]:
        """What is wrong, once all lines have been read; the program itself is only checked if every line was fine."""
        if self.params is None and not self.lost:
            message = "which system is this for? Begin with '.system' and its name"
            self.problems.append(Problem(f"{self.last}:1", message))
        if self.params is None or self.problems or not checked:
            return self.problems
        end = _Place(self.last, 1)
        for each in check(Program(self.params, tuple(word for word, _ in self.code))):
            place = self.code[each.index][1] if each.index < len(self.code) else end
            self.problems.append(Problem(place.of(each.operand), each.message))
        return self.problems

    def _keep_loops(self, line: Line) -> None:
        """A loop whose line is wrong still is one: what stands inside it is not wrong for that."""
        words = [token.text for token in line.tokens[:3]]
        labelled = len(words) > 1 and words[1] == ":"
        name = (words[2:] or [""])[0] if labelled else words[0]
        if name.lower() == "loop":
            self.loops.append(words[0] if labelled else "")
        elif name.lower() == "endl" and self.loops:
            self.loops.pop()

    # --- directives --------------------------------------------------------------------------------------------------
    def _directive(self, line: Line) -> None:
        token = line.expect(
            f"a directive: {', '.join(DIRECTIVES)}", lambda text: text.lower() in DIRECTIVES, DIRECTIVES
        )
        name = token.text.lower()
        if name == ".system":
            self._system(line, token)
        elif name == ".const":
            constant = line.name("a name")
            line.expect("'='", lambda text: text == "=")
            begin = line.next
            value = line.expression(self.names)
            if not isinstance(value, int):
                line.refuse("a constant is an integer", begin)
            self._define(line, constant.text, constant, value)
        else:
            begin = line.next
            word = line.expression(self.names)
            if not isinstance(word, int) or not 0 <= word < 1 << WORD_BITS:
                line.refuse(f"a word is an integer of {WORD_BITS} bits", begin)
            self.code.append((word, _Place(line.number, token.column)))
        line.finish()

    def _system(self, line: Line, token: Token) -> None:
        if self.stated or self.code or self.own:
            line.refuse("the system is stated once, before everything else", token)
        self.stated = True
        name = line.name("the name of a system")
        changes: dict[str, Any] = {}
        while line.optional(","):
            key = line.expect("a parameter", lambda text: re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)?", text))
            line.expect("'='", lambda text: text == "=")
            value = line.expression({})
            table = changes
            for part in key.text.split(".")[:-1]:
                table = changes.setdefault(part, {})
            table[key.text.split(".")[-1]] = value if isinstance(value, int) else float(value)
        try:
            values = preset(name.text).to_dict()
            for key_text, change in changes.items():
                values[key_text] = values.get(key_text, {}) | change if isinstance(change, dict) else change
            params = PimParams.from_dict(values)
        except ConfigError as error:
            for problem in error.problems:
                where = "" if problem.where == "system" else f"{problem.where} "
                self.problems.append(Problem(line.where(name), f"{where}{problem.message}", problem.hint))
            self.lost = True
            params = preset("pimgpt_paper")  # whatever else is wrong can still be found
        if not self.given:
            self.params = params
            self.names |= constants_of(params)

    def _define(self, line: Line, name: str, token: Token | None = None, value: int | None = None) -> None:
        """Take a name for a label or a constant."""
        if name in self.names or name in self.labels or name.lower() in REGISTERS or name in ("inf", "nan"):
            line.refuse(f"{name!r} already has a meaning", token or line.tokens[0])
        if value is None:
            self.labels.add(name)
        else:
            self.names[name] = value
            self.own.add(name)

    # --- instructions ------------------------------------------------------------------------------------------------
    def _instruction(self, line: Line, label: str) -> None:
        names = [name.lower() for name in INSTRUCTIONS]
        token = line.expect("an instruction", lambda text: text.lower() in names, [*names, *DIRECTIVES])
        if self.params is None and not self.lost:
            line.refuse("which system is this for? Begin with '.system' and its name", token)
        op = INSTRUCTIONS[token.text.upper()]
        place = _Place(line.number, token.column)
        if op.name == "ENDL":
            self._endl(line)
        values: dict[str, int] = {}
        flags: set[str] = set()
        advance = 0
        while line.next.text:
            if values or flags:
                line.expect("','", lambda text: text == ",")
            if line.peek(1).text == "=":
                advance |= self._operand(line, op, place, values, flags)
            else:
                self._flag(line, op, flags)
        self._complete(line, op, token, values, flags)
        if op.name == "LOOP":
            self.loops.append(label)
        elif op.name == "ENDL" and self.loops:
            self.loops.pop()
        self.code.append((encode(Instruction(op, values, frozenset(flags), advance)), place))

    def _endl(self, line: Line) -> None:
        """``endl``, or ``endl`` and the label of the loop that it ends."""
        token = line.next
        flags = [flag.name for flag in INSTRUCTIONS["ENDL"].all_flags]
        if not token.text or token.text.lower() in flags:
            return
        name = line.name("the label of the loop").text
        if not self.loops or self.loops[-1] != name:
            inner = f"the innermost loop here is {self.loops[-1]!r}" if any(self.loops[-1:]) else ""
            line.refuse(f"{name!r} is not the loop that ends here", token, inner)
        line.optional(",")

    def _flag(self, line: Line, op: Opcode, flags: set[str]) -> None:
        legal = [flag.name for flag in op.all_flags if flag.name != "reg"]
        what = f"an operand or a flag of {op.name.lower()}"
        token = line.expect(what, lambda text: text.lower() in legal, [*legal, *(each.name for each in op.operands)])
        if token.text.lower() in flags:
            line.refuse(f"{token.text!r} is given twice", token)
        flags.add(token.text.lower())

    def _operand(self, line: Line, op: Opcode, place: _Place, values: dict[str, int], flags: set[str]) -> int:
        """Take an operand; returns the bits of the tag that let it advance."""
        token = line.take()
        operand = op.operand(token.text.lower())
        if operand is None:
            legal = [each.name for each in op.operands]
            has = f"has {', '.join(legal)}" if legal else "has none"
            line.refuse(f"{op.name.lower()} has no operand {token.text!r}", token, near_name(token.text, legal) or has)
        if operand.name in values:
            line.refuse(f"{token.text!r} is given twice", token)
        line.take()
        place.operands[operand.name] = line.next.column
        begin = line.next
        register = REGISTERS.get(begin.text.lower())
        if register is not None and (operand.or_scalar or operand.kind == "scalar"):
            line.take()
            values[operand.name] = register
            if operand.or_scalar:
                flags.add("reg")
        elif operand.kind == "scalar":
            line.refuse(f"expected a scalar register, r0 to r{SCALARS - 1}, not {begin.text!r}")
        else:
            values[operand.name] = self._value(line, operand, begin)
        return self._advance(line, operand)

    def _value(self, line: Line, operand: Operand, begin: Token) -> int:
        value = line.expression(self.names)
        try:
            if operand.kind == "bf16":
                return bf16_bits(value)
            if operand.kind == "bits" and not isinstance(value, int):
                return fp32_bits(value)
        except ValueError as error:
            line.refuse(str(error), begin)
        return self._integer(line, operand, value, begin)

    def _integer(self, line: Line, operand: Operand, value: Number, begin: Token) -> int:
        low, high = operand.range
        if not isinstance(value, int):
            line.refuse(f"{operand.name!r} is an integer", begin)
        if operand.kind == "bits" and -(1 << 31) <= value < 0:
            return value % (1 << operand.width)
        if not low <= value <= high:
            line.refuse(f"{operand.name!r} is {low} to {high} ({operand.width} bits), not {value}", begin)
        return value

    def _advance(self, line: Line, operand: Operand) -> int:
        bits = 0
        while line.next.text == "@":
            sign = line.take()
            token = line.name("the label of a loop")
            if not operand.advances:
                line.refuse(f"{operand.name!r} can't advance: only row, a, b, d and gb do", sign)
            open_loops = [label for label in self.loops if label]
            if token.text not in self.loops:
                hint = near_name(token.text, open_loops) or (f"there is {', '.join(open_loops)}" if open_loops else "")
                line.refuse(f"{token.text!r} is no loop around this instruction", token, hint)
            level = self.loops.index(token.text)
            bits |= 1 << advance_bit(operand.advances, level) if level < LEVELS else 0
        return bits

    def _complete(self, line: Line, op: Opcode, token: Token, values: dict[str, int], flags: set[str]) -> None:
        """Fill in what was left out."""
        unused = {"WR_BIAS": "a", "VMM": "b"}.get(op.name) if "zero" in flags else None
        if unused in values:
            line.refuse(f"nothing is read at {unused!r} with flag 'zero'", token)
        missing = []
        for operand in op.operands:
            default = operand.default
            if operand.name == "mask":
                default = self.names.get("ALL", 1)
            elif operand.name == unused:
                default = 0
            if operand.name not in values and default is None:
                missing.append(operand.name)
            elif default is not None:
                values.setdefault(operand.name, default)
        if missing:
            line.refuse(f"{op.name.lower()} needs {' and '.join(missing)}", token)

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
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches

from gen.pim.check import check
from gen.pim.program import Program
from gen.pim.reader import Bad, Line, Token
from gen.pim.statement import REGISTERS, OpenLoop, Statement, stand_in
from hdl.params import ConfigError, Problem, near_name
from hdl.params.pim import INSTRUCTIONS, PRESETS, WORD_BITS, Opcode, PimParams, changed, encode, preset

__all__ = ["assemble", "constants_of"]

#: Problems after which a text is given up.
MOST_PROBLEMS = 200
DIRECTIVES = (".system", ".const", ".word")


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
        With every problem found, each at its ``file:line:column`` and in the order of the text: what can't be read, and
        what breaks a rule as far as it can be told beside that.
    """
    reader = _Assembler(system)
    whole = True
    for number, line in enumerate(text.splitlines(), 1):
        whole = len(reader.problems) < MOST_PROBLEMS
        if not whole:
            break
        reader.line(Line(line, number))
    problems = reader.finish(checked and whole)
    if not whole:
        problems.append(Problem(f"{reader.last + 1}:1", "the rest was not read: so many problems make no program"))
    if problems:
        where = f"{source}:" if source else ""
        raise ConfigError([Problem(f"{where}{each.where}", each.message, each.hint) for each in problems])
    return Program(reader.params, tuple(entry.word for entry in reader.code))


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
        "BUFFERS": params.buffers,
        "ACCUMULATORS": params.accumulators,
        "VECTORS": params.vectors,
        "SRAM_WORDS": params.sram_words,
        "ALL": (1 << params.channels) - 1,
        **masks,
    }


@dataclass(frozen=True)
class _Entry:
    """An instruction, where it stands, and what of it could not be read.

    ``doubt`` holds what is a stand-in (see :func:`gen.pim.check.check`), None where the whole instruction is one.
    """

    word: int
    line: int
    column: int
    places: Mapping[str, int] = field(default_factory=dict)
    doubt: frozenset[str] | None = frozenset()

    def of(self, operand: str) -> str:
        """The place of an operand, or of the instruction."""
        return f"{self.line}:{self.places.get(operand, self.column)}"


class _Assembler:
    """Translates line by line. Problems are collected, and the rest of the line and of the text is read all the same.

    For that, what could not be read is stood in for: an operand by a value that no rule forbids, an unknown instruction
    by the nearest one, a system that is not known by a preset.
    """

    def __init__(self, system: PimParams | None) -> None:
        self.params = system or preset("pimgpt_paper")
        self.given = system is not None
        #: The system is known, so that addresses can be checked.
        self.known = self.given
        self.names: dict[str, int | None] = dict(constants_of(system)) if system else {}
        self.own: set[str] = set()
        self.labels: set[str] = set()
        self.loops: list[OpenLoop] = []
        self.code: list[_Entry] = []
        self.problems: list[Problem] = []
        self.stated = False
        self.last = 1

    def line(self, line: Line) -> None:
        """Translate a line."""
        if not line.tokens:
            return
        self.last = line.number
        with suppress(Bad):
            label = self._label(line)
            if line.next.text.startswith("."):
                self._directive(line)
            else:
                self._instruction(line, label)
        self.problems += line.problems

    def finish(self, checked: bool) -> list[Problem]:
        """What is wrong, once all lines have been read, in the order of the text."""
        if not self.stated and not self.given:
            self._unstated(Token("", 1), self.last)
        if self.known and checked:
            end = _Entry(0, self.last, 1)
            program = Program(self.params, tuple(entry.word for entry in self.code))
            doubts = {index: entry.doubt for index, entry in enumerate(self.code) if entry.doubt != frozenset()}
            for each in check(program, doubts):
                place = self.code[each.index] if each.index < len(self.code) else end
                self.problems.append(Problem(place.of(each.operand), each.message))
        return sorted(self.problems, key=lambda each: tuple(map(int, each.where.split(":"))))

    def _label(self, line: Line) -> str:
        """The label that a line begins with, or an empty text."""
        if line.peek(1).text != ":":
            return ""
        label = line.name("a label").text
        line.take()
        with suppress(Bad):
            self._define(line, label)
        if line.next.text.lower() != "loop":
            line.note("a label names a loop: expected 'loop' after it", line.next)
        return label

    def _unstated(self, token: Token, line: int) -> None:
        """The text doesn't say which system it is for: that is a problem, but only one."""
        message, hint = "which system is this for? Begin with '.system' and its name", f"legal: {', '.join(PRESETS)}"
        self.problems.append(Problem(f"{line}:{token.column}", message, hint))
        self.stated = True
        self.names = {**constants_of(self.params), **self.names}

    # --- directives --------------------------------------------------------------------------------------------------
    def _directive(self, line: Line) -> None:
        token = line.expect(
            f"a directive: {', '.join(DIRECTIVES)}", lambda text: text.lower() in DIRECTIVES, DIRECTIVES
        )
        name = token.text.lower()
        if name == ".system":
            self._system(line, token)
        elif name == ".const":
            self._constant(line)
        else:
            begin = line.next
            entry = _Entry(0, line.number, token.column, doubt=None)
            try:
                word = line.expression(self.names)
                if not isinstance(word, int) or not 0 <= word < 1 << WORD_BITS:
                    line.refuse(f"a word is an integer of {WORD_BITS} bits", begin)
                entry = _Entry(word, line.number, token.column)
            finally:
                self.code.append(entry)
        line.finish()

    def _constant(self, line: Line) -> None:
        constant = line.name("a name")
        value: int | None = None
        try:
            line.expect("'='", lambda text: text == "=")
            begin = line.next
            found = line.expression(self.names)
            if not isinstance(found, int):
                line.refuse("a constant is an integer", begin)
            value = found
        finally:
            self._define(line, constant.text, constant, constant=True, value=value)

    def _system(self, line: Line, token: Token) -> None:
        if self.stated or self.code or self.own:
            line.refuse("the system is stated once, before everything else", token)
        self.stated = True
        name = line.name("the name of a system")
        base, places = PRESETS.get(name.text), {"system": name}
        if base is None:
            line.note(f"must be one of {', '.join(PRESETS)}, not {name.shown}", name, near_name(name.text, PRESETS))
        changes = dict(self._changes(line, places))
        try:
            params = changed(base or self.params, changes)
        except ConfigError as error:
            for problem in error.problems:
                place = places.get(problem.where.removeprefix("pim."), name)
                line.note(f"{problem.where} {problem.message}", place, problem.hint)
            params = self.params
        if not self.given:
            self.params, self.known = params, not line.problems
            self.names |= constants_of(params)

    def _changes(self, line: Line, places: dict[str, Token]) -> Iterator[tuple[str, int | float | bool]]:
        """The parameters that a system is given, each with where it stands."""
        while line.next.text:
            try:
                line.expect("','", lambda text: text == ",")
                key = line.expect("a parameter", lambda text: re.fullmatch(r"[a-z_][a-z_0-9]*(\.[a-z_0-9]+)?", text))
                line.expect("'='", lambda text: text == "=")
                begin = line.next
                value = line.expression({"true": True, "false": False})
                places[key.text] = key
                try:
                    yield key.text, value if isinstance(value, int) else float(value)
                except OverflowError:
                    line.refuse("the number is too large", begin)
            except Bad:
                line.recover()

    def _define(
        self, line: Line, name: str, token: Token | None = None, *, constant: bool = False, value: int | None = None
    ) -> None:
        """Take a name for a label or a constant; a constant without a value is one whose line is wrong."""
        if name in self.names or name in self.labels or name.lower() in REGISTERS or name in ("inf", "nan"):
            line.refuse(f"{name!r} already has a meaning", token or line.tokens[0])
        if constant:
            self.names[name] = value
            self.own.add(name)
        else:
            self.labels.add(name)

    # --- instructions ------------------------------------------------------------------------------------------------
    def _instruction(self, line: Line, label: str) -> None:
        token = line.take()
        op = INSTRUCTIONS.get(token.text.upper())
        if not self.stated and not self.given:
            self._unstated(token, line.number)
        if op is None:
            op = self._nearest(line, token)
            self.code.append(_Entry(encode(stand_in(op)), line.number, token.column, doubt=None))
            flags: frozenset[str] = frozenset()
        else:
            mismatch = {""} if op.name == "ENDL" and not self._ends(line) else set()
            found = Statement(line, op, token, self.names, self.loops)
            flags = found.instruction.flags
            word, doubt = encode(found.instruction), frozenset(found.doubt | mismatch)
            self.code.append(_Entry(word, line.number, token.column, found.places, doubt))
        if op.name == "LOOP":
            self.loops.append(OpenLoop(label, "rows" in flags))
        elif op.name == "ENDL" and self.loops:
            self.loops.pop()

    def _nearest(self, line: Line, token: Token) -> Opcode:
        """What an unknown instruction is taken for: one that is meant to open or close something still does."""
        names = [name.lower() for name in INSTRUCTIONS]
        found = token.shown if token.text else "the end of the line"
        line.note(f"expected an instruction, not {found}", token, near_name(token.text.lower(), [*names, *DIRECTIVES]))
        near = get_close_matches(token.text.upper(), INSTRUCTIONS, n=1, cutoff=0.5)
        return INSTRUCTIONS[near[0] if near and INSTRUCTIONS[near[0]].unit == "control" else "NOP"]

    def _ends(self, line: Line) -> bool:
        """``endl``, or ``endl`` and the label of the loop that it ends; False where that is another."""
        token = line.next
        flags = [flag.name for flag in INSTRUCTIONS["ENDL"].all_flags]
        if not token.text or token.text.lower() in flags:
            return True
        name = line.name("the label of the loop").text
        line.optional(",")
        innermost = self.loops[-1].label if self.loops else ""
        if innermost == name:
            return True
        inner = f"the innermost loop here is {innermost!r}" if innermost else ""
        line.note(f"{name!r} is not the loop that ends here", token, inner)
        return False

"""What a nest means: which value each statement reads, what is summed where, and whether C = A x B comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gen.nest.encoders import DIGIT_BITS, ENCODERS
from gen.nest.printer import header, statement_text
from gen.nest.tokens import where
from hdl.params.errors import ConfigError, Problem, near_name
from hdl.params.nest import (
    BROADCAST,
    ELEMENTS,
    INDICES,
    KINDS,
    OTHER,
    OWN,
    PRIMITIVES,
    RESULT,
    SKIPPING,
    Key,
    Line,
    Loop,
    Nest,
)

__all__ = ["Flow", "check", "flow_of", "place"]

#: What the primitives take and give.
TAKES = {"map": ("digit",), "shift": ("number", "pair"), "half_reduce": ("number", "pair"), "add": ("number", "pair")}
GIVES = {"encode": "digit", "map": "number", "half_reduce": "pair", "add": "number"}
_COPIES = {"m": "rows", "n": "columns"}


@dataclass(frozen=True)
class Flow:
    """How values flow through a nest, statement by statement.

    Parameters
    ----------
    source : tuple of (int or None)
        The line whose value each line reads.
    inputs : tuple of tuple of Loop
        For each line, the loops named by ``over``: their copies of the operand are inputs of one primitive.
    summed : tuple of tuple of Key
        For each line, the loops over which ``+=`` sums.
    splits : dict
        The sizes of the loops over each index, outermost first.
    """

    source: tuple[int | None, ...]
    inputs: tuple[tuple[Loop, ...], ...]
    summed: tuple[tuple[Key, ...], ...]
    splits: dict[str, tuple[int | None, ...]]

    def terms(self, number: int, lines: Sequence[Line]) -> tuple[Key, ...]:
        """The loops over which the value of a line has been summed, by it and by those before it."""
        before = self.source[number]
        earlier = () if before is None else self.terms(before, lines)
        inner = () if before is None or not self.inputs[number] else _over_keys(lines[before], lines[number])
        return (*earlier, *inner, *self.summed[number])


def place(loop_or_statement: object, text: str) -> str:
    """Where a loop or statement stands: line and column, or its text if it was never read from one."""
    line, column = getattr(loop_or_statement, "at", (0, 0))
    return where(line, column) if line else f"'{text}'"


def check(nest: Nest, source: str = "") -> Flow:
    """Make sure that a nest is sound and computes C = A x B.

    Raises
    ------
    ConfigError
        With every problem found.
    """
    flow = flow_of(nest, source)
    problems = list(_meaning(nest, flow))
    if problems:
        raise ConfigError(problems, source)
    return flow


def flow_of(nest: Nest, source: str = "") -> Flow:
    """Make sure that a nest is sound, whatever it computes. Raises ConfigError."""
    checker = _Checker(nest)
    checker.run()
    if checker.problems:
        raise ConfigError(checker.problems, source)
    return Flow(tuple(checker.source), tuple(checker.inputs), tuple(map(tuple, checker.summed)), checker.splits)


class _Checker:
    """Collects problems; each step needs those before it to have found none."""

    def __init__(self, nest: Nest) -> None:
        self.lines = nest.lines
        self.problems: list[Problem] = []
        self.splits: dict[str, tuple[int | None, ...]] = {}
        self.source: list[int | None] = [None] * len(nest.lines)
        self.inputs: list[tuple[Loop, ...]] = [()] * len(nest.lines)
        self.summed: list[list[Key]] = [[] for _ in nest.lines]

    def at(self, number: int, message: str, hint: str = "") -> None:
        statement = self.lines[number].statement
        self.problems.append(Problem(place(statement, statement_text(statement)), message, hint))

    def run(self) -> None:
        for step in (self.loops, self.statements, self.values, self.flow, self.skipping):
            step()
            if self.problems:
                return

    def loops(self) -> None:
        """Every loop by itself, and the loops over one index together."""
        distinct = {
            (loop, key[1]): None for line in self.lines for loop, key in zip(line.loops, line.keys, strict=True)
        }
        for loop, depth in distinct:
            for message in _loop_problems(loop, depth):
                self.problems.append(Problem(place(loop, header([loop])), message))
        if self.problems:
            return
        for index in INDICES:
            every = [tuple(loop.size for loop in line.over(index)) for line in self.lines]
            self.splits[index] = longest = max(every, key=len, default=())
            for number, sizes in enumerate(every):
                if sizes != longest[: len(sizes)]:
                    self.at(
                        number, f"stands in {_split(index, sizes)}, but elsewhere {index} is {_split(index, longest)}"
                    )

    def statements(self) -> None:
        """Every statement by itself."""
        if len([1 for line in self.lines if line.statement.primitive == "encode"]) != 1:
            encoders = [i for i, line in enumerate(self.lines) if line.statement.primitive == "encode"]
            self.at(encoders[1] if encoders else 0, "a nest has one 'encode', before anything else")
        for number, line in enumerate(self.lines):
            statement = line.statement
            name, targets = statement.primitive, statement.targets
            if name not in PRIMITIVES:
                self.at(number, f"{name!r} is no primitive", near_name(name, PRIMITIVES))
            elif name == "half_reduce" and len(targets) != 2:
                self.at(number, "'half_reduce' gives a pair: name sum and carry, as in 's, c'")
            elif name in ("encode", "map", "add") and len(targets) != 1:
                self.at(number, f"{name!r} gives one value, not a pair")
            elif targets == (RESULT,) and name != "add":
                self.at(number, "C[m,n] is written by 'add': a result has no carries left to propagate")
            if name not in ("half_reduce", "add") and (statement.accumulate or statement.over):
                self.at(number, f"{name!r} sums nothing: write '=', without 'over'")
            if name == "encode" and statement.encoder not in ENCODERS:
                hint = near_name(statement.encoder, ENCODERS)
                self.at(number, f"the encoder must be one of {', '.join(ENCODERS)}, not {statement.encoder!r}", hint)
            needs = {"shift": "w"}.get(name, "mn" if targets == (RESULT,) else "")
            if name in ("encode", "map"):
                matrix = statement.recoded if name == "encode" else OTHER[statement.recoded]
                needs = f"{OWN[matrix]}k{'w' if name == 'encode' else ''}"
            if name == "map" and statement.recoded != self._recoded():
                read, right = ELEMENTS[OTHER[statement.recoded]], ELEMENTS[OTHER[self._recoded()]]
                self.at(number, f"the digits are those of {read}: 'map' multiplies the other operand", f"write {right}")
            for index in needs:
                if len(line.over(index)) < max(1, len(self.splits[index])):
                    self.at(
                        number,
                        f"{name!r} stands outside {'a loop' if not line.over(index) else 'part of the loops'} "
                        f"over {index}, and needs to know its {index}",
                    )
        if not any(line.statement.targets == (RESULT,) for line in self.lines):
            self.at(len(self.lines) - 1, "the nest ends without C[m,n] being written")

    def _recoded(self) -> str:
        """The operand that is taken apart."""
        return next((line.statement.recoded for line in self.lines if line.statement.primitive == "encode"), "A")

    def values(self) -> None:
        """Names: each value is written once and read once, after it was written."""
        written: dict[tuple[str, ...], int] = {}
        kinds: dict[tuple[str, ...], str] = {}
        read: dict[tuple[str, ...], int] = {}
        for number, line in enumerate(self.lines):
            statement = line.statement
            value = statement.operands
            kind = ""
            if statement.primitive in TAKES:
                legal = [name for names in written for name in names if name != RESULT]
                if value not in written or value == (RESULT,):
                    wrong = next((name for name in value if name not in legal), None)
                    if wrong is None:
                        self.at(
                            number,
                            f"{', '.join(value)!r} is not one value",
                            "name both halves of a pair, and one value only",
                        )
                    else:
                        self.at(
                            number,
                            f"no value {wrong!r} is written before, only {_listed(legal)}",
                            near_name(wrong, legal),
                        )
                    return
                kind = kinds[value]
                if value in read:
                    self.at(number, f"{', '.join(value)!r} is read a second time: every value has one reader")
                if kind not in TAKES[statement.primitive]:
                    self.at(
                        number,
                        f"{statement.primitive!r} takes a {' or a '.join(TAKES[statement.primitive])}, not a {kind}",
                    )
                read[value] = number
                self.source[number] = written[value]
            if statement.targets:
                taken = {name for names in written for name in names}
                for name in statement.targets:
                    if name in taken:
                        self.at(number, f"{'C[m,n]' if name == RESULT else repr(name)} is written a second time")
                written[statement.targets] = number
                kinds[statement.targets] = GIVES.get(statement.primitive, kind)
                if statement.primitive == "shift" and len(statement.targets) != (2 if kind == "pair" else 1):
                    self.at(number, f"'shift' of a {kind} gives a {kind}")
        for names, number in written.items():
            if names != (RESULT,) and names not in read:
                self.at(number, f"{', '.join(names)!r} is never read")

    def flow(self) -> None:
        """What stands between a value and its reader: loops left behind are summed, or else named by ``over``."""
        for number, line in enumerate(self.lines):
            before = self.source[number]
            if before is not None:
                self._read(before, number)
            if line.statement.targets == (RESULT,):
                self.summed[number] = [key for key in line.keys if key[0] not in "mn"]
                self._sums(number)

    def _read(self, before: int, number: int) -> None:
        writer, reader = self.lines[before], self.lines[number]
        what = ", ".join(writer.statement.targets)
        over = reader.statement.over
        shared = _shared(self.lines[before : number + 1])
        inputs = []
        for depth, (loop, key) in enumerate(zip(writer.loops, writer.keys, strict=True)):
            index = key[0]
            if key in reader.keys:
                loaded = writer.statement.primitive == "encode" and reader.loops[reader.keys.index(key)].kind == "space"
                if loop.kind == "time" and depth >= shared and not loaded:
                    self.at(number, f"{what!r} is a value of one step of '{header([loop])}', which has ended here")
            elif index in "mn":
                self.at(number, f"there is a {what!r} for each {index} of '{header([loop])}': only k and w are summed")
            elif index in over and loop.kind == "space":
                inputs.append(loop)
            elif writer.statement.accumulate:
                self.summed[before].append(key)
            elif loop.kind == "time":
                self.at(
                    before,
                    f"each step of '{header([loop])}' writes {what!r} anew, and it is read after the last: write '+='",
                )
            else:
                self.at(number, f"there is a {what!r} for each {index} of '{header([loop])}': sum 'over {index}'")
        for index in over:
            if not any(loop.index == index for loop in inputs):
                self.at(number, f"'over {index}' without a loop 'space {index}' between {what!r} and its reader")
        self.inputs[number] = tuple(inputs)
        self._sums(before)

    def _sums(self, number: int) -> None:
        statement = self.lines[number].statement
        what = "C[m,n]" if statement.targets == (RESULT,) else repr(", ".join(statement.targets))
        if statement.accumulate and not self.summed[number]:
            self.at(number, f"each {what} is written only once, so '+=' sums nothing: write '='")
        elif not statement.accumulate and self.summed[number]:
            index = self.summed[number][0][0]
            self.at(number, f"every {index} writes {what} anew: write '+='")

    def skipping(self) -> None:
        """Loops that skip zeros, and the ``sync`` that brings together what ran apart."""
        digit = next(line for line in self.lines if line.statement.primitive == "encode")
        own = OWN[digit.statement.recoded]
        skips = {loop: None for line in self.lines for loop in line.loops if loop.mode == SKIPPING}
        for loop in skips:
            where_, text = place(loop, header([loop])), header([loop])
            if loop not in digit.loops:
                self.problems.append(Problem(where_, f"'{text}' needs the digit: 'encode' stands outside it"))
                continue
            if len(skips) > 1:
                self.problems.append(Problem(where_, "only one loop can skip zeros"))
            depth = digit.loops.index(loop)
            for inner in digit.loops[depth + 1 :]:
                if inner.kind != "space" or inner.index == "w":
                    message = (
                        f"the digit in '{text}' has loops of its own ('{header([inner])}'): each step needs one digit"
                    )
                    self.problems.append(Problem(where_, message))
            for outer in digit.loops[:depth]:
                if outer.kind == "space" and outer.index in "kw":
                    message = (
                        f"copies of '{header([outer])}' around it would run apart: only m and n may be in space there"
                    )
                    self.problems.append(Problem(where_, message))
            for number, line in enumerate(self.lines):
                inside = (
                    line.loops[line.loops.index(loop) + 1 :] if loop in line.loops and line.loops != digit.loops else ()
                )
                if any(inner.kind == "time" for inner in inside):
                    self.at(number, f"inside '{text}' every step is one cycle: no loop in time may stand there")
            if any(outer.kind == "space" and outer.index == own for outer in digit.loops[:depth]):
                self._synced(loop, own, where_)
        for number, line in enumerate(self.lines):
            if line.statement.primitive == "sync" and (not skips or line.statement.operands != (own,)):
                copies = f"the {_COPIES[own]} ('sync {own}') of a nest that skips zeros"
                self.at(number, f"'sync' is for {copies}; all else keeps step by itself")

    def _synced(self, loop: Loop, own: str, where_: str) -> None:
        last = max(i for i, line in enumerate(self.lines) if loop in line.loops)
        if not any(
            line.statement.operands == (own,) and loop not in line.loops and not line.over(own)
            for line in self.lines[last + 1 :]
            if line.statement.primitive == "sync"
        ):
            message = (
                f"the {_COPIES[own]} of 'space {own}' skip different zeros and run apart: 'sync {own}' must follow "
                "outside of it"
            )
            self.problems.append(Problem(where_, message))


def _loop_problems(loop: Loop, depth: int) -> Iterator[str]:
    if loop.kind not in KINDS or loop.index not in INDICES:
        yield "a loop is 'space' or 'time' over m, n, k or w"
    elif loop.index == "w" and loop.size is None:
        yield "the loop over w needs a size: the number of digits"
    elif loop.size is None and loop.kind == "space":
        yield f"'space {loop.index}' needs a size: the number of copies"
    elif loop.size is None and depth:
        yield f"only the outermost loop over {loop.index} may go without a size"
    elif loop.mode == BROADCAST and (loop.kind, loop.index in "mn") != ("space", True):
        yield "only 'space m' and 'space n' have operands to broadcast"
    elif loop.mode == SKIPPING and (loop.kind, loop.index in "kw") != ("time", True):
        yield "only 'time k' and 'time w' have zeros to skip"
    elif loop.mode not in ("", BROADCAST, SKIPPING):
        yield f"a loop has no mode {loop.mode!r}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _split(index: str, sizes: Sequence[int | None]) -> str:
    if not sizes:
        return f"no loop over {index}"
    return "split into " * (len(sizes) > 1) + " x ".join(index if size is None else f"{index} {size}" for size in sizes)


def _shared(lines: Sequence[Line]) -> int:
    """How many outer loops the first and the last line are in together."""
    depth = 0
    while all(len(line.loops) > depth and line.loops[depth] == lines[0].loops[depth] for line in lines):
        depth += 1
    return depth


def _over_keys(writer: Line, reader: Line) -> list[Key]:
    return [key for key in writer.keys if key not in reader.keys and key[0] in reader.statement.over]


def _meaning(nest: Nest, flow: Flow) -> Iterator[Problem]:
    """Is every digit product in C exactly once, at its weight?"""
    lines = nest.lines
    digit_bits, shifted = 0, False
    for number, line in enumerate(lines):
        statement = line.statement
        where_ = place(statement, statement_text(statement))
        if statement.primitive == "encode":
            digit_bits = DIGIT_BITS[statement.encoder]
        elif statement.primitive == "shift":
            if shifted:
                yield Problem(where_, "the digits' weight is applied a second time")
            if statement.bits != digit_bits:
                right = "w" if digit_bits == 1 else f"{digit_bits}w"
                yield Problem(where_, f"the encoder's digits have {digit_bits} bits each", f"shift by {right}")
            shifted = True
        elif "w" in {key[0] for key in flow.terms(number, lines)} and not shifted:
            yield Problem(where_, "digits of different weight are summed before their 'shift'")
            shifted = True  # said once

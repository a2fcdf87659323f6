"""Random legal nests: conventional ones, changed by random moves of which those are kept that leave the nest legal.

Moves are made on loops and statements alone; none of them knows what an engine is.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from gen.nest import rewrites
from gen.nest.canonical import conventional
from gen.nest.check import check
from gen.nest.encoders import ENCODERS, digit_count
from gen.nest.tile import S8
from hdl.params import ARRAYS, ConfigError, OperandFormat
from hdl.params.nest import BROADCAST, RESULT, SKIPPING, Line, Loop, Nest, Statement

__all__ = ["legal_nest"]

Move = Callable[[Nest, random.Random], Nest]


def legal_nest(rng: random.Random, moves: int = 8, form: OperandFormat = S8) -> Nest:
    """A legal nest for operands of a format, after up to so many moves."""
    encoder = rng.choice((*ENCODERS, "booth", "booth"))  # no multiplier has another
    size = {"depth": rng.randint(1, 3), "encoder": encoder, "digits": digit_count(encoder, form)}
    nest = conventional(rng.choice(ARRAYS), rng.randint(1, 3), rng.randint(1, 3), **size)
    if rng.random() < 0.4:
        nest = _b_recoded(nest)
    for _ in range(rng.randint(0, moves)):
        try:
            changed = rng.choice(MOVES)(nest, rng)
            check(changed)
        except ConfigError:
            continue
        nest = changed
    return _renamed(nest, rng)


def _b_recoded(nest: Nest) -> Nest:
    """The digits are those of B."""
    return _each_line(
        nest,
        lambda line: (
            replace(line, statement=replace(line.statement, recoded="B"))
            if line.statement.primitive in ("encode", "map")
            else line
        ),
    )


def _each_line(nest: Nest, change: Callable[[Line], Line]) -> Nest:
    return Nest(tuple(change(line) for line in nest.lines))


def _each_loop(nest: Nest, change: Callable[[Loop], Loop]) -> Nest:
    return _each_line(nest, lambda line: replace(line, loops=tuple(map(change, line.loops))))


def _rewritten(nest: Nest, rng: random.Random) -> Nest:
    names = ("opt1", "opt2", "opt3", "opt4c", "opt4e", "share_encode", "drain")
    return getattr(rewrites, rng.choice(names))(nest)


def _broadcast(nest: Nest, rng: random.Random) -> Nest:
    """All copies over m, or n, get their operands at once, or no longer do."""
    index = rng.choice("mn")

    def change(loop: Loop) -> Loop:
        wanted = loop.kind == "space" and loop.index == index
        return replace(loop, mode="" if loop.mode == BROADCAST else BROADCAST) if wanted else loop

    return _each_loop(nest, change)


def _swapped(nest: Nest, rng: random.Random) -> Nest:
    """Two loops change places wherever one stands in the other."""
    loops = list({loop: None for line in nest.lines for loop in line.loops})
    one, other = rng.sample(loops, 2) if len(loops) > 1 else (loops[0], loops[0])

    def change(line: Line) -> Line:
        if one not in line.loops or other not in line.loops:
            return line
        places = {one: other, other: one}
        return replace(line, loops=tuple(places.get(loop, loop) for loop in line.loops))

    return _each_line(nest, change)


def _digits_in_time(nest: Nest, rng: random.Random) -> Nest:
    """Digits follow each other in time: all of them, or some of them at once; statements that sum them accumulate."""
    loop = next(loop for line in nest.lines for loop in line.loops if loop.index == "w")
    counts = [count for count in range(1, (loop.size or 1) + 1) if (loop.size or 1) % count == 0]
    at_once = rng.choice(counts)
    late, inner = Loop("time", "w", (loop.size or 1) // at_once), Loop("space", "w", at_once)
    split = [late] if at_once == 1 else [late, inner]

    def change(line: Line) -> Line:
        loops, statement = list(line.loops), line.statement
        if loop in loops:
            at = loops.index(loop)
            loops[at : at + 1] = split
        elif statement.targets and statement.primitive != "encode":
            loops.append(late)
            if at_once == 1 and "w" in statement.over:
                statement = replace(statement, over=tuple(index for index in statement.over if index != "w"))
        return Line(tuple(loops), statement)

    lines = [change(line) for line in nest.lines]
    moved = Nest(tuple(lines))
    return _idle_removed(_settled(moved, late, rng), rng)


def _settled(nest: Nest, late: Loop, rng: random.Random) -> Nest:
    """``late`` is summed by one of the statements that may; those after it are out of it."""
    sums = [i for i, line in enumerate(nest.lines) if line.statement.primitive in ("half_reduce", "add")]
    first = rng.choice(sums)
    lines = list(nest.lines)
    for number, line in enumerate(lines):
        if number > first and late in line.loops and line.loops[-1] == late:
            lines[number] = replace(line, loops=line.loops[:-1])
    lines[first] = replace(lines[first], statement=replace(lines[first].statement, accumulate=True))
    return Nest(tuple(lines))


def _idle_removed(nest: Nest, rng: random.Random) -> Nest:
    """Without the statements that have a single number to sum, most of the time."""
    lines: list[Line] = []
    names: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in nest.lines:
        statement = replace(line.statement, operands=names.get(line.statement.operands, line.statement.operands))
        one = len(statement.operands) == 1 and not statement.over and not statement.accumulate
        if statement.primitive == "half_reduce" and one and rng.random() < 0.9:
            names[statement.targets] = statement.operands
            continue
        lines.append(Line(line.loops, statement))
    return Nest(tuple(lines))


def _skipping(nest: Nest, rng: random.Random) -> Nest:
    """A loop skips zeros, or no longer does; rows are brought together at the end."""
    loops = list(
        {loop: None for line in nest.lines for loop in line.loops if loop.kind == "time" and loop.index in "kw"}
    )
    if not loops:
        return nest
    chosen = rng.choice(loops)
    mode = "" if chosen.mode == SKIPPING else SKIPPING
    lines = [line for line in nest.lines if line.statement.primitive != "sync"]
    changed = _each_loop(Nest(tuple(lines)), lambda loop: replace(loop, mode=mode) if loop == chosen else loop)
    apart = any(loop.kind == "space" and loop.index == nest.own for loop in nest.lines[0].loops)
    if mode == SKIPPING and apart and rng.random() < 0.9:
        sync = Line((), Statement((), "sync", (nest.own,)))
        return Nest((*changed.lines, sync))
    return changed


def _encoder_moved(nest: Nest, rng: random.Random) -> Nest:
    """An encoder for every column (of B's digits, row), or one for all."""
    number = nest.find("encode")[0]
    line = nest.lines[number]
    around = nest.lines[nest.find("map")[0]].loops
    shared = tuple(loop for loop in line.loops if loop.index != nest.shared)
    loops = shared if line.over(nest.shared) else around
    return Nest((*nest.lines[:number], replace(line, loops=loops), *nest.lines[number + 1 :]))


def _in_turn(nest: Nest, rng: random.Random) -> Nest:
    """The last statements take rows, or columns, one after another."""
    index, first = rng.choice("mn"), rng.randrange(len(nest.lines))
    lines = list(nest.lines)
    for number in range(first, len(lines)):
        loops = [replace(loop, kind="time", mode="") if loop.index == index else loop for loop in lines[number].loops]
        lines[number] = replace(lines[number], loops=tuple(loops))
    return Nest(tuple(lines))


def _lanes(nest: Nest, rng: random.Random) -> Nest:
    """K gets a loop in space that the first sum joins, or loses it."""
    lanes = [loop for line in nest.lines for loop in line.over("k")[1:]]
    if lanes:
        removed = lanes[0]

        def dropped(line: Line) -> Line:
            over = tuple(index for index in line.statement.over if index != "k")
            loops = tuple(loop for loop in line.loops if loop != removed)
            return Line(loops, replace(line.statement, over=over))

        return _idle_removed(_each_line(nest, dropped), rng)
    lane = Loop("space", "k", rng.randint(1, 3))
    first = next(i for i, line in enumerate(nest.lines) if line.statement.primitive in ("half_reduce", "add"))
    lines = list(nest.lines)
    for number in range(first):
        lines[number] = replace(lines[number], loops=(*lines[number].loops, lane))
    statement = lines[first].statement
    lines[first] = replace(lines[first], statement=replace(statement, over=tuple(sorted({*statement.over, "k"}))))
    return Nest(tuple(lines))


def _split(nest: Nest, rng: random.Random) -> Nest:
    """Rows, or columns, are tiles of tiles."""
    index = rng.choice("mn")

    def change(line: Line) -> Line:
        loops: list[Loop] = []
        for loop in line.loops:
            loops += [loop, Loop(loop.kind, index, 2)] if loop.index == index else [loop]
        return replace(line, loops=tuple(loops))

    return _each_line(nest, change)


def _idle(nest: Nest, rng: random.Random) -> Nest:
    """The result is added up in two statements."""
    number = next(i for i, line in enumerate(nest.lines) if line.statement.targets == (RESULT,))
    line = nest.lines[number]
    outer = Line(line.loops, Statement((RESULT,), "add", ("late",), accumulate=line.statement.accumulate))
    inner = replace(line, statement=replace(line.statement, targets=("late",), accumulate=False))
    return Nest((*nest.lines[:number], inner, outer, *nest.lines[number + 1 :]))


def _renamed(nest: Nest, rng: random.Random) -> Nest:
    """Other names for all values."""
    taken = sorted({name for line in nest.lines for name in line.statement.targets} - {RESULT})
    new = dict(zip(taken, rng.sample([f"v{i}" for i in range(2 * len(taken))], len(taken)), strict=True))

    def change(line: Line) -> Line:
        statement = line.statement
        targets = tuple(new.get(name, name) for name in statement.targets)
        operands = tuple(new.get(name, name) for name in statement.operands)
        return replace(line, statement=replace(statement, targets=targets, operands=operands))

    return _each_line(nest, change)


MOVES: tuple[Move, ...] = (
    *[_rewritten] * 7,
    *[_swapped] * 4,
    *[_digits_in_time] * 4,
    *[_skipping] * 4,
    *[_broadcast] * 3,
    *[_encoder_moved] * 3,
    *[_in_turn] * 3,
    *[_lanes] * 2,
    _split,
    _idle,
)

"""OPT1 to OPT4E: small legal moves that leave C = A x B as it was.

Each takes a nest and gives a new one, or refuses with a ConfigError that names the property that fails, and where.
"""

from __future__ import annotations

from dataclasses import replace

from gen.nest.check import check
from gen.nest.edit import fresh_name, fresh_pair, moved, put, refuse, with_statement, without
from gen.nest.printer import header
from hdl.params import ConfigError, Problem
from hdl.params.nest import RESULT, SKIPPING, Line, Loop, Nest, Statement
from hdl.params.presets import UNROLL

__all__ = ["drain", "opt1", "opt2", "opt3", "opt4c", "opt4e", "share_encode"]


def opt1(nest: Nest) -> Nest:
    """Keep sums in carry-save form: move ``add`` out of the loops over k, and accumulate in ``half_reduce`` instead."""
    check(nest)
    result = _opt1_once(nest, "OPT1")
    while (further := _add_in_k(result)) is not None and _leaves(result, further) is not None:
        result = _opt1_once(result, "OPT1")
    return _done("OPT1", result)


def _add_in_k(nest: Nest) -> int | None:
    """The innermost ``add`` whose value is summed over k."""
    flow = check(nest)
    for number in nest.find("add"):
        after = [i for i, source in enumerate(flow.source) if source == number and flow.inputs[i]]
        if any(key[0] == "k" for key in flow.summed[number]) or after:
            return number
    return None


def _leaves(nest: Nest, number: int) -> tuple[Loop, ...] | None:
    """The loops that remain around an ``add`` that leaves the loops over k it sums; None if it cannot."""
    line = nest.lines[number]
    flow = check(nest)
    reader = [nest.lines[i] for i, source in enumerate(flow.source) if source == number]
    if reader:
        return reader[0].loops
    loops = list(line.loops)
    for place in reversed(range(len(loops))):
        if loops[place].index in "mn" and loops[place].kind == "space":
            continue
        if loops[place].index != "k":
            break
        del loops[place]
    return tuple(loops) if len(loops) < len(line.loops) else None


def _opt1_once(nest: Nest, name: str) -> Nest:
    number = _add_in_k(nest)
    if number is None:
        refuse(name, "no 'add' stands in a loop over k: there is no carry propagation to move out")
    flow = check(nest)
    lines = list(nest.lines)
    add, before = lines[number], lines[number - 1]
    outside = _leaves(nest, number)
    if outside is None:
        inner = next(loop for loop in reversed(add.loops) if loop.index not in "kn")
        refuse(
            name,
            f"'{header([inner])}' stands between the loop over k and 'add': "
            f"a carry-save pair would have to be stored for every {inner.index}",
            add,
        )
    if before.statement.primitive != "half_reduce":
        refuse(name, "it adds a single number: there is no carry-save pair from a 'half_reduce' before it", add)
    tree = not flow.summed[number]
    if tree:
        # Its reader adds the copies of a space loop: their pairs go into one compressor.
        over = before.statement.over + tuple(
            i for i in lines[number + 1].statement.over if i not in before.statement.over
        )
        lines[number - 1] = moved(with_statement(before, over=tuple(sorted(over))), outside)
        pair = before.statement.targets
    elif not before.statement.accumulate and before.loops == add.loops:
        lines[number - 1] = with_statement(before, accumulate=True)
        pair = before.statement.targets
    else:
        # The pair before comes from a chain that starts anew in every step: a register of its own behind it.
        pair = fresh_pair(nest)
        lines[number] = Line(add.loops, Statement(pair, "half_reduce", before.statement.targets, accumulate=True))
        lines.insert(number + 1, add)
        number += 1
    if add.statement.targets == (RESULT,):
        stays = any(loop.index in "kw" for loop in outside)
        lines[number] = moved(with_statement(add, operands=pair, accumulate=stays, over=()), outside)
    elif lines[number + 1].statement.primitive == "add":
        lines[number + 1] = with_statement(lines[number + 1], operands=pair, over=())
        del lines[number]
    else:
        refuse(name, f"its sum is read by '{lines[number + 1].statement.primitive}', which needs it in one number", add)
    return put(nest, lines)


def opt2(nest: Nest) -> Nest:
    """Sum digit products of the same weight first: move w out of the loops over k, and ``shift`` with it."""
    name = "OPT2"
    flow = check(nest)
    lines = list(nest.lines)
    shift = nest.find("shift")[0]
    final = next(i for i in nest.find("add") if i > nest.find("map")[0])
    base = lines[final].loops
    reduces = [i for i in nest.find("half_reduce") if i < final]
    if any(key[0] == "k" for key in flow.terms(shift, lines)):
        refuse(name, "it already stands outside the loops over k: same weights are summed first", lines[shift])
    if not any(key[0] == "k" for key in flow.terms(final - 1, lines)):
        refuse(
            name,
            "it propagates carries in every step of k, and so mixes the weights: the sum over k must be in "
            "carry-save form",
            lines[final],
            "apply OPT1 first",
        )
    for line in lines[:final]:
        if line.loops[: len(base)] != base:
            refuse(
                name,
                f"it does not stand in the loops of '{', '.join(lines[final - 1].statement.targets)}' and its "
                "final 'add': their loops must be shared from the outermost in",
                line,
                "apply OPT2 before encoders and adders are shared",
            )
    planes = [loop for loop in lines[shift].loops if loop.index == "w"]
    if len(planes) != 1:
        refuse(name, "the loop over w is split: the sums of a weight would not be in one place", lines[shift])
    plane = (*base, planes[0])
    result = []
    for number, line in enumerate(lines[:final]):
        new = moved(line, (*plane, *without(line.loops[len(base) :], "w")))
        if number == shift:
            continue
        if number in reduces:
            new = with_statement(new, over=tuple(index for index in new.statement.over if index != "w"))
            if number == reduces[0]:
                new = with_statement(new, operands=lines[shift].statement.operands)
        result.append(new)
    low = fresh_name(nest)
    weighted = fresh_name(nest, low)
    pair = fresh_pair(nest)
    result += [
        Line(plane, Statement((low,), "add", lines[final].statement.operands)),
        Line(plane, Statement((weighted,), "shift", (low,), bits=lines[shift].statement.bits)),
        Line(base, Statement(pair, "half_reduce", (weighted,), over=("w",))),
        with_statement(lines[final], operands=pair),
    ]
    return _done(name, put(nest, [*result, *lines[final + 1 :]]))


def opt3(nest: Nest) -> Nest:
    """One digit at a time, and only those that are not zero: w in time outside k, and the loop over k skips."""
    name = "OPT3"
    flow = check(nest)
    encode = nest.encode
    shift = nest.find("shift")[0]
    if any(loop.mode == SKIPPING for loop in encode.loops):
        refuse(name, "zeros are skipped already", encode)
    if not any(key[0] == "k" for key in flow.terms(shift, nest.lines)):
        refuse(
            name,
            "it stands in the loop over k, where every step would need a shifter: same weights must be summed first",
            nest.lines[shift],
            "apply OPT2 first",
        )
    planes = encode.over("w")
    at = encode.loops.index(planes[0])
    inner = encode.loops[at + 1 :]
    for loop in inner:
        if loop.index == "k" and loop.kind == "space":
            refuse(
                name,
                f"a digit of '{header([loop])}' has hardware of its own, which would only wait if it were "
                "skipped: k must be in time",
                encode,
            )
    steps = [loop for loop in inner if loop.index == "k"]
    if len(steps) != 1:
        refuse(name, "there must be one loop 'time k' inside the loop over w whose steps can be skipped", encode)
    changes = {planes[0]: replace(planes[0], kind="time"), steps[0]: replace(steps[0], mode=SKIPPING)}
    lines = [moved(line, [changes.get(loop, loop) for loop in line.loops]) for line in nest.lines]
    if planes[0].kind == "space":
        # What was the sum of all planes at once is one plane after another added to the result.
        gather = next(i for i in nest.find("half_reduce") if "w" in nest.lines[i].statement.over)
        weighted = lines[gather - 1]
        final = moved(
            with_statement(lines[gather + 1], operands=weighted.statement.targets, accumulate=True), weighted.loops
        )
        lines[gather : gather + 2] = [final]
    if any(loop.index == nest.own and loop.kind == "space" for loop in encode.loops):
        lines.append(Line((), Statement((), "sync", (nest.own,))))
    return _done(name, put(nest, lines))


def share_encode(nest: Nest) -> Nest:
    """One encoder for all columns: move ``encode``, and the skipping of zeros, out of ``space n``."""
    return _share_encode(nest, "share encode")


def opt4c(nest: Nest) -> Nest:
    """OPT3 with one encoder and one sparse control for all columns: both move out of ``space n``."""
    encode = nest.encode
    if not any(loop.mode == SKIPPING for loop in encode.loops):
        refuse("OPT4C", "no loop around it skips zeros", encode, "apply OPT3 first")
    return _share_encode(nest, "OPT4C")


def _share_encode(nest: Nest, name: str) -> Nest:
    check(nest)
    encode = nest.encode
    shared = nest.shared
    columns = encode.over(shared)
    if not columns:
        refuse(name, f"it stands outside every loop over {shared} already", encode)
    for loop in columns:
        if loop.kind == "time":
            refuse(name, f"it stands in '{header([loop])}': outside of it the digits would have to be stored", encode)
    result = []
    for line in nest.lines:
        rest = list(without(line.loops, shared))
        if line is encode:
            result.append(moved(line, rest))
            continue
        times = [i for i, loop in enumerate(rest) if loop.kind == "time"]
        if times:  # it moves inward, to just inside the innermost loop in time
            rest[times[-1] + 1 : times[-1] + 1] = line.over(shared)
            result.append(moved(line, rest))
        else:
            result.append(line)
    return _done(name, put(nest, result))


def opt4e(nest: Nest) -> Nest:
    """OPT4C with k unrolled by four: four lanes, each skipping its own zeros, share one ``half_reduce``."""
    name = "OPT4E"
    check(nest)
    encode = nest.encode
    skipping = [loop for loop in encode.loops if loop.mode == SKIPPING]
    if not skipping:
        refuse(name, "no loop around it skips zeros", encode, "apply OPT4C first")
    if columns := encode.over(nest.shared):
        refuse(name, f"it stands in '{header(columns)}': four encoders for every PE", encode, "apply OPT4C first")
    steps = skipping[0]
    if steps.index != "k":
        refuse(name, f"'{header([steps])}' skips digits of one operand: only k can be unrolled", encode)
    if encode.loops[-1] != steps:
        refuse(name, f"k is unrolled already, in '{header([encode.loops[-1]])}'", encode)
    if steps.size is not None and steps.size % UNROLL:
        refuse(name, f"'{header([steps])}' cannot be split into steps of {UNROLL}", encode)
    outer = replace(steps, size=None if steps.size is None else steps.size // UNROLL)
    lane = Loop("space", "k", UNROLL)
    reduce = nest.find("half_reduce")[0]
    lines = []
    for number, line in enumerate(nest.lines):
        loops = tuple(outer if loop == steps else loop for loop in line.loops)
        if number < reduce and steps in line.loops:
            loops = (*loops, lane)
        new = moved(line, loops)
        lines.append(with_statement(new, over=("k",)) if number == reduce else new)
    return _done(name, put(nest, lines))


def drain(nest: Nest) -> Nest:
    """Share the final adders: results wait in their registers and are added one after another.

    What stands in no loop in time adds one row a cycle (``time m``); what adds after every plane, in rows that run
    apart, adds one column a cycle (``time n``).
    """
    name = "drain"
    flow = check(nest)
    last = max((i for i in nest.find("half_reduce") if nest.lines[i].statement.accumulate), default=None)
    final = nest.lines[next(i for i, line in enumerate(nest.lines) if line.statement.targets == (RESULT,))]
    if last is None:
        refuse(name, "it works in every step of k: no pair waits in a register for it", final)
    registers = nest.lines[last]
    inside = dict(zip(registers.keys, registers.loops, strict=True))
    if not any(inside[key].kind == "time" for key in flow.summed[last]):
        refuse(
            name,
            f"'{', '.join(registers.statement.targets)}' is summed in space only and read in every cycle: "
            "the adder has no time to serve another",
            final,
        )
    lines = [_shared_inside_planes(line, nest.shared) for line in nest.lines]
    for number in range(last + 1, len(lines)):
        line = lines[number]
        turns = [
            loop for loop in line.loops if loop.kind == "time" and loop.index in "mn" and loop not in registers.loops
        ]
        if turns:
            refuse(name, f"it takes its turns already, in '{header(turns)}'", line)
        serial = nest.shared if any(loop.kind == "time" for loop in line.loops) else "m"
        loops = [replace(loop, kind="time", mode="") if loop.index == serial else loop for loop in line.loops]
        if line.statement.targets and loops == list(line.loops):
            refuse(name, f"there is no loop 'space {serial}' around it to take in turn", line)
        if serial == "m":  # the adders stand at the columns, and take the rows in turn
            columns = [loop for loop in loops if loop.index == "n"]
            loops = [*columns, *[loop for loop in loops if loop.index != "n"]]
        lines[number] = moved(line, loops)
    return _done(name, put(nest, lines))


def _shared_inside_planes(line: Line, shared: str) -> Line:
    """With ``space n`` just inside ``time w``: the columns of a row go through its planes together, or its rows."""
    planes = [loop for loop in line.loops if loop.index == "w" and loop.kind == "time"]
    if not planes:
        return line
    at = line.loops.index(planes[-1])
    outside = [loop for loop in line.loops[:at] if loop.index == shared]
    return moved(line, (*without(line.loops[:at], shared), planes[-1], *outside, *line.loops[at + 1 :]))


def _done(name: str, nest: Nest) -> Nest:
    """A nest that is sound; what would make it unsound is the reason to refuse the rewrite."""
    try:
        check(nest)
    except ConfigError as error:
        reasons = [Problem(f"{name}, {problem.where}", problem.message, problem.hint) for problem in error.problems]
        raise ConfigError(reasons) from None
    return nest

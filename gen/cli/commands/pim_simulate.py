"""``bitloom pim simulate``: how fast and how frugal a model is on memory that computes."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gen.cli.console import Console
from gen.pim.named import changed_system, model_of, position_problems, system_of
from hdl.params import ConfigError, Problem

if TYPE_CHECKING:
    from gen.pim.compile import Compiled
    from sim_tb.pim.tokens import Step

__all__ = ["command"]

#: Tokens that are simulated, unless another number is asked for.
USUAL_TOKENS = 4
#: Bytes that a file is copied by.
CHUNK = 1 << 20


def command(options: argparse.Namespace, console: Console) -> int:
    """Simulate the positions of a model one after the other; print and write what came of it."""
    from sim_tb.pim.performance import Performance
    from sim_tb.pim.tokens import tokens_in_time

    _check_targets(options)
    compiled = _compiled(options)
    positions = range(options.first, options.first + options.tokens)
    performance = Performance(compiled)
    with tempfile.TemporaryFile() as log:
        with console.doing("simulate") as say:
            steps = tokens_in_time(
                compiled, positions, predict=options.output_matrix, log=options.log is not None, detail=positions[-1]
            )
            for step in steps:
                performance.add(step)
                _write_log(log, step)
                say(_progress(options, performance.totals.positions, performance.totals.clocks))
        varied = _sensitivity(options, compiled, positions[-1], console) if options.sensitivity else None
        found = {
            "model": options.model,
            "system": options.system,
            "changes": options.overrides,
            "layout": options.layout,
            "weights": options.weights,
            "caches": options.caches,
            "overlap": options.overlap,
            "output_matrix": options.output_matrix,
            **performance.figures(),
            "sensitivity": varied,
        }
        lines = [_text(found), *_write(options, compiled, positions, found, log)]
    console.say("\n".join(lines))
    console.json(found)
    return 0


# --- what goes in ----------------------------------------------------------------------------------------------------
def _compiled(options: argparse.Namespace) -> Compiled:
    """The model in the system, with room for what is simulated."""
    from gen.pim.aim_trace import check_system
    from gen.pim.compile import compile_decoder
    from gen.pim.compile.compiled import USUAL_TOKENS as ROOM

    params = changed_system(system_of(options.system), options.overrides)
    if options.aim_trace is not None:
        try:
            check_system(params)
        except ConfigError as error:
            raise ConfigError(error.problems, options.system) from None
    decoder = model_of(options.model)
    context = decoder.context
    problems = position_problems(context, options.first, options.tokens, ("--from", "--tokens"))
    if problems:
        raise ConfigError(problems, options.model)
    try:
        tokens = max(min(context, ROOM), options.first + options.tokens)
        return compile_decoder(
            decoder,
            params,
            tokens,
            options.layout,
            options.batch,
            options.weights,
            options.caches,
            overlap=options.overlap,
        )
    except ConfigError as error:
        raise ConfigError(error.problems, options.model) from None


def _check_targets(options: argparse.Namespace) -> None:
    """Files that are to be written: none twice, and none that holds something else."""
    from gen.pim import aim_trace
    from gen.pim.files import check_kind
    from gen.report.pim import BEGINS
    from sim_tb.pim.log import HEADER

    taken: dict[str, str] = {}
    for flag, name in (("--output", options.output), ("--log", options.log), ("--export-aim-trace", options.aim_trace)):
        if name is None:
            continue
        place = os.path.realpath(name)
        if place in taken:
            raise ConfigError([Problem("", f"{name} is what {taken[place]} writes already")], flag)
        taken[place] = flag
    if options.output is not None:
        if Path(options.output).suffix != ".html":
            raise ConfigError([Problem("", "a report ends in .html")], options.output)
        check_kind(Path(options.output), BEGINS, "a report of a simulation")
    if options.log is not None:
        check_kind(Path(options.log), HEADER, "a command log")
    if options.aim_trace is not None:
        aim_trace.check_target(Path(options.aim_trace))


def _sensitivity(
    options: argparse.Namespace, compiled: Compiled, position: int, console: Console
) -> list[dict[str, Any]]:
    """A position on its system, and on others that differ in one respect each."""
    from sim_tb.pim.sensitivity import sensitivity

    found = []
    with console.doing("simulate other systems") as say:
        for each in sensitivity(compiled, position, predict=options.output_matrix, layout=options.layout):
            found.append(asdict(each))
            say(f"simulate other systems: {each.name or 'this one'}")
    return found


# --- what comes out --------------------------------------------------------------------------------------------------
def _progress(options: argparse.Namespace, done: int, clocks: int) -> str:
    return f"simulate: {done} of {options.tokens} tokens, {clocks:,} clocks"


def _write_log(file: IO[bytes], step: Step) -> None:
    file.writelines(f"{entry}\n".encode("ascii") for entry in step.log)


def _write(
    options: argparse.Namespace, compiled: Compiled, positions: range, found: dict[str, Any], log: IO[bytes]
) -> Iterator[str]:
    """Write the files that are asked for; a line about each."""
    from gen.pim.aim_trace import write_aim_trace
    from gen.pim.files import write_whole
    from gen.report.pim import pim_report
    from sim_tb.pim.log import HEADER

    if options.output is not None:
        write_whole(Path(options.output), pim_report(found).encode())
        yield f"report  {options.output}"
    if options.log is not None:
        write_whole(Path(options.log), _whole_log(HEADER, log))
        yield f"log     {options.log}"
    if options.aim_trace is not None:
        programs = (
            program
            for position in positions
            for program in compiled.programs(position, token=0, predict=options.output_matrix)
        )
        lines = write_aim_trace(Path(options.aim_trace), programs)
        yield f"trace   {options.aim_trace}, {lines:,} lines"


def _whole_log(header: str, log: IO[bytes]) -> Iterator[bytes]:
    yield f"{header}\n".encode("ascii")
    log.seek(0)
    while data := log.read(CHUNK):
        yield data


def _text(found: dict[str, Any]) -> str:
    """The report for people."""
    from gen.report.pim.words import about_model, about_positions, about_system, figure_rows

    lines = [about_model(found), about_system(found), about_positions(found)]
    rows = figure_rows(found)
    name, value = (max(len(row[i]) for row in rows) for i in range(2))
    lines += [f"  {row[0]:<{name}}  {row[1]:>{value}}  {row[2]}".rstrip() for row in rows]
    lines += ["where the clocks go", *_shares(found["causes"], _causes())]
    lines += ["where the energy goes", *_shares(found["energy"]["parts_pj"], _classes())]
    if found["energy"]["note"]:
        lines.append(f"  {found['energy']['note']}")
    detail = found["detail"]
    if detail is not None:
        sums = {name: sum(causes.values()) for name, causes in detail["operations"].items()}
        lines += [f"operations of position {detail['position']}", *_shares(sums, _operations())]
    if found["sensitivity"]:
        lines += [f"position {detail['position']} by itself, on other systems", *_other_systems(found["sensitivity"])]
    timing = found["timing"]
    lines.append(f"timing table in effect, hash {timing['hash']}: a clock is {timing['clock_ps']} ps")
    rows = [(each["symbol"], f"{each['clocks']:,}", each["source"]) for each in timing["rules"]]
    wide = max(len(symbol) for symbol, _, _ in rows)
    return "\n".join([*lines, *(f"  {symbol:<{wide}}  {clocks:>6}  {source}" for symbol, clocks, source in rows)])


def _other_systems(found: list[dict[str, Any]]) -> list[str]:
    """Clocks over those of the system itself, and what was changed."""
    base, *others = found
    lines = [f"  {'1.00':>6}  {base['clocks']:,} clocks"]
    for each in others:
        changes = ", ".join(f"{key}={value}" for key, value in sorted(each["changes"].items()))
        ratio = "-" if each["clocks"] is None else f"{each['clocks'] / base['clocks']:.2f}"
        why = f": {each['problem']}" if each["problem"] else ""
        lines.append(f"  {ratio:>6}  {each['name']} ({changes}){why}")
    return lines


def _causes() -> dict[str, str]:
    from sim_tb.pim.simulate.statistics import CAUSES

    return CAUSES


def _classes() -> dict[str, str]:
    from sim_tb.pim.energy import CLASSES

    return {name: meaning for name, (meaning, _) in CLASSES.items()}


def _operations() -> dict[str, str]:
    from gen.pim.compile import OPERATIONS

    return OPERATIONS


def _shares(parts: dict[str, float], meanings: dict[str, str]) -> list[str]:
    """Parts of a whole that are not nothing, the greatest first, with what they mean."""
    whole = sum(parts.values())
    rows = sorted(((value, name) for name, value in parts.items() if value), reverse=True)
    return [f"  {name:<13}  {value / whole:6.1%}  {meanings[name]}" for value, name in rows]

"""``bitloom pim run``: a program on the controller's hardware, checked against the golden machine."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.cli.console import Console, table
from gen.pim.named import system_of
from gen.words import counted
from hdl.params import ConfigError, Problem

if TYPE_CHECKING:
    from gen.pim.elements import Elements
    from gen.pim.program import Program
    from hdl.params.pim import PimParams
    from sim_tb.golden.pim import Footprint, Machine
    from sim_tb.pim.bench.execute import Execution
    from sim_tb.pim.energy import Energy

__all__ = ["command"]

#: Clocks that a program may be given.
MAX_LIMIT = 1 << 31


def command(options: argparse.Namespace, console: Console) -> int:
    """Run a program; status 1 if it does not end well, results differ or a timing rule is broken."""
    from sim_tb.golden.pim import Footprint, Machine
    from sim_tb.pim.bench.execute import execute, kept_rows

    program = _program(options)
    params = program.params
    if not 0 <= options.stall < 256:
        raise _problem("--stall", f"must be from 0 to 255, not {options.stall}")
    if not 1 <= options.limit <= MAX_LIMIT:
        raise _problem("--limit", f"must be from 1 to {MAX_LIMIT:,}, not {options.limit}")
    if len(program.words) > params.program_words:
        raise _problem(
            options.program, f"has {len(program.words)} instructions; the program memory holds {params.program_words}"
        )
    rows = options.rows or kept_rows(params)
    if not 0 < rows <= params.rows:
        raise _problem("--rows", f"must be from 1 to {params.rows}, not {options.rows}")
    _check_targets(options)
    machine = Machine(params)
    machine.footprint = Footprint(params, rows)
    given = _fill(options, program, machine, rows)
    with console.doing("simulate"):
        done = execute(
            params, program.words, machine, rows=rows, stall=options.stall, limit=options.limit, seed=options.seed
        )
    warnings = [*given.notes, *(_footprint(program, machine.footprint, given) if done.ended else ())]
    _dump(options, params, done)
    console.say(_text(program, done, warnings))
    console.json(_json(program, done, warnings))
    return 0 if done.passed and not done.fault else 1


# --- what goes in ----------------------------------------------------------------------------------------------------
def _program(options: argparse.Namespace) -> Program:
    """A program file, or a text that is assembled."""
    from gen.pim.assemble import assemble
    from gen.pim.files import read_text
    from gen.pim.program import FORMATS, Program, load

    path = Path(options.program)
    system = system_of(options.system) if options.system is not None else None
    if path.suffix not in FORMATS:
        return assemble(read_text(path), str(path), system, checked=not options.unchecked)
    program = load(path)
    if system is not None and system.hash != program.params.hash:
        raise _problem(str(path), f"is for system {program.params.hash[:8]}, not for {system.hash[:8]}")
    return program if system is None else Program(system, program.words)


@dataclass
class _Given:
    """What a program was given: words of SRAM, columns of the banks, and what should be looked at."""

    sram: int = 0
    columns: int = 0
    notes: list[str] = field(default_factory=list)


def _fill(options: argparse.Namespace, program: Program, machine: Machine, rows: int) -> _Given:
    """Memories and input stream as the files have them."""
    from gen.pim.elements import oddities
    from gen.pim.files import read_words

    params, given = machine.params, _Given()
    sent = None if options.input is None else read_words(Path(options.input), params.lanes)
    _check_input(options, program, sent, given)
    if sent is not None:
        machine.send(sent)
        given.notes += [f"{options.input}: {each}" for each in oddities(sent)]
    if options.sram is not None:
        words = read_words(Path(options.sram), params.lanes)
        if len(words) > params.sram_words:
            raise _problem(options.sram, f"has {len(words)} words; the SRAM holds {params.sram_words}")
        machine.sram[: len(words)] = words
        given.sram = len(words)
        given.notes += [f"{options.sram}: {each}" for each in oddities(words)]
    if options.memory is not None:
        image = _image(Path(options.memory), params, rows)
        for channel in range(params.channels):
            for bank in range(params.banks):
                machine.device.write(channel, bank, 0, image[channel, bank])
        given.columns = image.shape[2]
        given.notes += [f"{options.memory}: {each}" for each in oddities(image)]
    assert machine.footprint is not None
    machine.footprint.give_sram(given.sram)
    machine.footprint.give_banks(given.columns)
    for text in options.scalar or ():
        match = re.fullmatch(r"r([0-9]{1,2})=(0x[0-9a-fA-F]+|[0-9]+|[-+]?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?)", text)
        if match is None or int(match[1]) >= len(machine.scalars):
            raise _problem("--scalar", f"must be rN=VALUE with N from 0 to {len(machine.scalars) - 1}, not {text!r}")
        machine.scalars[int(match[1])] = _scalar(match[2])
    return given


def _check_input(options: argparse.Namespace, program: Program, sent: Elements | None, given: _Given) -> None:
    """Whether the input stream holds as many words as the program reads: too few would make it wait for ever."""
    from gen.pim.check import check, words_taken

    if options.unchecked or check(program):
        return
    taken, there = words_taken(program), 0 if sent is None else len(sent)
    lanes = program.params.lanes
    if there < taken:
        where = options.input or options.program
        what = f"has {there:,} words" if sent is not None else "reads the input stream, and there is no --input"
        message = f"{what}: the program reads {taken:,} words of {lanes} elements"
        raise ConfigError([Problem("", message, "with --unchecked it runs all the same, and waits")], where)
    if there > taken:
        given.notes.append(
            f"{options.input}: {there - taken:,} of {there:,} words were not read: the program reads {taken:,}"
        )


def _image(path: Path, params: PimParams, rows: int) -> Elements:
    """What the banks hold at first, shape (channels, banks, columns, lanes)."""
    from gen.pim.files import read_array

    if path.suffix != ".npy":
        raise _problem(str(path), "what the banks hold comes as a .npy file")
    image = read_array(path)
    most = rows * params.row_cols
    if image.ndim == 4 and (*image.shape[:2], image.shape[3]) == (params.channels, params.banks, params.lanes):
        if image.shape[2] <= most:
            return image
        message = f"has {image.shape[2]} columns; {most} columns of each bank are simulated (--rows)"
        raise _problem(str(path), message)
    expected = f"(channels, banks, columns, lanes) = ({params.channels}, {params.banks}, up to {most}, {params.lanes})"
    hint = "gen.pim.layout.Memory places matrices, see docs/pim-tutorial.md"
    message = f"must have the shape {expected}, not {image.shape}"
    raise ConfigError([Problem("", message, hint)], str(path))


def _footprint(program: Program, footprint: Footprint, given: _Given) -> list[str]:
    """What was read and never written, and what was given and never read."""
    lines = []
    for each in footprint.strays:
        unit = "column" if each.space == "banks" else "word"
        lines.append(
            f"instruction {each.pc} ({program.instructions[each.pc]}) reads {counted(each.count, unit)} of the "
            f"{each.space} that nobody has written, the first at {each.first}: they are zero"
        )
    for what, where, unread in (
        ("word", "SRAM", footprint.unread_sram(given.sram)),
        ("column", "banks", footprint.unread_columns(given.columns)),
    ):
        if unread:
            were = "was" if len(unread) == 1 else "were"
            lines.append(
                f"{counted(len(unread), what)} of the {where} {were} given and not read, the first is {unread[0]}"
            )
    return lines


def _scalar(text: str) -> int:
    """A register's bits: an integer, or a number with a point in single precision."""
    import numpy as np

    if "." in text:
        with np.errstate(over="ignore"):
            number = np.float32(text)
        if not np.isfinite(number):
            raise _problem("--scalar", f"{text[:40]} is beyond the greatest single-precision number")
        return int(number.view(np.uint32))
    digits = text if text.startswith("0x") else text.lstrip("0") or "0"
    value = int(digits, 0) if len(digits) < 20 else 1 << 64
    if value >= 1 << 32:
        raise _problem("--scalar", f"{text[:40]} has more than 32 bits")
    return value


def _problem(where: str, message: str) -> ConfigError:
    return ConfigError([Problem("", message)], where)


# --- what comes out --------------------------------------------------------------------------------------------------
def _check_targets(options: argparse.Namespace) -> None:
    """Files that are to be written: none twice, none that is read, none that holds something else."""
    from gen.pim.files import check_target

    read = [name for name in (options.program, options.input, options.sram, options.memory) if name is not None]
    taken = {os.path.realpath(name): f"{name} is read" for name in read}
    for option in ("output", "dump_sram", "dump_memory"):
        name = getattr(options, option)
        if name is None:
            continue
        check_target(Path(name))
        place, flag = os.path.realpath(name), f"--{option.replace('_', '-')}"
        if place in taken:
            raise _problem(flag, f"{name} can't be written: {taken[place]}")
        taken[place] = f"{flag[2:]} is written there".replace("-", " ")


def _dump(options: argparse.Namespace, params: PimParams, done: Execution) -> None:
    """Write what the hardware left behind."""
    from gen.pim.files import write_words

    banks = done.result.banks.transpose(0, 3, 1, 2, 4).reshape(params.channels, params.banks, -1, params.lanes)
    for name, values in (
        (options.dump_sram, done.result.sram),
        (options.dump_memory, banks),
        (options.output, done.result.outputs),
    ):
        if name is not None:
            write_words(Path(name), values)


def _text(program: Program, done: Execution, warnings: Sequence[str]) -> str:
    """The report for people."""
    lines = [_ending(program, done), *(f"warning: {each}" for each in warnings)]
    if done.differences is None:
        lines.append("not compared with the golden model, which knows no clock")
    elif done.differences:
        lines += ["the golden model differs:", *(f"  {each}" for each in done.differences)]
    else:
        lines.append(f"as the golden model: {done.compared:,} values compared")
    violations = done.result.violations
    lines.append(f"timing violations: {len(violations) or 'none'}")
    lines += [f"  clock {at}, channel {channel}, {name}: {rule}" for at, channel, name, rule in violations[:10]]
    lines.append("counters" if done.ended else "counters, read one after the other while it went on")
    lines.append(table([[name, f"{value:,}"] for name, value in done.counters.items()], "  "))
    if done.commands:
        counts = [[name, f"{count:,}"] for name, count in done.commands.items()]
        lines += ["commands, with refreshes after the end", table(counts, "  ")]
    if done.energy is not None:
        lines += _energy_text(program.params, done.energy)
    if done.marks:
        lines += _marks_text(done)
    return "\n".join(lines)


def _energy_text(params: PimParams, energy: Energy) -> list[str]:
    """Energy by class, and where the figures that it is computed from come from."""
    from hdl.params.pim import energy_note, energy_sources
    from sim_tb.pim.energy import CLASSES

    rows = [[kind, f"{pj:,.1f} pJ", f"{pj / energy.total:.1%}"] for kind, pj in energy.parts.items()]
    rows.append(["all", f"{energy.total:,.1f} pJ", f"{energy.milliwatts:,.1f} mW"])
    if energy.pj_per_mac is not None:
        rows.append(["a multiply-accumulate", f"{energy.pj_per_mac:,.2f} pJ", f"{energy.macs:,} of them"])
    lines = [f"energy in {energy.nanoseconds:,.0f} ns", table(rows, "  ")]
    if note := energy_note(params):
        lines.append(f"  {note}")
    lines.append("  from the system's table:")
    used = dict.fromkeys(key for _, keys in CLASSES.values() for key in keys)
    sources = energy_sources(params.energy)
    return [*lines, *(f"  {key} = {getattr(params.energy, key):g}: {sources[key]}" for key in used)]


def _marks_text(done: Execution) -> list[str]:
    """Marks, and what went on since the one before."""
    rows = [[f"tag {tag}", f"{clock:,}"] for tag, clock in done.marks]
    for row, energy in zip(rows, done.between, strict=False):
        row.append(f"{energy.total:,.1f} pJ")
    title = "marks, their clocks, and the energy up to each from the one before" if done.between else "marks"
    return [title, table(rows, "  ")]


def _energy_json(params: PimParams, energy: Energy | None) -> dict[str, Any] | None:
    return None if energy is None else {**energy.figures(params), "nanoseconds": energy.nanoseconds}


def _ending(program: Program, done: Execution) -> str:
    cycles = done.counters["CYCLES"]
    if not done.ended:
        waits = " and waits for the host" if done.counters["STREAM_WAIT"] else ""
        return f"given up after {cycles:,} clocks (--limit), at instruction {done.pc}{waits}"
    if done.fault is None:
        return f"halted after {cycles:,} clocks and {done.counters['INSTRUCTIONS']:,} instructions"
    one = program.instructions[done.pc] if done.pc < len(program.words) else None
    what = f" ({one})" if one is not None else ""
    return f"error {done.fault.name} at instruction {done.pc}{what}: {done.fault.meaning}"


def _json(program: Program, done: Execution, warnings: Sequence[str]) -> dict[str, Any]:
    result = done.result
    return {
        "hash": program.params.hash,
        "instructions": len(program.words),
        "passed": done.passed and done.fault is None,
        "ended": done.ended,
        "error": done.fault.name if done.fault else None,
        "pc": done.pc,
        "cycles": done.counters["CYCLES"],
        "counters": {name.lower(): value for name, value in done.counters.items()},
        "commands": done.commands,
        "marks": [
            {"tag": tag, "cycle": clock, "energy_pj": energy.total if energy else None}
            for (tag, clock), energy in zip_longest(done.marks, done.between)
        ],
        "violations": [
            {"cycle": at, "channel": channel, "command": name, "rule": rule}
            for at, channel, name, rule in result.violations
        ],
        "compared": done.compared,
        "differences": done.differences,
        "outputs": len(result.outputs),
        "warnings": list(warnings),
        "energy": _energy_json(program.params, done.energy),
    }

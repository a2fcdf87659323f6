"""``bitloom pim run``: a program on the controller's hardware, checked against the golden machine."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.cli.commands.pim import read_text, system_of
from gen.cli.console import Console, table
from hdl.params import ConfigError, Problem

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gen.pim.program import Program
    from hdl.params.pim import PimParams
    from sim_tb.golden.pim import Machine
    from sim_tb.pim.execute import Execution

    Elements = npt.NDArray[np.uint16]

__all__ = ["command"]

#: Clocks that a program may be given.
MAX_LIMIT = 1 << 31


def command(options: argparse.Namespace, console: Console) -> int:
    """Run a program; status 1 if it does not end well, results differ or a timing rule is broken."""
    from sim_tb.golden.pim import Machine
    from sim_tb.pim.execute import execute, kept_rows

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
    machine = Machine(params)
    _fill(options, machine, rows)
    with console.doing("simulate"):
        done = execute(
            params, program.words, machine, rows=rows, stall=options.stall, limit=options.limit, seed=options.seed
        )
    _dump(options, params, done)
    console.say(_text(program, done))
    console.json(_json(program, done))
    return 0 if done.passed and not done.fault else 1


# --- what goes in ----------------------------------------------------------------------------------------------------
def _program(options: argparse.Namespace) -> Program:
    """A program file, or a text that is assembled."""
    from gen.pim.assemble import assemble
    from gen.pim.program import FORMATS, Program, load

    path = Path(options.program)
    system = system_of(options.system) if options.system else None
    if path.suffix not in FORMATS:
        return assemble(read_text(path), str(path), system, checked=not options.unchecked)
    program = load(path)
    if system is not None and system.hash != program.params.hash:
        raise _problem(str(path), f"is for system {program.params.hash[:8]}, not for {system.hash[:8]}")
    return program if system is None else Program(system, program.words)


def _fill(options: argparse.Namespace, machine: Machine, rows: int) -> None:
    """Memories and input stream as the files have them."""
    params = machine.params
    if options.input:
        machine.send(_words(Path(options.input), params))
    if options.sram:
        words = _words(Path(options.sram), params)
        if len(words) > params.sram_words:
            raise _problem(options.sram, f"has {len(words)} words; the SRAM holds {params.sram_words}")
        machine.sram[: len(words)] = words
    if options.memory:
        image = _array(Path(options.memory))
        most = (params.channels, params.banks, rows * params.row_cols, params.lanes)
        fits = (
            image.ndim == 4 and image.shape[:2] == most[:2] and image.shape[3] == most[3] and image.shape[2] <= most[2]
        )
        if not fits:
            raise _problem(
                options.memory,
                f"must have the shape (channels, banks, columns, lanes): {most} or fewer columns, not {image.shape}",
            )
        for channel in range(params.channels):
            for bank in range(params.banks):
                machine.device.write(channel, bank, 0, image[channel, bank])
    for text in options.scalar or ():
        match = re.fullmatch(r"r(\d+)=(0x[0-9a-fA-F]+|\d+|[-+]?\d*\.\d+(?:[eE][-+]?\d+)?)", text)
        if match is None or int(match[1]) >= len(machine.scalars):
            raise _problem("--scalar", f"must be rN=VALUE with N from 0 to {len(machine.scalars) - 1}, not {text!r}")
        machine.scalars[int(match[1])] = _scalar(match[2])


def _scalar(text: str) -> int:
    """A register's bits: an integer, or a number with a point in single precision."""
    import numpy as np

    if "." in text:
        return int(np.float32(text).view(np.uint32))
    value = int(text, 0)
    if value >= 1 << 32:
        raise _problem("--scalar", f"{text} has more than 32 bits")
    return value


def _words(path: Path, params: PimParams) -> Elements:
    """Words of a file: an array, or lines of hexadecimal digits, a word each, its last element first."""
    import numpy as np

    if path.suffix == ".npy":
        values = _array(path)
        if values.size % params.lanes:
            raise _problem(str(path), f"must hold whole words of {params.lanes} elements, not {values.size} elements")
        return values.reshape(-1, params.lanes)
    digits, rows = 4 * params.lanes, []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.split("//", 1)[0].strip()
        if text and not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", text):
            raise _problem(f"{path}:{number}", f"must have {digits} hexadecimal digits, not {text[:40]!r}")
        if text:
            rows.append([int(text[i : i + 4], 16) for i in range(digits - 4, -1, -4)])
    return np.array(rows, np.uint16).reshape(-1, params.lanes)


def _array(path: Path) -> Elements:
    """A NumPy file: bf16 as 16-bit integers, or floating-point numbers, which are rounded to bf16."""
    import numpy as np

    from sim_tb.golden.float import narrow

    try:
        values = np.load(path, allow_pickle=False)
    except OSError as error:
        raise _problem(str(path), f"can't be read: {error.strerror or error}") from None
    except (ValueError, EOFError):
        raise _problem(str(path), "is not a NumPy file") from None
    if not isinstance(values, np.ndarray):
        raise _problem(str(path), "must hold a single array")
    if values.dtype.kind == "f":
        rounded: Elements = narrow(values.astype(np.float32))
        return rounded
    if values.dtype != np.uint16:
        raise _problem(str(path), f"must hold bf16 as uint16, or floating-point numbers, not {values.dtype}")
    return values


def _problem(where: str, message: str) -> ConfigError:
    return ConfigError([Problem("", message)], where)


# --- what comes out --------------------------------------------------------------------------------------------------
def _dump(options: argparse.Namespace, params: PimParams, done: Execution) -> None:
    """Write what the hardware left behind; a file ends in .npy or .hex."""
    import numpy as np

    banks = done.result.banks.transpose(0, 3, 1, 2, 4).reshape(params.channels, params.banks, -1, params.lanes)
    for name, values in (
        (options.dump_sram, done.result.sram),
        (options.dump_memory, banks),
        (options.output, done.result.outputs),
    ):
        if not name:
            continue
        path = Path(name)
        try:
            if path.suffix == ".npy":
                with path.open("wb") as file:
                    np.save(file, np.ascontiguousarray(values))
            else:
                words = values.reshape(-1, params.lanes).tolist()
                lines = ["".join(f"{element:04x}" for element in word[::-1]) for word in words]
                path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        except OSError as error:
            raise _problem(name, f"can't be written: {error.strerror}") from None


def _text(program: Program, done: Execution) -> str:
    """The report for people."""
    lines = [_ending(program, done)]
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
    if done.marks:
        lines += ["marks", table([[f"tag {tag}", f"{clock:,}"] for tag, clock in done.marks], "  ")]
    return "\n".join(lines)


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


def _json(program: Program, done: Execution) -> dict[str, Any]:
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
        "marks": [{"tag": tag, "cycle": clock} for tag, clock in done.marks],
        "violations": [
            {"cycle": at, "channel": channel, "command": name, "rule": rule}
            for at, channel, name, rule in result.violations
        ],
        "compared": done.compared,
        "differences": done.differences,
        "outputs": len(result.outputs),
    }

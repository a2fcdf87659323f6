"""``bitloom pim``: programs of the PIM controller."""

from __future__ import annotations

import argparse
from pathlib import Path

from gen.cli.console import Console
from gen.pim.named import system_of

__all__ = ["assemble", "disassemble"]


def assemble(options: argparse.Namespace, console: Console) -> int:
    """Translate a text to a program file; every problem is reported at once, each at its place."""
    from gen.pim.assemble import assemble
    from gen.pim.files import read_text
    from gen.pim.program import check_target, save

    source = Path(options.text)
    text = read_text(source)
    target = source.with_suffix(".bin") if options.output is None else Path(options.output)
    check_target(target)
    system = system_of(options.system) if options.system is not None else None
    program = assemble(text, str(source), system, checked=not options.unchecked)
    save(program, target)
    memory = program.params.program_words
    console.say(f"{target}: {len(program.words)} of {memory} instructions, for system {program.params.hash[:8]}")
    console.json(
        {"file": str(target), "instructions": len(program.words), "memory": memory, "hash": program.params.hash}
    )
    return 0


def disassemble(options: argparse.Namespace, console: Console) -> int:
    """Print the text of a program file, which assembles to the same program."""
    from gen.pim.disassemble import disassemble
    from gen.pim.program import load

    program = load(options.program)
    text = disassemble(program)
    console.say(text.rstrip("\n"))
    console.json({"text": text, "instructions": len(program.words), "system": program.params.to_dict()})
    return 0

"""``bitloom generate``, ``simulate``, ``synth`` and ``report``: one step each."""

from __future__ import annotations

import argparse

from gen.cli import summary
from gen.cli.commands.session import Session
from gen.cli.console import Console

__all__ = ["generate", "report", "simulate", "synth"]


def generate(options: argparse.Namespace, console: Console) -> int:
    """Write the generated files."""
    with Session(options, console) as session:
        manifest = session.generate()
        console.say(summary.generated(manifest, session.output.path))
        console.json(manifest)
    return 0


def simulate(options: argparse.Namespace, console: Console) -> int:
    """Generate where needed, then simulate."""
    with Session(options, console) as session:
        session.prepare()
        session.generate()
        sim = session.simulate()
        console.say(summary.simulated(sim, session.output.path))
        console.json(sim)
        session.end()
    return 0


def synth(options: argparse.Namespace, console: Console) -> int:
    """Generate where needed, then synthesise."""
    with Session(options, console) as session:
        session.check_library()
        session.generate()
        design = session.synth()
        console.say(summary.synthesised(design))
        console.json(design)
        session.end()
    return 0


def report(options: argparse.Namespace, console: Console) -> int:
    """Report what the other steps left in the output folder."""
    with Session(options, console) as session:
        page = session.report()
        console.say(f"report     {page}")
        console.json({"report": str(page)})
    return 0

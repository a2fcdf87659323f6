"""``bitloom run``: everything, from the configuration to the report."""

from __future__ import annotations

import argparse

from gen.cli import summary
from gen.cli.commands.session import Session
from gen.cli.console import Console

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Generate, simulate, synthesise and report; a failed simulation is reported, and nothing is synthesised."""
    with Session(options, console) as session:
        session.check_library()
        session.prepare()
        result = {"manifest": session.generate()}
        console.say(summary.generated(result["manifest"], session.output.path))
        result["sim"] = session.simulate()
        console.say(summary.simulated(result["sim"], session.output.path))
        if result["sim"]["passed"]:
            result["synth"] = session.synth()
            console.say(summary.synthesised(result["synth"]))
        page = session.report()
        console.say(f"report     {page}")
        console.json({**result, "report": str(page)})
        session.end()
    return 0

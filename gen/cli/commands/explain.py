"""``bitloom explain``: what an engine is, before it is built."""

from __future__ import annotations

import argparse
from textwrap import fill

from gen.cli.commands.session import load_config
from gen.cli.console import Console

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Print the loop nest, the rewrites that led to it, the hardware of every primitive, order and timing of beats."""
    from gen.explain import WIDTH, explain, text

    config = load_config(options)
    found = explain(config.engine, config.workload.k, options.sigma)
    console.say(f"{fill(config.title, WIDTH)}\n\n{text(found, config.output.prefix, final=options.final)}")
    front = {} if config.front is None else {"front": config.front.title}
    console.json(found.to_dict() | front)
    return 0

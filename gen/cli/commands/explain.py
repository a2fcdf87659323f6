"""``bitloom explain``: what an engine is, before it is built."""

from __future__ import annotations

import argparse

from gen.cli.commands.session import load_config
from gen.cli.console import Console, table

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Print the loop nest, what stands at each level, and the order and timing of beats."""
    from gen.explain import explain, primitives

    config = load_config(options)
    parts = primitives(config.engine)
    header = ["primitive", "copies", "operations a tile", "bits"]
    rows = [[part.name, f"{part.copies:,}", part.operations, part.bits] for part in parts]
    before, after = explain(config.engine)
    console.say("\n".join([*before, "", table([header, *rows]), "", *after]))
    console.json({"nest": before, "primitives": [vars(part) for part in parts], "timing": after})
    return 0

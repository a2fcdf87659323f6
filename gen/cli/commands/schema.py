"""``bitloom schema``: what a configuration file may hold, for editors and other tools."""

from __future__ import annotations

import argparse

from gen import keys
from gen.cli.console import Console
from gen.output import to_json

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Print the JSON schema."""
    console.say(to_json(keys.schema()).rstrip())
    console.json(keys.schema())
    return 0

"""``bitloom pim decoder``: a small decoder, on the controller, continues a text."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gen.cli.console import Console
from hdl.params import CheckFailed

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Continue a prompt on the golden model, and on the hardware if that is asked for: it must say the same."""
    from sim_tb.workloads.text import agreement, generate

    golden = generate(options.prompt, options.tokens)
    float64 = agreement(golden)
    lines = [f"{len(golden.tokens)} tokens from {golden.instructions:,} instructions"]
    content = {"prompt": golden.prompt, "text": golden.text, "tokens": golden.tokens, "on": options.on}
    content |= {"instructions": golden.instructions, "float64": asdict(float64)}
    if options.on == "rtl":
        with console.doing("simulate"):
            found = generate(options.prompt, options.tokens, on="rtl")
        if found.tokens != golden.tokens:
            raise CheckFailed(f"The hardware differs from the golden model: {found.text!r}, not {golden.text!r}")
        lines.append(f"the same on the hardware, in {sum(found.cycles):,} clocks")
        content["cycles"] = found.cycles
    lines.append(f"float64 chooses {float64.equal} of them")
    console.say("\n".join([golden.prompt + golden.text, "", *lines]))
    console.json(content)
    return 0

"""``bitloom check``: is a configuration right, and what follows from it."""

from __future__ import annotations

import argparse
from typing import Any

from gen.cli.commands.session import load_config, load_library
from gen.cli.console import Console, table
from gen.timing import interval_formula, macs_per_cycle, pes
from hdl.params import BeatMap, Dataflow

__all__ = ["command"]


def command(options: argparse.Namespace, console: Console) -> int:
    """Check a configuration; every problem is reported at once."""
    config = load_config(options)
    if config.synth.library != "auto":  # which is always there
        load_library(config.synth)
    params, front, flow = config.engine, config.front, Dataflow(config.engine)
    streams = {"a": flow.a if front is None else front.a_beats, "b": flow.b, "c": flow.c}
    derived = {
        "pes": pes(params),
        "macs_per_cycle": macs_per_cycle(params),
        "product_bits": params.product_bits,
        "result": params.result,
        "k_limit": params.k_limit,
        "tile_interval": interval_formula(params),
        "streams": {name: _stream(beats) for name, beats in streams.items()},
    }
    console.say(f"{options.config}: fine: {config.title}, {derived['result']} results")
    rows = [
        ["PEs", f"{derived['pes']:,}"],
        ["multiply-accumulates a cycle", _or_operands(macs_per_cycle(params))],
        ["bits of a product", str(params.product_bits)],
        ["bits of an accumulator", str(params.accumulator)],
        ["greatest K", f"{params.k_limit:,}"],
        ["cycles of a tile", _or_operands(interval_formula(params, "K"))],
        *([f"bits of {_name(name)}", f"{beats.tdata_bits:,}"] for name, beats in streams.items()),
    ]
    console.say(table(rows, indent="  "))
    console.json({"config": config.to_dict(), "config_hash": config.hash, "derived": derived})
    return 0


def _or_operands(value: object) -> str:
    """A figure, or that there is none."""
    if value is None:
        return "as the operands allow"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _name(stream: str) -> str:
    return "m_axis_c_tdata" if stream == "c" else f"s_axis_{stream}_tdata"


def _stream(stream: BeatMap) -> dict[str, Any]:
    return {"lanes": stream.lanes, "element_bits": stream.element_bits, "tdata_bits": stream.tdata_bits}

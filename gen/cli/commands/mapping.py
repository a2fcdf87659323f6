"""``bitloom map``: a network on an engine, layer by layer."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.cli.commands.network import add_shape, shapes_of
from gen.cli.commands.session import SYNTH, load_config
from gen.cli.console import Console, table
from gen.operands import usual_sigma
from gen.words import counted
from hdl.params import ConfigError, Problem
from hdl.params.title import Title

if TYPE_CHECKING:
    from gen.config import Config
    from gen.output import Output
    from sim_tb.mapping.energy import Energy
    from sim_tb.mapping.network import Mapping
    from sim_tb.mapping.traffic import Buffers
    from sim_tb.workloads.gemm import Topology

__all__ = ["add_network", "add_options", "command", "integer", "network"]

CSV, JSON, PAGE = "map.csv", "map.json", "map.html"
MAX_BATCH = 65536
MAX_BYTES = 1 << 40


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add what names a network."""
    about = (
        "an ONNX file, a table of layers (CSV), or the name of a network that Bitloom brings along, such as resnet50"
    )
    parser.add_argument("network", metavar="NETWORK", help=about)
    about = "inputs that are computed together (default: 1)"
    parser.add_argument("--batch", type=integer(MAX_BATCH), default=1, metavar="N", help=about)
    add_shape(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_network(parser)
    about = "the configuration file of the engine (TOML)"
    parser.add_argument("--engine", metavar="CONFIG", dest="config", required=True, help=about)
    parser.set_defaults(seed=None)
    about = "bytes of the buffers of activations, weights and results, such as 262144,262144,65536 (the default)"
    parser.add_argument("--buffers", type=_buffers, metavar="A,B,C", help=about)
    about = "bytes that memory moves in a cycle (default: 16)"
    parser.add_argument("--bandwidth", type=integer(MAX_BYTES), metavar="N", help=about)
    about = "output folder of bitloom synth with the engine's energy (default: build/<name of CONFIG>)"
    parser.add_argument("--synth", metavar="FOLDER", help=about)
    about = "every layer as it is, none packed"
    parser.add_argument("--no-pack", action="store_false", dest="pack", help=about)
    about = "output folder (default: build/map-<network>-<name of CONFIG>)"
    parser.add_argument("-o", "--output", metavar="FOLDER", help=about)
    parser.add_argument("--force", action="store_true", help="lose changes made by hand to the table or the page")


def command(options: argparse.Namespace, console: Console) -> int:
    """Map every layer, print the table, and write table and page."""
    from gen.output import open_output
    from sim_tb.mapping.network import map_network

    config, topology = load_config(options), network(options)
    if config.front is not None:
        raise ConfigError([config.front.refusal("a network is mapped on an engine alone")])
    params = config.engine
    sigma = (options.sigma or usual_sigma(params.recoded)) if params.data_dependent else None
    energy = _energy(config, options.synth)
    folder = options.output or Path("build", f"map-{topology.name}-{config.name}")
    with open_output(folder, force=options.force) as output:
        output.claim([CSV, JSON, PAGE])
        with console.doing(f"mapping {topology.name} on {Title(params)}"):
            found = map_network(
                params, topology, sigma=sigma, buffers=_sizes(options), energy=energy, pack=options.pack
            )
            content = found.to_dict()
        console.say(_text(found, content))
        _write(output, found, content, console)
    console.json(content)
    return 0


def network(options: argparse.Namespace) -> Topology:
    """The network that the options name."""
    from sim_tb.workloads.readers import read

    shapes, problems = shapes_of(options)
    if problems:
        raise ConfigError(problems)
    return read(options.network, batch=options.batch, shapes=shapes or None)


def _sizes(options: argparse.Namespace) -> Buffers:
    from sim_tb.mapping.traffic import Buffers

    names = ("activations", "weights", "results")
    given = dict(zip(names, options.buffers, strict=True)) if options.buffers else {}
    return Buffers(**given, **({"bandwidth": options.bandwidth} if options.bandwidth else {}))


def _energy(config: Config, folder: str | None) -> Energy | None:
    """What synthesis measured of the engine, from the folder that is named, or from the usual one if it is there."""
    from gen.report.data import load
    from sim_tb.mapping.energy import Energy

    place = Path(folder) if folder else Path("build", config.name)
    if not (place / SYNTH).exists() and not folder:
        return None
    data = load(place)
    if data.params != config.engine:
        if not folder:
            return None
        hint = "run `bitloom synth` on this configuration"
        raise ConfigError([Problem(str(place), f"holds the figures of another engine, {Title(data.params)}", hint)])
    if data.synth is None:
        raise ConfigError([Problem(str(place / SYNTH), "is missing", "run `bitloom synth` into this folder")])
    return Energy.of(json.loads((place / SYNTH).read_text(encoding="utf-8")), str(place / SYNTH))


def _write(output: Output, found: Mapping, content: dict[str, Any], console: Console) -> None:
    from gen.report.mapping import mapping_page

    output.write_json(JSON, content)
    for words, name, text in (("table", CSV, found.csv()), ("report", PAGE, mapping_page(content))):
        console.say(f"{words:10} {output.write(name, text)}")


def _text(found: Mapping, content: dict[str, Any]) -> str:
    """Table and sums."""
    from gen.report.mapping import moved

    heads = ["layer", "M", "K", "N", "groups", "packed", "cycles", "of peak", "possible", "kB moved", "uJ"]
    rows = [heads, *(_line(row) for row in content["layers"])]
    totals = content["totals"]
    shares = f"{totals['utilisation']:.1%} of the peak of {content['peak']:,.5g} MAC a cycle"
    lines = [
        f"{content['network']} on {content['engine']}: {counted(len(content['layers']), 'matrix product')}, "
        f"{totals['macs']:,} MAC",
        table(rows, indent="  "),
        f"cycles     {totals['cycles']:,.10g}, {'exact' if content['exact'] else 'expected'}; {shares}",
        f"possible   {totals['bound']:.1%} with these sizes; {totals['of_bound']:.1%} of that is reached, "
        f"by each layer {totals['least_of_bound']:.1%} at least",
        f"memory     {moved(totals):,} bytes; layers that wait for it at {found.buffers.bandwidth} bytes a cycle: "
        f"{totals['memory_bound']}",
    ]
    if content["energy"] is None:
        lines.append(
            "energy     not measured: run bitloom synth on the configuration, then name its folder with --synth"
        )
    else:
        lines.append(f"energy     {totals['energy_uj']:,.4g} uJ ({content['energy']['source']})")
    if content["others"]:
        lines.append(f"others     {', '.join(f'{count} {name}' for name, count in content['others'].items())}")
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> list[str]:
    from gen.report.mapping import moved

    energy = "-" if row["energy_uj"] is None else f"{row['energy_uj']:,.3g}"
    return [
        row["layer"],
        *(f"{row[key]:,}" for key in "mkn"),
        str(row["groups"]),
        row["packed"] or "-",
        f"{row['cycles']:,.0f}",
        f"{row['utilisation']:.1%}",
        f"{row['bound']:.1%}",
        f"{moved(row) / 1000:,.0f}",
        energy,
    ]


def integer(most: int) -> Callable[[str], int]:
    """What reads an option that is an integer from 1 up to a limit."""

    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be an integer from 1 to {most:,}, not {text!r}")
        return int(text)

    return read


def _buffers(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9]\d{0,12}(,[1-9]\d{0,12}){2}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"must be three numbers of bytes, such as 262144,262144,65536, not {text!r}")
    return tuple(map(int, text.split(",")))

"""The commands and their options."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from gen.cli.commands import (
    check,
    explain,
    layout,
    listing,
    mapping,
    network,
    pim,
    pim_compile,
    pim_decoder,
    pim_list,
    pim_run,
    pim_simulate,
    pim_synth,
    run,
    schema,
    search,
    steps,
    sweep,
    workload,
)
from gen.keys import MAX_SEED
from gen.operands import USUAL_SIGMA
from gen.stderr import complain
from gen.version import VERSION
from hdl.params import near_name, near_or_legal

__all__ = ["parse"]

MAX_SIGMA = 1e6
MAX_JOBS = 4096
FORCE = "lose results of another configuration in the folder, and changes made by hand to generated files"
#: Arguments that name a file or a folder, or might.
PATHS = ("CONFIG", "FILE", "FOLDER", "MODEL", "NAME", "NETWORK", "PROGRAM", "SPEC", "SYSTEM", "TEXT")

EPILOG = """\
exit status: 0 done, 1 a check failed, 2 the request was wrong

example: bitloom run configs/demo.toml --set rows=8 --set cols=8
"""


class _Parser(argparse.ArgumentParser):
    """argparse with suggestions, and one line for an error."""

    #: The options of all commands; the parser's own commands, to find near names among.
    options: Sequence[str] = ()
    commands: Sequence[str] = ()

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument as argparse does; a path must not be empty."""
        if settings.get("metavar") in PATHS:
            settings.setdefault("type", _path)
        return super().add_argument(*names, **settings)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help to standard output, or OSError; what goes to standard error is lost where it can't be printed."""
        if file is sys.stdout:
            file.write(message)
            file.flush()
        else:
            complain(message, end="")

    def error(self, message: str) -> NoReturn:
        """Leave with status 2 and say what was wrong, what is legal, and where help is."""
        if match := re.match(r"argument (?:COMMAND|VERB): invalid choice: '(.*?)'", message):
            hint = near_or_legal(match[1], self.commands)
            message = f"unknown command {match[1]!r} ({hint})"
        elif match := re.match(r"unrecognized arguments: (.*)", message):
            first = match[1].split()[0].split("=")[0]
            own = [name[2:] for name in self._option_string_actions if name.startswith("--")]
            hint = near_name(first[2:], own).replace("'", "'--", 1) if first.startswith("--") else ""
            if first in self.options:
                hint = f"that is an option of other commands than {self.prog.split()[-1]!r}"
            message = f"unexpected argument {first!r}" + (f" ({hint})" if hint else "")
        self.exit(2, f"bitloom: {message}\nTry '{self.prog} --help'.\n")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line; ``command`` is the function to call with them and a console.

    Raises
    ------
    SystemExit
        After help, version, or an error message.
    """
    top = _Parser(
        prog="bitloom",
        description="Generate, verify and synthesise matrix engines from a configuration file.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"bitloom {VERSION}")
    subparsers = top.add_subparsers(metavar="COMMAND", title="commands", required=True)
    common, config, build, sim, files = _common(), _config(), _build(), _own(network.add_options), _files()

    leaves: dict[Callable[..., int], _Parser] = {}

    def add(
        name: str, command: Callable[..., int], about: str, parents: Sequence[_Parser], group: Any = subparsers
    ) -> None:
        parser = group.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            parents=[*parents, common],
            allow_abbrev=False,
        )
        parser.set_defaults(command=command)
        leaves[command] = parser

    add("run", run.command, "generate, simulate, synthesise and report", [config, build, sim, files])
    add("generate", steps.generate, "write Verilog, constraints, file list and manifest", [config, build])
    add("simulate", steps.simulate, "run the workload in Verilator and compare with NumPy", [config, build, sim])
    add("synth", steps.synth, "synthesise with Yosys: area, timing and power", [config, build, files])
    about = "place and route a PE or a small array: area, and timing with wires"
    add("layout", layout.command, about, [config, build, _own(layout.add_options)])
    add("report", steps.report, "write the HTML report of what an output folder holds", [config, build])
    about = "map a network on an engine: cycles, utilisation, traffic and energy of every layer"
    add("map", mapping.command, about, [_own(_add_overrides, _add_sigma, mapping.add_options)])
    about = "find the best engine for a network within an area"
    add("search", search.command, about, [_own(_add_overrides, _add_sigma, search.add_options)])
    add("sweep", sweep.command, "synthesise or simulate many points: table, page and the best of them", [_sweep()])
    about = "run a system that people build on such engines, compare it bit for bit, and report"
    add("workload", workload.command, about, [_own(_add_overrides, _add_seed, workload.add_options)])
    add("check", check.command, "check a configuration and print what follows from it", [config])
    add("explain", explain.command, "print an engine's loop nest, hardware and timing", [config, _explain()])
    add("list", listing.command, "print what this version builds and finds", [])
    add("schema", schema.command, "print the JSON schema of configuration files", [])

    about = "assemble, disassemble and run programs of the PIM controller, and synthesise it"
    group = subparsers.add_parser("pim", help=about, description=f"{about[0].upper() + about[1:]}.", allow_abbrev=False)
    verbs = group.add_subparsers(metavar="VERB", title="verbs", required=True)
    add("asm", pim.assemble, "translate a program from text, and check it", [_asm()], verbs)
    add("disasm", pim.disassemble, "print the text of a program", [_disasm()], verbs)
    about = "run a program on the controller's hardware and on its golden model"
    add("run", pim_run.command, about, [_pim_run()], verbs)
    about = "lay a model out in the banks of a system, and write its programs"
    add("compile", pim_compile.command, about, [_pim_compile()], verbs)
    about = "simulate a model token by token: clocks, energy, and where they go"
    add("simulate", pim_simulate.command, about, [_pim_simulate()], verbs)
    add("synth", pim_synth.command, "synthesise the controller: area, clock and power", [_pim_synth()], verbs)
    add("list", pim_list.command, "print instructions, systems, keys and constants", [_pim_list()], verbs)
    add("decoder", pim_decoder.command, "continue a text with a small decoder on the controller", [_decoder()], verbs)

    top.commands, group.commands = tuple(subparsers.choices), tuple(verbs.choices)
    _Parser.options = tuple({name for parser in leaves.values() for name in parser._option_string_actions})
    options, rest = top.parse_known_args(arguments)
    if rest:
        leaves[options.command].error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _own(*adds: Callable[[_Parser], None]) -> _Parser:
    """A parser with the options that some functions add."""
    parser = _Parser(add_help=False)
    for add in adds:
        add(parser)
    return parser


def _common() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else, on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print details on stderr")
    return parser


def _config() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("config", metavar="CONFIG", help="the configuration file (TOML)")
    _add_overrides(parser)
    _add_seed(parser)
    return parser


def _add_seed(parser: _Parser) -> None:
    parser.add_argument("--seed", type=_seed, metavar="N", help="replace the workload's seed")


def _add_overrides(parser: _Parser) -> None:
    about = "replace a value of the configuration: rows=8, engine.scheme=mac; may be repeated"
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="overrides", help=about)


def _build() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("-o", "--output", metavar="FOLDER", help="output folder (default: build/<name of CONFIG>)")
    parser.add_argument("--force", action="store_true", help=FORCE)
    return parser


def _files() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("--sdf", action="store_true", help="write the netlist's delays as SDF, up to 8x8")
    about = "write the netlist's switching activity as SAIF, up to 8x8, with glitches where Icarus Verilog is installed"
    parser.add_argument("--saif", action="store_true", help=about)
    return parser


def _sweep() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("spec", metavar="SPEC", help="the sweep file (TOML): what varies, and what doesn't")
    about = "print the best point by a figure of the table, such as gops_per_mm2_engine"
    parser.add_argument("--best", metavar="FIGURE", help=about)
    about = "points that are computed at a time on this machine (default: as many as there are cores)"
    parser.add_argument("--jobs", type=_jobs, metavar="N", help=about)
    about = "compute on the workers of a Dask scheduler, tcp://HOST:PORT, instead of on this machine"
    parser.add_argument("--scheduler", metavar="ADDRESS", help=about)
    parser.add_argument("-o", "--output", metavar="FOLDER", help="output folder (default: build/<name of SPEC>)")
    parser.add_argument("--force", action="store_true", help="lose changes made by hand to the table or the page")
    return parser


def _asm() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("text", metavar="TEXT", help="the program's text")
    parser.add_argument("-o", "--output", metavar="FILE", help="program file, .bin or .hex (default: TEXT with .bin)")
    parser.add_argument(
        "--system", metavar="NAME", help="preset, or JSON file of a system, to use in place of the text's .system"
    )
    parser.add_argument(
        "--unchecked", action="store_true", help="accept programs that the controller will refuse, to test that it does"
    )
    return parser


def _disasm() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("program", metavar="PROGRAM", help="the program file, .bin or .hex")
    return parser


def _pim_list() -> _Parser:
    parser = _Parser(add_help=False)
    about = f"{', '.join(pim_list.TOPICS)}, or the name of an instruction (default: everything)"
    parser.add_argument("what", metavar="WHAT", nargs="?", help=about)
    about = "preset, or JSON file of a system whose values are shown"
    parser.add_argument("--system", metavar="NAME", default="pimgpt_paper", help=about)
    parser.add_argument("--markdown", action="store_true", help="print the tables of docs/pim-instructions.md")
    return parser


def _pim_run() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("program", metavar="PROGRAM", help="a program file (.bin, .hex), or a text, which is assembled")
    parser.add_argument("--system", metavar="NAME", help="preset, or JSON file of a system")
    parser.add_argument("--unchecked", action="store_true", help="run illegal texts, and with too little input")
    parser.add_argument("--input", metavar="FILE", help="words of the input stream, .npy or .hex: as many as are read")
    parser.add_argument("--sram", metavar="FILE", help="words of the SRAM at first, .npy or .hex")
    parser.add_argument("--memory", metavar="FILE", help="the banks at first, .npy: channels, banks, columns, lanes")
    parser.add_argument("--scalar", metavar="rN=VALUE", action="append", help="a scalar register; may be repeated")
    parser.add_argument("--output", metavar="FILE", help="write the words of the output stream, .npy or .hex")
    parser.add_argument("--dump-sram", metavar="FILE", help="write the SRAM as it is at the end, .npy or .hex")
    parser.add_argument("--dump-memory", metavar="FILE", help="write the banks as they are at the end, .npy or .hex")
    parser.add_argument("--rows", type=int, default=0, metavar="N", help="rows of the banks that are simulated")
    parser.add_argument("--limit", type=int, default=1_000_000, metavar="N", help="give up after N clocks")
    parser.add_argument("--stall", type=int, default=0, metavar="N", help="the host pauses in N of 256 clocks")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of these pauses")
    return parser


def _decoder() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("prompt", metavar="PROMPT", nargs="?", default="", help="how the text begins (ASCII)")
    parser.add_argument("--tokens", type=int, default=64, metavar="N", help="tokens to generate (default: 64)")
    where = "on the golden model (default), or on the hardware as well"
    parser.add_argument("--on", choices=("golden", "rtl"), default="golden", help=where)
    return parser


_MODEL = "a config.json, the folder of a model with one, or the name of a published model"
_BATCH = "sequences that go one token further together, each with caches of its own (default: 1)"
_CACHES = "what keys and values are stored as: bf16 (default), or int8 with scales for a token's keys and values"
_WEIGHTS = "what matrices are stored as: bf16 (default), or int8 with a scale for every output"


def _add_set(parser: _Parser) -> None:
    about = "replace a value of the system: channels=4, timing.trefi=0; may be repeated"
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="overrides", help=about)


def _pim_compile() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("model", metavar="MODEL", help=_MODEL)
    about = "preset, or JSON file of a system (default: aim_measured)"
    parser.add_argument("--system", metavar="NAME", default="aim_measured", help=about)
    _add_set(parser)
    about = "tokens that caches have room for (default: the model's context, at most 1024)"
    parser.add_argument("--tokens", type=int, metavar="N", help=about)
    about = "how the slots of matrices lie in rows: auto (default), rows or dense"
    parser.add_argument("--layout", default="auto", metavar="HOW", help=about)
    parser.add_argument("--batch", type=int, default=1, metavar="N", help=_BATCH)
    parser.add_argument("--weights", default="bf16", metavar="KIND", help=_WEIGHTS)
    parser.add_argument("--caches", default="bf16", metavar="KIND", help=_CACHES)
    about = "whether the vector unit works while channels do (default: it does)"
    parser.add_argument("--overlap", action=argparse.BooleanOptionalAction, default=True, help=about)
    parser.add_argument("--positions", metavar="N-M", help="positions whose programs are written (default: all)")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="folder for programs, report and the banks' image")
    parser.add_argument("--force", action="store_true", help=FORCE)
    return parser


def _pim_synth() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("system", metavar="SYSTEM", help="preset, or JSON file of a system")
    parser.add_argument("--library", default="auto", metavar="NAME", help="auto, osu018, unit, or a Liberty file")
    parser.add_argument("--lef", default="auto", metavar="FILE", help="LEF file with areas of cells, as synth.lef")
    parser.add_argument("--wires", default="auto", metavar="FF", help="fF for each sink of a net, or as synth.wires")
    parser.add_argument("--clock", type=float, metavar="NS", help="the clock asked for (default: the best there is)")
    parser.add_argument("--effort", choices=("quick", "normal", "full"), default="normal", help="variants to compare")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="output folder (default: build/pim-<SYSTEM>)")
    parser.add_argument("--force", action="store_true", help=FORCE)
    return parser


def _pim_simulate() -> _Parser:
    parser = _Parser(add_help=False)
    parser.add_argument("model", metavar="MODEL", help=_MODEL)
    about = "preset, or JSON file of a system (default: aim_measured)"
    parser.add_argument("--system", metavar="NAME", default="aim_measured", help=about)
    _add_set(parser)
    usual = pim_simulate.USUAL_TOKENS
    parser.add_argument("--tokens", type=int, default=usual, metavar="N", help=f"tokens to simulate (default: {usual})")
    about = "position of the first one; those before it are in the caches (default: 0)"
    parser.add_argument("--from", type=int, default=0, metavar="T", dest="first", help=about)
    about = "whether the logits of the next token are computed (default: they are)"
    parser.add_argument("--output-matrix", action=argparse.BooleanOptionalAction, default=True, help=about)
    about = "how the slots of matrices lie in rows: auto (default), rows or dense"
    parser.add_argument("--layout", default="auto", metavar="HOW", help=about)
    parser.add_argument("--batch", type=int, default=1, metavar="N", help=_BATCH)
    parser.add_argument("--weights", default="bf16", metavar="KIND", help=_WEIGHTS)
    parser.add_argument("--caches", default="bf16", metavar="KIND", help=_CACHES)
    about = "whether the vector unit works while channels do (default: it does)"
    parser.add_argument("--overlap", action=argparse.BooleanOptionalAction, default=True, help=about)
    about = "simulate the last position on other systems as well: channels, vector unit, refreshes ..."
    parser.add_argument("--sensitivity", action="store_true", help=about)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report, .html")
    parser.add_argument("--log", metavar="FILE", help="write the log of all commands")
    about = "write the programs as the trace that aim_simulator reads"
    parser.add_argument("--export-aim-trace", metavar="FILE", dest="aim_trace", help=about)
    return parser


def _add_sigma(parser: _Parser) -> None:
    about = f"standard deviation of the operands A where zeros are skipped (default: {USUAL_SIGMA:g} for s8)"
    parser.add_argument("--sigma", type=_sigma, metavar="X", help=about)


def _explain() -> _Parser:
    parser = _Parser(add_help=False)
    _add_sigma(parser)
    parser.add_argument("--final", action="store_true", help="only the engine's nest, not the steps that lead to it")
    return parser


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("must name a file or a folder, not be empty")
    return text


def _sigma(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= MAX_SIGMA:
        raise argparse.ArgumentTypeError(f"must be above 0 and up to {MAX_SIGMA:,.0f}, not {text!r}")
    return value


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"must be an integer from 1 to {MAX_JOBS}, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise argparse.ArgumentTypeError(f"must be an integer from 0 to {MAX_SEED}, not {text!r}")
    return int(text)

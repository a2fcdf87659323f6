"""``bitloom workload``: a system on generated hardware, compared bit for bit, with a report."""

from __future__ import annotations

import argparse
from pathlib import Path

from gen.cli.commands.session import load_config
from gen.cli.console import Console
from hdl.params import CheckFailed, ConfigError, Problem, near_or_legal

__all__ = ["add_options", "command"]

JSON, PAGE = "workload.json", "report.html"
#: The folder of simulations.
WORK = "work"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("name", metavar="WORKLOAD", nargs="?", help="which one (default: list them)")
    about = "a configuration of the engine to run on (default: those that the workload is documented with)"
    parser.add_argument("--engine", metavar="CONFIG", dest="config", help=about)
    about = "an option of the workload; may be repeated"
    parser.add_argument("--option", metavar="KEY=VALUE", action="append", default=[], dest="given", help=about)
    about = "the smallest amount of work that still shows everything"
    parser.add_argument("--quick", action="store_true", help=about)
    parser.add_argument("-o", "--output", metavar="FOLDER", help="output folder (default: build/workload-<name>)")
    parser.add_argument("--force", action="store_true", help="lose changes made by hand to the results")


def command(options: argparse.Namespace, console: Console) -> int:
    """Run the study, print what it found, and write figures and page. Raises CheckFailed where results differ."""
    from gen.output import open_output
    from gen.report.workload import workload_page
    from sim_tb.systems.catalogue import SYSTEMS
    from sim_tb.systems.study import Request

    if options.name is None:
        width = max(map(len, SYSTEMS), default=0)
        console.say("\n".join(f"{entry.name:{width}}  {entry.about}" for entry in SYSTEMS.values()))
        console.json({entry.name: entry.about for entry in SYSTEMS.values()})
        return 0
    if options.name not in SYSTEMS:
        hint = near_or_legal(options.name, SYSTEMS)
        raise ConfigError([Problem(options.name, "is no workload", hint)])
    given = _given(options.given)
    if options.overrides and options.config is None:
        raise ConfigError([Problem("--set", "replaces values of a configuration", "name one with --engine")])
    config = load_config(options) if options.config is not None else None
    entry = SYSTEMS[options.name]
    if config is not None and config.front is not None and config.front.key != entry.front:
        legal = f"an engine alone, or one with [{entry.front}]" if entry.front else "an engine alone"
        message = f"the workload {options.name} runs on {legal}"
        raise ConfigError([config.front.refusal(message)])
    run = entry.load()
    with open_output(options.output or Path("build", f"workload-{options.name}"), force=options.force) as output:
        output.claim([JSON, PAGE])
        request = Request(output.workdir(WORK), config, quick=options.quick, options=given, seed=options.seed or 0)
        with console.doing(f"workload {options.name}") as say:
            found = run(request, say)
        output.write_json(JSON, {"workload": options.name, "passed": found.passed, **found.figures})
        page = output.write(PAGE, workload_page(found.title, found.subtitle, found.lines, found.sections))
    console.say("\n".join([*found.lines, f"report     {page}"]))
    console.json({"workload": options.name, "passed": found.passed, **found.figures})
    if not found.passed:
        raise CheckFailed(f"workload {options.name}: results differ; see {page}")
    return 0


def _given(texts: list[str]) -> dict[str, str]:
    """Options by name. Raises ConfigError for one that is no assignment, or stands there twice."""
    given: dict[str, str] = {}
    problems = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            problems.append(Problem("--option", f"must be KEY=VALUE, not {text!r}"))
        elif name.strip() in given:
            problems.append(Problem(f"--option {name.strip()}", "is given twice"))
        else:
            given[name.strip()] = value.strip()
    if problems:
        raise ConfigError(problems)
    return given

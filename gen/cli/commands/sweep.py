"""``bitloom sweep``: a command on many points."""

from __future__ import annotations

import argparse
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.cli.commands.session import load_library
from gen.cli.console import Console, table
from hdl.params import CheckFailed, ConfigError, Problem, ToolError

if TYPE_CHECKING:
    from gen.config import SynthSettings
    from gen.output import Output
    from gen.sweep.best import Best
    from gen.sweep.kind import Kind
    from gen.sweep.plan import Plan
    from gen.sweep.point import Outcome
    from gen.sweep.run import Executor
    from gen.sweep.store import Store
    from gen.sweep.table import Table

__all__ = ["command"]

CSV, PARQUET, PAGE = "table.csv", "table.parquet", "sweep.html"
#: The folder of results and configurations of points.
POINTS = "points"


def command(options: argparse.Namespace, console: Console) -> int:
    """Compute what is not there yet, write table and page, and say which point is the best."""
    from gen.output import open_output
    from gen.sweep.best import best, check
    from gen.sweep.run import sweep
    from gen.sweep.store import Store

    plan = _plan(options, console)
    kind = plan.spec.kind
    if options.best is not None:
        check(options.best, kind)
    with open_output(options.output or Path("build", Path(options.spec).stem), force=options.force) as output:
        output.claim([CSV, PARQUET, PAGE])
        store = Store(output.workdir(POINTS))
        executor = _executor(options)
        with console.doing(f"sweep: {len(plan.points):,} points") as say:
            outcomes = sweep(plan.points, store, executor, say)
        lines, files, content = _write(output, outcomes, plan, store)
    found: list[Best] = []
    problems = _problems(outcomes)
    if options.best is not None:
        try:
            found = best(outcomes, options.best, kind)
        except CheckFailed as error:
            problems.append(str(error))
    console.say("\n".join([_counted(plan, outcomes), *lines, *(_best(each, store) for each in found)]))
    console.json(
        {
            "command": kind.command,
            "points": list(content.rows),
            "left_out": plan.left_out,
            "units": dict(content.units),
            "best": [_plain(each, store) for each in found],
            "files": files,
        }
    )
    if problems:
        raise CheckFailed("\n".join(problems))
    return 0


# --- what goes in ----------------------------------------------------------------------------------------------------
def _plan(options: argparse.Namespace, console: Console) -> Plan:
    from gen.cli.versions import versions
    from gen.sweep.plan import plan
    from gen.sweep.spec import read

    kinds = _kinds()
    spec = read(Path(options.spec), {kind.command: kind for kind in kinds})
    with console.doing("sweep") as say:
        return plan(spec, versions(), say)


def _kinds() -> list[Kind]:
    from gen.cli.commands.pim_simulate import USUAL_TOKENS
    from gen.sweep.decoders import Decoders
    from gen.sweep.engines import Engines
    from synth_scripts.engine.units import UNITS

    return [Engines({key: units[0] for key, units in UNITS.items()}, _library), Decoders(USUAL_TOKENS)]


@lru_cache
def _library(synth: SynthSettings) -> str:
    """A hash of what is in a library, which must be usable."""
    return load_library(synth).digest


def _executor(options: argparse.Namespace) -> Executor:
    from gen.sweep.dask import Dask
    from gen.sweep.local import Local, cores

    if options.scheduler is not None:
        if options.jobs is not None:
            raise ConfigError([Problem("--jobs", "is for this machine, and --scheduler for others", "leave one out")])
        return Dask(options.scheduler)
    return Local(options.jobs or len(cores()))


# --- what comes out --------------------------------------------------------------------------------------------------
def _write(
    output: Output, outcomes: list[Outcome], plan: Plan, store: Store
) -> tuple[list[str], dict[str, str], Table]:
    """Write the files; a line about each, their paths, and the table."""
    from gen.report.sweep import sweep_page
    from gen.sweep.table import parquet
    from gen.sweep.table import table as table_of
    from gen.sweep.view import view

    content = table_of(outcomes, plan.spec.kind, lambda outcome: f"{POINTS}/{outcome.point.key}.json")
    files = {"csv": str(output.write(CSV, content.csv()))}
    lines = [f"table   {files['csv']}"]
    try:
        files["parquet"] = str(output.write(PARQUET, parquet(content)))
        lines.append(f"        {files['parquet']}")
    except ToolError as error:
        output.remove(PARQUET)
        lines.append(f"        not as Parquet: {error}")
    shown = view(content, outcomes, plan.spec.kind, lambda outcome: _shell(outcome, store))
    files["page"] = str(output.write(PAGE, sweep_page(plan.spec.path.stem, plan.spec.kind.command, shown)))
    return [*lines, f"page    {files['page']}"], files, content


def _shell(outcome: Outcome, store: Store) -> str:
    """The command that computes a point alone."""
    return outcome.point.task.command(store.config(outcome.point))


def _counted(plan: Plan, outcomes: list[Outcome]) -> str:
    from gen.sweep.point import DONE, FAILED, MISSED

    counts = {name: sum(outcome.status == name for outcome in outcomes) for name in (DONE, MISSED, FAILED)}
    parts = [f"{counts[DONE]:,} of {len(outcomes):,} points done"]
    if counts[MISSED]:
        parts.append(f"{counts[MISSED]:,} missed what was asked")
    if counts[FAILED]:
        parts.append(f"{counts[FAILED]:,} failed")
    if plan.left_out:
        parts.append(f"{plan.left_out:,} combinations left out, which are not legal")
    return f"sweep   {', '.join(parts)}"


def _best(found: Best, store: Store) -> str:
    """A few lines on the best point."""
    from gen.sweep.point import short

    point = found.outcome.point
    where = f" on {found.group}" if found.group else ""
    rows = [[f"  {key}", short(value)] for key, value in point.settings.items()]
    head = f"best    {found.figure}{where}: {found.value:,.4g} {found.unit}, {point.title}, of {found.of:,} points"
    return "\n".join([head, table(rows, indent="      "), f"        {_shell(found.outcome, store)}"])


def _plain(found: Best, store: Store) -> dict[str, Any]:
    point = found.outcome.point
    return {
        "group": found.group,
        "figure": found.figure,
        "value": found.value,
        "unit": found.unit,
        "point": point.number,
        "settings": dict(point.settings),
        "title": point.title,
        "command": _shell(found.outcome, store),
        "of": found.of,
    }


def _problems(outcomes: list[Outcome]) -> list[str]:
    """What was wrong with points, a line each."""
    from gen.sweep.point import DONE

    bad = [outcome for outcome in outcomes if outcome.status != DONE]
    return [f"point {each.point.number} ({each.point.words}): {each.problem}" for each in bad]

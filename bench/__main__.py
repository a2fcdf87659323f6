"""Run the benchmarks: a line for each judgement, and a summary.

``quick`` (default) takes less than a quarter of an hour on two cores and keeps nothing. ``full`` runs everything as
documented and keeps what each run found in ``bench/results/benches``, with the date; what is kept of the same sources
and tools is not run again, so that it may be interrupted. ``list`` says what ``full`` would run.

A benchmark that fails ends nothing. What it printed is in ``build/bench``. The exit status is 1 where a benchmark
failed or missed a target.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench._judge import Judgement
from bench._plan import FULL, QUICK, Run
from bench.figures.store import Group, entries, save
from hdl.params import ToolError

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "bench"


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its judgements, and in words why it failed; empty if it did not."""

    run: Run
    judgements: tuple[Judgement, ...]
    seconds: float
    failure: str = ""

    @property
    def good(self) -> bool:
        """Whether it ran to its end and met every target."""
        return not self.failure and all(each.met for each in self.judgements)

    def __str__(self) -> str:
        met = sum(each.met for each in self.judgements)
        words = f"FAILED: {self.failure}" if self.failure else f"{met} of {len(self.judgements)} met"
        return f"{self.run}: {words}, {self.seconds:.0f} s"


def execute(run: Run, output: Path = OUTPUT) -> Outcome:
    """Run a benchmark in a process of its own; all that it prints goes to a file as well."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", f"bench.{run.bench}", *run.arguments.split()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    output.mkdir(parents=True, exist_ok=True)
    (output / run.file_name).write_text(done.stdout, encoding="utf-8")
    return outcome(run, done.stdout, done.returncode, time.perf_counter() - begun)


def outcome(run: Run, text: str, status: int, seconds: float) -> Outcome:
    """Read what a benchmark printed. Its status must be that of its judgements, of which there must be one."""
    judgements = tuple(filter(None, map(Judgement.read, text.splitlines())))
    failure = ""
    if status != int(not all(each.met for each in judgements)):
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "nothing printed")
        failure = f"status {status}: {last.strip()}"
    elif not judgements:
        failure = "judged nothing"
    return Outcome(run, judgements, seconds, failure)


# --- kept results ----------------------------------------------------------------------------------------------------
def kept(run: Run) -> dict[str, Any]:
    """A run as ``bench/results/benches`` keeps it. Raises ToolError where it fails: then nothing is kept."""
    found = execute(run)
    if found.failure:
        raise ToolError(str(found))
    return {"judgements": [asdict(each) for each in found.judgements]}


def groups() -> list[Group]:
    """A group of results for each benchmark, with an item for each of its runs."""
    names = dict.fromkeys(run.bench for run in FULL)
    items = {name: {str(run): partial(kept, run) for run in FULL if run.bench == name} for name in names}
    judged = {run.bench: _digest(run.judges) for run in FULL if run.judges}
    return [Group(f"benches/{name}", items[name], (f"bench.{name}",), judged.get(name, "")) for name in names]


def _digest(group: str) -> str:
    """Hash of a group of committed results."""
    return hashlib.sha256(json.dumps(entries(group), sort_keys=True).encode()).hexdigest()[:16]


def known(run: Run) -> Outcome | None:
    """What is kept of a run, however old."""
    entry = entries(f"benches/{run.bench}").get(str(run))
    if entry is None:
        return None
    judgements = tuple(Judgement(**each) for each in entry["figures"]["judgements"])
    return Outcome(run, judgements, entry["seconds"])


def renewed(runs: Iterable[Run], jobs: int, *, again: bool) -> Iterator[Outcome]:
    """Run what is out of date and keep it; the outcomes of all, those that are kept first."""
    group_of = {group.name.removeprefix("benches/"): group for group in groups()}
    stale = {(group.name, item) for group in group_of.values() for item in (group.items if again else group.stale())}
    waiting = [run for run in runs if (f"benches/{run.bench}", str(run)) in stale]
    yield from filter(None, (known(run) for run in runs if run not in waiting))

    def renew(run: Run) -> tuple[Run, dict[str, Any] | str]:
        try:
            return run, group_of[run.bench].measure(str(run))
        except ToolError as error:
            return run, str(error)

    for run, entry in parallel(renew, waiting, jobs):
        if isinstance(entry, str):
            yield Outcome(run, (), 0, entry)
        else:
            save(group_of[run.bench], {str(run): entry})
            yield known(run) or Outcome(run, (), 0, "not kept")


def parallel(work: Any, runs: Iterable[Run], jobs: int) -> Iterator[Any]:
    """Results of several at a time, as they come."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(work, run) for run in runs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = sorted({run.bench for run in FULL})
    parser.add_argument("verb", nargs="?", choices=("quick", "full", "list"), default="quick")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--again", action="store_true", help="run what is up to date, too")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    runs = [run for run in (QUICK if options.verb == "quick" else FULL) if run.bench in options.only]
    if options.verb == "list":
        for group in groups():
            if group.name.removeprefix("benches/") in options.only:
                print(f"{group.name.removeprefix('benches/')}: {', '.join(group.stale()) or 'up to date'}")
        return 0
    begun, outcomes = time.perf_counter(), []
    if options.verb == "quick":
        found = parallel(execute, runs, options.jobs)
    else:
        found = renewed(runs, options.jobs, again=options.again)
    for each in found:
        outcomes.append(each)
        print(f"--- {each}")
        for judgement in each.judgements:
            print(judgement, flush=True)
    return summary(outcomes, time.perf_counter() - begun)


def summary(outcomes: list[Outcome], seconds: float) -> int:
    """Print how many targets are met, and all that is not; the exit status."""
    judgements = [each for found in outcomes for each in found.judgements]
    met = sum(each.met for each in judgements)
    print(f"--- {met} of {len(judgements)} targets met by {len(outcomes)} runs in {seconds:.0f} s")
    for found in outcomes:
        for judgement in found.judgements:
            if not judgement.met:
                print(f"{found.run}: {judgement}")
        if found.failure:
            print(found)
    return 0 if outcomes and all(each.good for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

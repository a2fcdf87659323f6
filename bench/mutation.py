"""Whether the tests see a fault in the hardware: random single changes of the emitted Verilog, each simulated.

All mutants of an engine, or of the PIM controller, are in one model, and which one is in force is chosen when it runs,
so that each costs a second or two. An engine has a stress test of 300 tiles, where it passes that one of 1,500 tiles,
then the protocol tests, and a proof of its counters; the controller has its own tests. For what survives, Yosys tries
to prove that the changed module does what the original does. All others are listed in ``bench/results/mutants.json``,
each with an explanation, which begins with ``equivalent`` where no test can see the change at the ports. The target is
99 % of all others.

What is recorded there for the same Verilog, seed and number of mutants is not examined again, but for survivors which
still count, once all were examined; so the bench may be interrupted, and a new test is tried on what it is for.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench._judge import Judge
from bench._mutants import Mutant, armed, below, mutants
from bench._mutated import SUBJECTS, Subject
from hdl.params import CheckFailed, ToolError
from synth_scripts.work import yosys

TARGET = 0.99
#: Characters of the largest Verilog in which a proof is tried.
PROVABLE = 12_000
#: How the explanation of a survivor begins that no test can kill.
EQUIVALENT = "equivalent"
PROVED = f"{EQUIVALENT}: proved by induction"
RESULTS = Path(__file__).parent / "results" / "mutants.json"

Record = dict[str, Any]


def equivalent(text: str, mutant: Mutant) -> bool:
    """Whether it is proved that the module does the same after the change, from reset on or from any equal state.

    Not tried where the module, with all below it, is too large for a proof to end soon.
    """
    if len(below(text, mutant.module)) > PROVABLE:
        return False
    load = "read_verilog {0}.v\nprep -flatten -top {1}\nmemory_map\nasync2sync\ndesign -stash {0}"
    copies = [load.format(name, mutant.module) for name in ("gold", "gate")]
    copies += [f"design -copy-from {name} -as {name} {mutant.module}" for name in ("gold", "gate")]
    start = ["-seq 1", "-set-at 1 in_rst 1"] if f"module {mutant.module}(rst" in text else []
    proofs = (
        [
            "equiv_make gold gate both",
            "hierarchy -top both",
            "opt_clean",
            "equiv_simple",
            "equiv_induct",
            "equiv_status -assert",
        ],
        [
            "miter -equiv -flatten -ignore_gold_x gold gate miter",
            "hierarchy -top miter",
            " ".join(
                ["sat -tempinduct -prove trigger 0 -set-def-inputs -maxsteps 8 -timeout 20 -verify", *start, "miter"]
            ),
        ],
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "gold.v").write_text(text, encoding="utf-8")
        (place / "gate.v").write_text(armed(text, [mutant], always=True), encoding="utf-8")
        for proof in proofs:
            try:
                yosys.run([*copies, *proof], place, "prove")
            except (ToolError, CheckFailed):
                continue
            return True
    return False


def killer(subject: Subject, text: str, mutant: Mutant, seed: int) -> str:
    """The first test which fails with a mutant that is in the text; empty if none does."""
    return next((name for name, passes in subject.tests(text, [f"+{mutant.name}"], seed) if not passes()), "")


def digest(text: str) -> str:
    """Verilog as the record names it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def named(mutant: Mutant) -> str:
    """A mutant as the record names it."""
    return f"{mutant.module.strip()}: {mutant.says}"


def measured(subject: Subject, count: int, seed: int, known: Record, *, again: bool) -> Iterator[Record]:
    """What is recorded of a subject, after each mutant: those examined so far, and the survivors, explained."""
    key = {"verilog": digest(subject.text), "seed": seed, "mutants": count}
    why = known.get("survivors", {})
    changes = mutants(subject.text, count, seed)
    same = not again and all(known.get(name) == value for name, value in key.items())
    examined = known["examined"] if same else 0
    survivors = dict(why) if same else {}
    remaining = [mutant for mutant in changes if not survivors.get(named(mutant), EQUIVALENT).startswith(EQUIVALENT)]
    chosen = changes[examined:] or remaining
    text = armed(subject.text, changes)
    if chosen and examined in (0, len(changes)):
        for test, passes in subject.tests(text, [], seed):
            if not passes():
                raise CheckFailed(f"{test}: fails without a mutant")
    for mutant in chosen:
        name, begun = named(mutant), time.monotonic()
        killed = killer(subject, text, mutant, seed)
        if killed:
            survivors.pop(name, None)
        else:
            survivors[name] = PROVED if equivalent(subject.text, mutant) else why.get(name, "")
        examined = max(examined, mutant.number)
        said = f"killed by {killed}" if killed else f"SURVIVES, {survivors[name] or 'not explained'}"
        print(f"  {time.monotonic() - begun:5.1f} s  {said}: {name}", flush=True)
        yield {**key, "examined": examined, "survivors": survivors}
    yield {**key, "examined": examined, "survivors": survivors}


def score(subjects: dict[str, Record]) -> float:
    """Of the mutants that are not equivalent, the share of those that were killed."""
    killed = sum(each["examined"] - len(each["survivors"]) for each in subjects.values())
    alive = [why for each in subjects.values() for why in each["survivors"].values() if not why.startswith(EQUIVALENT)]
    return float(killed / max(killed + len(alive), 1))


def recorded() -> dict[str, Record]:
    """What was written last, by subject."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.exists() else {}


def record(name: str, found: Record) -> None:
    """Write what was found of a subject, beside what others write in the meantime."""
    known = {**recorded(), name: found}
    text = json.dumps({each: known[each] for each in SUBJECTS if each in known}, indent=1)
    new = RESULTS.with_suffix(f".{os.getpid()}")
    new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(RESULTS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=42, help="of each subject")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(SUBJECTS), default=list(SUBJECTS))
    parser.add_argument("--again", action="store_true", help="examine what is recorded already")
    parser.add_argument("--recorded", action="store_true", help="examine nothing: judge the record, and say its age")
    args = parser.parse_args()
    if args.recorded:
        others = [name for name in args.only if recorded().get(name, {}).get("verilog") != digest(SUBJECTS[name].text)]
        print(f"recorded with other Verilog than today's: {', '.join(others) or 'none'}")
        args.only = []
    for name in args.only:
        print(name, flush=True)
        known = recorded().get(name, {})
        for found in measured(SUBJECTS[name], args.mutants, args.seed, known, again=args.again):
            record(name, found)
    judge = Judge()
    judge.least("mutants killed, of those that are not equivalent", TARGET, score(recorded()), "{:.2%}")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())

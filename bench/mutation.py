"""Whether the tests see a fault in the hardware: random single changes of the emitted Verilog, each simulated.

All mutants of an engine are in one model, and which one is in force is chosen when it runs, so that each costs a second
or two: a stress test of 300 tiles, where that passes one of 1,500 tiles, and then the protocol tests. For what
survives, Yosys tries to prove that the changed module does what the original does, in every state that it can reach
from reset; all others are listed, and each should have an explanation in ``bench/results/mutants.json``. The target is
99 % of the mutants that are not equivalent, over ten engines of all kinds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench._common import verdict
from bench._mutants import Mutant, armed, mutants
from gen.emit.verilog import Emission, emit
from hdl.params import CheckFailed, EngineParams, ToolError
from sim_tb.run import run_protocol, run_stress
from synth_scripts.work import yosys

TARGET = 0.99
#: How the explanation of a survivor begins that no test can kill.
EQUIVALENT = "equivalent"
RESULTS = Path(__file__).parent / "results" / "mutants.json"
#: Engines of every kind, small enough that a run takes a second.
ENGINES: dict[str, dict[str, Any]] = {
    "systolic_os opt1": {"rows": 3, "cols": 2, "preload": True},
    "systolic_os mac": {"scheme": "mac", "rows": 2, "cols": 3, "a": "u5", "b": "s6"},
    "systolic_ws opt1": {"array": "systolic_ws", "rows": 3, "cols": 2, "depth": 3},
    "cube opt1": {"array": "cube", "rows": 2, "cols": 2, "depth": 3, "a": "s4", "encoder": "naf"},
    "adder_tree opt2": {"array": "adder_tree", "scheme": "opt2", "rows": 3, "cols": 2, "depth": 4},
    "matrix_2d opt2": {"array": "matrix_2d", "scheme": "opt2", "rows": 3, "cols": 2, "encoder": "ent"},
    "systolic_os opt3": {"scheme": "opt3", "rows": 2, "cols": 2, "segment": 16, "group": 2, "queue": 3},
    "matrix_2d opt4c": {"array": "matrix_2d", "scheme": "opt4c", "rows": 3, "cols": 2, "segment": 16, "queue": 3},
    "matrix_2d opt4e": {"array": "matrix_2d", "scheme": "opt4e", "rows": 3, "cols": 2, "segment": 32, "queue": 3},
    "matrix_2d laconic": {"array": "matrix_2d", "scheme": "laconic", "rows": 2, "cols": 2, "depth": 2},
}
#: Bits of an accumulator beyond those of a product: so few that tests reach the limit of K.
SPARE_BITS = 5


def engine(name: str) -> EngineParams:
    """One of ``ENGINES``."""
    params = EngineParams.from_dict(ENGINES[name])
    return replace(params, accumulator=params.product_bits + SPARE_BITS)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Parameters
    ----------
    mutant : Mutant
    killed : str
        The test that failed; empty if none did.
    equivalent : bool
        It is proved to do what the original does.
    """

    mutant: Mutant
    killed: str
    equivalent: bool = False


def suites(params: EngineParams, hardware: Emission, seed: int) -> Iterator[tuple[str, Callable[[list[str]], bool]]]:
    """The tests, fastest first: whether all is well with some arguments."""

    def passes(run: Callable[..., dict[str, Any]], **settings: int) -> Callable[[list[str]], bool]:
        def test(arguments: list[str]) -> bool:
            try:
                return bool(run(params, hardware, arguments=arguments, **settings)["passed"])
            except ToolError:  # it ended without an answer
                return False

        return test

    yield "stress, 300 tiles", passes(run_stress, tiles=300, seed=seed)
    yield "stress, 1,500 tiles", passes(run_stress, tiles=1500, seed=seed + 1)
    yield "protocol", passes(run_protocol, seed=seed + 2)


def equivalent(text: str, mutant: Mutant) -> bool:
    """Whether it is proved that the module does the same after the change, from reset on."""
    has_reset = f"module {mutant.module}(rst" in text
    start = ["-seq 1", "-set-at 1 in_rst 1"] if has_reset else []
    script = [
        *(
            f"read_verilog {name}.v\nprep -flatten -top {mutant.module}\nmemory_map\nasync2sync\ndesign -stash {name}"
            for name in ("gold", "gate")
        ),
        f"design -copy-from gold -as gold {mutant.module}",
        f"design -copy-from gate -as gate {mutant.module}",
        "miter -equiv -flatten -ignore_gold_x gold gate miter",
        "hierarchy -top miter",
        " ".join(["sat -tempinduct -prove trigger 0 -set-def-inputs -maxsteps 8 -timeout 20 -verify", *start, "miter"]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "gold.v").write_text(text, encoding="utf-8")
        (place / "gate.v").write_text(armed(text, [mutant], always=True), encoding="utf-8")
        try:
            yosys.run(script, place, "prove")
        except (ToolError, CheckFailed):
            return False
    return True


def examine(name: str, params: EngineParams, count: int, seed: int) -> list[Outcome]:
    """All mutants of an engine."""
    hardware = emit(params)
    changes = mutants(hardware.text, count, seed)
    whole = replace(hardware, text=armed(hardware.text, changes))
    for test, passes in suites(params, whole, seed):
        if not passes([]):
            raise CheckFailed(f"{name}: {test} fails without a mutant")
    found = []
    for mutant in changes:
        tests = suites(params, whole, seed)
        killed = next((test for test, passes in tests if not passes([f"+{mutant.name}"])), "")
        found.append(Outcome(mutant, killed, not killed and equivalent(hardware.text, mutant)))
        if not killed:
            said = "equivalent" if found[-1].equivalent else "SURVIVES"
            print(f"  {said}: {mutant.module}: {mutant.says}", flush=True)
    return found


def record(found: dict[str, list[Outcome]], seed: int) -> dict[str, Any]:
    """What is committed: counts, and every survivor with the explanation that it has already."""
    known = {entry["mutant"]: entry["why"] for entry in _recorded().get("survivors", [])}
    survivors = [
        {"engine": name, "mutant": f"{each.mutant.module}: {each.mutant.says}", "proved": each.equivalent}
        for name, outcomes in found.items()
        for each in outcomes
        if not each.killed
    ]
    for entry in survivors:
        said = f"{EQUIVALENT}: proved by induction from reset on" if entry["proved"] else ""
        entry["why"] = said or known.get(entry["mutant"], "")
    engines = {
        name: {"mutants": len(outcomes), "killed": sum(bool(each.killed) for each in outcomes)}
        for name, outcomes in found.items()
    }
    return {"seed": seed, "engines": engines, "survivors": survivors}


def _recorded() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.exists() else {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=10, help="for each engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", nargs="+", metavar="NAME", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--write", action="store_true", help=f"into {RESULTS.name}, with the explanations in it")
    args = parser.parse_args()
    found = {}
    for name in args.engines:
        begun = time.monotonic()
        found[name] = examine(name, engine(name), args.mutants, args.seed)
        killed = sum(bool(each.killed) for each in found[name])
        seconds = (time.monotonic() - begun) / max(len(found[name]), 1)
        print(f"{name}: {killed} of {len(found[name])} killed, {seconds:.1f} s each", flush=True)
    new = record(found, args.seed)
    if args.write:
        RESULTS.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    killed = sum(each["killed"] for each in new["engines"].values())
    alive = [entry for entry in new["survivors"] if not entry["why"].startswith(EQUIVALENT)]
    score = killed / max(killed + len(alive), 1)
    said = f"{100 * score:.2f} % of those that are not equivalent are killed (target {100 * TARGET:.0f} %)"
    print(f"{said}: {verdict(score >= TARGET)}")
    return score < TARGET


if __name__ == "__main__":
    raise SystemExit(main())

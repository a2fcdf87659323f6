"""What glitches take: the energy of a PE of each scheme without them, with them, and with delays drawn at random."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from gen.emit.verilog import emit
from gen.operands import Operands
from gen.stimuli import Drawn, Stimuli
from gen.timing import pes
from hdl.lib.roles import PE
from hdl.params import MULTIPLIERS, EngineParams
from sim_tb.rate import measure_streak
from sim_tb.workloads.layers import load as load_layers
from synth_scripts.engine.engine import Form, best_engine
from synth_scripts.library.load import load
from synth_scripts.module.memory import memories
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.power.power import module_powers
from synth_scripts.power.simulated import Setup, SimulatedEngine

__all__ = ["GROUP", "PARTS", "measure"]

LIBRARY, EFFORT, SIZE, DEPTH, K, RATE_K = "osu018", "quick", 2, 4, 64, 512
#: Draws of delays, and within which share of the library's each is.
DRAWS, SHARE = 5, 0.3


def _engine(
    scheme: str, array: str = "systolic_os", size: int = SIZE, segment: int = EngineParams.segment
) -> EngineParams:
    """The engine whose PE is measured; schemes that skip zeros recode with `ent`."""
    params = EngineParams(array=array, scheme=scheme, rows=size, cols=size, depth=DEPTH, segment=segment)
    return replace(params, encoder="ent") if params.data_dependent else params


#: Each scheme on an array that has it. `opt4e` has stores, which are no part of a PE: so large that a single PE and
#: fewer steps of K in them must do.
ENGINES = (
    _engine("mac"),
    _engine("opt1"),
    _engine("opt2", "matrix_2d"),
    _engine("opt3"),
    _engine("opt4c"),
    _engine("opt4e", size=1, segment=32),
    _engine("laconic", "matrix_2d"),
)
#: The two that are compared on several operands.
_PAIR = ENGINES[:2]
#: Operands, for the two that are compared on them.
OPERANDS = ("normal 10", "normal", "normal 50", "uniform", "digits", "photographs")


def measure(base: EngineParams, text: str, draws: int) -> dict[str, Any]:
    """Energy of a PE, pJ a multiply-accumulate, in an engine of 2 x 2 that multiplies tiles back to back."""
    library, operands = load(LIBRARY), Operands.read(text)
    forms = [base]
    if base.axes.multiplies:
        forms = [replace(base, multiplier=name) for name in MULTIPLIERS]
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        work = Path(folder)
        made = [Form(params, emit(params), work / str(i)) for i, params in enumerate(forms)]
        engine = best_engine(made, library, EFFORT, None)
        params, emission = engine.params, engine.emission
        stimuli: Stimuli = Drawn(operands) if operands.drawn else load_layers(operands.kind, params)
        verilog = "".join(box.netlist for box in engine.core.boxes) + engine.fabric.netlist
        macros = [each for each in memories(Hierarchy(emission.text), emission.memories) if each.macro]
        depth = params.depth if params.weight_stationary else 1
        k, place = K // depth * depth, work / "power"
        simulated = SimulatedEngine(Setup(library, params, k, verilog, emission.top, place, macros, stimuli))
        macs = _macs_per_cycle(params, engine.emission, stimuli) / pes(params)

        def energy(activity: Any = None) -> float:
            powers = module_powers(simulated.simulator, simulated.modules, emission.top, library, activity=activity)
            own = [power for name, power in powers.items() if emission.roles[name] == PE.name]
            return sum(power.clock_fj + power.data_fj for power in own) / pes(params) / macs / 1e3

        plain, glitching = energy(), simulated.activity()
        drawn = [energy(simulated.activity(simulated.delays.perturbed(SHARE, seed))) for seed in range(1, draws + 1)]
        return {
            "pj_plain": plain,
            "pj_glitches": energy(glitching),
            "pj_drawn": drawn,
            "excess": glitching.excess,
            "macs_per_cycle": macs,
            "results": simulated.results,
            "operands": stimuli.words(params),
        }


def _macs_per_cycle(params: EngineParams, emission: Any, stimuli: Stimuli) -> float:
    return measure_streak(params, emission, k=RATE_K, tiles=4, stimuli=stimuli).macs_per_cycle


def _item(base: EngineParams, text: str) -> str:
    return base.scheme if text == "normal" else f"{base.scheme}, {text}"


ITEMS = {_item(base, "normal"): partial(measure, base, "normal", DRAWS) for base in ENGINES} | {
    _item(base, text): partial(measure, base, text, 0) for text in OPERANDS if text != "normal" for base in _PAIR
}
GROUP = Group("energy", ITEMS, ("synth_scripts.power.simulated", "synth_scripts.engine.engine", "sim_tb.rate"))


def _pes() -> str:
    heads = ["PE of", "array", "pJ per MAC, without glitches", "with them", "delays drawn, least to most"]
    heads += ["`mac` over it, without", "with them", "drawn"]
    base, rows = figures(GROUP.name, "mac"), []
    for engine in ENGINES:
        found = figures(GROUP.name, engine.scheme)
        drawn = [theirs / ours for theirs, ours in zip(base["pj_drawn"], found["pj_drawn"], strict=True)]
        least, most = (f"{each(found['pj_drawn']):.1f}" for each in (min, max))
        rows.append(
            [
                *(f"`{engine.scheme}`", f"`{engine.array}`", f"{found['pj_plain']:.1f}", f"{found['pj_glitches']:.1f}"),
                f"{least} to {most}",
                *(f"{base[key] / found[key]:.2f}" for key in ("pj_plain", "pj_glitches")),
                f"{min(drawn):.2f} to {max(drawn):.2f}",
            ]
        )
    return table(heads, rows)


def _operands() -> str:
    rows = []
    for text in OPERANDS:
        mac, opt1 = (figures(GROUP.name, _item(base, text)) for base in _PAIR)
        cells = [f"{found[key]:.1f}" for found in (mac, opt1) for key in ("pj_plain", "pj_glitches")]
        ratios = [f"{mac[key] / opt1[key]:.2f}" for key in ("pj_plain", "pj_glitches")]
        rows.append([f"`{text}`", *cells, *ratios])
    heads = ["`operands`", "`mac`, pJ without", "with glitches", "`opt1`, pJ without", "with glitches"]
    return table([*heads, "`mac` over `opt1` without", "with glitches"], rows)


def _excess(scheme: str) -> str:
    return f"{figures(GROUP.name, scheme)['excess']:.1f}"


def _drawn(scheme: str) -> str:
    """The median gain over ``mac`` with drawn delays."""
    base, found = figures(GROUP.name, "mac"), figures(GROUP.name, scheme)
    return f"{median(a / b for a, b in zip(base['pj_drawn'], found['pj_drawn'], strict=True)):.2f}"


PARTS: dict[str, Callable[..., str]] = {
    "energy-pes": _pes,
    "energy-operands": _operands,
    "energy-excess": _excess,
    "energy-drawn": _drawn,
    "energy-conditions": lambda: conditions(GROUP.name),
}

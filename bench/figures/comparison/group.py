"""The measurement: every design on every library, each a run of its own."""

from __future__ import annotations

import tempfile
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from bench._common import Settings, library_settings
from bench.figures.cli import kept
from bench.figures.comparison.designs import DESIGNS, LIBRARIES
from bench.figures.store import Group
from gen.emit.verilog import emit
from gen.operands import USUAL
from gen.stimuli import Drawn
from hdl.params import EngineParams, ToolError
from hdl.params.title import Title
from sim_tb.rate import measure_streak
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.run import Form, strongest

__all__ = ["EFFORT", "comparison", "item", "measure"]

#: Of the committed results.
EFFORT = "normal"
#: Inner size of the tiles in which cycles are counted where operands decide.
RATE_K = 512


def measure(name: str, library: str, effort: str) -> dict[str, Any]:
    """A design's figures on a library, energy with and without glitches, by operands that are the same for all.

    Of designs with digits in time no energy: gate by gate, engines of this size would be simulated for hours.
    """
    places = library_settings()
    if library not in places:
        raise ToolError(f"{library} is not there: install qflow-tech-osu018, or name a folder in BITLOOM_PDK")
    design, stimuli = DESIGNS[name], Drawn(USUAL)
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        forms = [Form(each, emit(each), Path(folder, str(number))) for number, each in enumerate(design.forms)]
        rate = _rate(design.params, stimuli) if design.params.data_dependent else None
        settings = Settings(places[library], effort)
        params, found = strongest(forms, settings, with_power=not design.serial, rate=rate, stimuli=stimuli)
    return {"title": str(Title(params)), "effort": effort, "operands": stimuli.words(params), **kept(found)}


def _rate(params: EngineParams, stimuli: Drawn) -> Rate:
    streak = measure_streak(params, emit(params), k=min(RATE_K, params.k_limit), tiles=4, stimuli=stimuli)
    return Rate(streak.macs_per_cycle, streak.words)


def item(library: str, name: str) -> str:
    """The name of a run in the results."""
    return f"{library}: {name}"


def comparison(effort: str = EFFORT) -> Group:
    """All runs at an effort: what takes long comes last, on every library."""
    designs = sorted(product(LIBRARIES, DESIGNS.items()), key=lambda each: each[1][1].turn)
    items = {item(library, name): partial(measure, name, library, effort) for library, (name, _) in designs}
    modules = ("bench.figures.comparison.group", "synth_scripts.engine.run", "sim_tb.rate")
    return Group("comparison", items, modules, settings=effort, grows=True)

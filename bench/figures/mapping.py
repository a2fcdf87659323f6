"""Networks on engines: one that runs whole on the RTL, the engines that a search finds, and the cost of groups."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures.cli import run, synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from bench.inference import SHAPE, pieces, shipped
from bench.mapping import convolution, gain
from gen.emit.verilog import emit
from hdl.params import EngineParams, ToolError
from sim_tb.run import run_workload
from sim_tb.workloads.quantised.prepare import Request, prepare

__all__ = ["AREA", "GROUP", "NETWORKS", "PARTS"]

SIZE = 16
#: What is searched for, within which area (NAND2), and how many kinds are looked at more closely.
NETWORKS, AREA, KEEP = ("mobilenet", "resnet50", "gpt2"), 400_000, 2
#: What engines have with and without groups of columns, and the library on which they are compared.
FORMS, LIBRARY, COUNT = ("mac", "opt1"), "osu018", 4
#: Layers whose gain is shown: what they are, size of the filters, groups of channels.
LAYERS = (("a filter for each channel", 3, 64), ("4 filters", 7, 1), ("4 filters", 3, 1), ("4 filters", 1, 1))


def _convolutions() -> dict[str, Any]:
    """The shipped network of 53 convolutions, all layers whole."""
    path = shipped()
    if path is None:
        raise ToolError("the network needs its package: pip install --no-deps rapidocr-onnxruntime==1.4.4")
    import numpy as np

    params = EngineParams(rows=SIZE, cols=SIZE)
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        calibration = Path(folder, "pieces.npy")
        np.save(calibration, pieces())
        work = prepare(Request(path=str(path), calibration=calibration, shapes={"x": SHAPE}), params)
        answer = run_workload(params, emit(params), workload=work)
    layers = answer["network"]["layers"]
    return {
        "layers": len(layers),
        "macs": work.macs,
        "results": sum(each["elements_checked"] for each in layers),
        "differ": sum(each["mismatches"] for each in layers),
        "cycles": answer["cycles"],
        "runtime": work.about["runtime"],
    }


def _search(network: str) -> dict[str, Any]:
    """The best engine for a network, and the best preset beside it."""
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        command = ("search", network, f"--area={AREA}", "--library=unit", f"--keep={KEEP}")
        found = json.loads(run(*command, "--json", folder=folder))
    kept = ("engine", "area", "clock", "cycles", "time")
    ends = {end: {key: found[end][key] for key in kept} for end in ("best", "best_preset")}
    return ends | {key: found[key] for key in ("gain", "models", "looked_at", "synthesised", "library")}


def _cost(scheme: str, groups: int) -> dict[str, Any]:
    """Area and clock of an engine."""
    return synth(
        array="matrix_2d",
        scheme=scheme,
        rows=SIZE,
        cols=SIZE,
        column_groups=groups,
        library=LIBRARY,
        effort="quick",
    )


def _gains() -> dict[str, Any]:
    """How many times as fast packing makes layers of four filters, or of one for each channel, by their size."""
    return {
        f"{words}, {kernel} × {kernel}": {
            str(count): gain(convolution(kernel, channels), count) for count in (1, COUNT)
        }
        for words, kernel, channels in LAYERS
    }


GROUP = Group(
    "mapping",
    {
        "convolutions": _convolutions,
        **{f"search {name}": partial(_search, name) for name in NETWORKS},
        **{f"{form} in {count}": partial(_cost, form, count) for form in FORMS for count in (1, COUNT)},
        "gains": _gains,
    },
    ("gen.cli.commands.search", "gen.cli.commands.steps", "sim_tb.run", "sim_tb.workloads.quantised.prepare"),
)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _network(what: str) -> str:
    """A figure of the network that runs whole."""
    found = figures(GROUP.name, "convolutions")
    if what == "macs":
        return f"{found['macs'] / 1e6:.1f} million"
    return f"{found[what]:,}" if isinstance(found[what], int) else str(found[what])


def _searches() -> str:
    heads = ("Network", "Best engine", "cycles", "clock, FO4", "Best preset", "cycles", "clock, FO4", "times as fast")
    rows = []
    for item in GROUP.items:
        if item.startswith("search "):
            found = figures(GROUP.name, item)
            name = f"`{item.removeprefix('search ')}`"
            cells = [
                cell
                for each in (found["best"], found["best_preset"])
                for cell in (f"`{each['engine']}`", f"{each['cycles']:,.0f}", f"{each['clock']:.1f}")
            ]
            rows.append([name, *cells, f"{found['gain']:.2f}"])
    return table(heads, rows)


def _verdict() -> str:
    """On how many networks a search beats the best preset."""
    won = [name for name in NETWORKS if figures(GROUP.name, f"search {name}")["gain"] > 1]
    return f"The best engine is no preset on {len(won)} of {len(NETWORKS)} networks."


def _gain_table() -> str:
    heads = ("Layer on 16 columns", "one group", f"{COUNT} groups")
    found = figures(GROUP.name, "gains")
    names = [f"{words}, {kernel} × {kernel}" for words, kernel, _ in LAYERS]
    rows = [[name, *(f"{found[name][str(count)]:.2f}" for count in (1, COUNT))] for name in names]
    return table(heads, rows)


def _groups() -> str:
    heads = ("Engine of 16 × 16", "bits of A in a beat", "area, um²", "clock, MHz", "area over the plain one")
    rows = []
    for form in FORMS:
        plain = figures(GROUP.name, f"{form} in 1")
        for count in (1, COUNT):
            found = figures(GROUP.name, f"{form} in {count}")
            area = found["engine_area_um2"]
            words = f"`{form}`" if count == 1 else f"`{form}`, {count} groups of columns"
            cells = [f"{SIZE * count * 8:,}", f"{area:,.0f}", f"{found['engine_fmax_mhz']:.0f}"]
            rows.append([words, *cells, f"{area / plain['engine_area_um2']:.3f}"])
    return table(heads, rows)


PARTS: dict[str, Callable[..., str]] = {
    "mapping-network": _network,
    "mapping-searches": _searches,
    "mapping-area": lambda: f"{AREA:,} NAND2",
    "mapping-verdict": _verdict,
    "mapping-gains": _gain_table,
    "mapping-groups": _groups,
    "mapping-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

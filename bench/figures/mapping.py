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
from gen.emit.verilog import emit
from hdl.params import EngineParams, ToolError
from sim_tb.run import run_workload
from sim_tb.workloads.quantised.prepare import Request, prepare

__all__ = ["AREA", "GROUP", "NETWORKS", "PARTS"]

SIZE = 16
#: What is searched for, within which area (NAND2), and how many kinds are looked at more closely.
NETWORKS, AREA, KEEP = ("mobilenet", "resnet50", "gpt2"), 400_000, 2
#: Schemes with and without groups of columns, and the library on which they are compared.
SCHEMES, LIBRARY, COUNT = ("mac", "opt1"), "osu018", 4


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


def _search(network: str, *options: str) -> dict[str, Any]:
    """The best engine for a network, and the best preset beside it."""
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        command = ("search", network, f"--area={AREA}", "--library=unit", f"--keep={KEEP}", *options)
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


GROUP = Group(
    "mapping",
    {
        "convolutions": _convolutions,
        **{f"search {name}": partial(_search, name) for name in NETWORKS},
        "search mobilenet in groups": partial(_search, "mobilenet", "--groups"),
        **{f"{scheme} in {count}": partial(_cost, scheme, count) for scheme in SCHEMES for count in (1, COUNT)},
    },
    ("gen.cli.commands.search", "gen.cli.commands.steps", "sim_tb.run", "sim_tb.workloads.quantised.prepare"),
)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _network(what: str) -> str:
    """A figure of the network that runs whole."""
    found = figures(GROUP.name, "convolutions")
    if what == "macs":
        return f"{found['macs'] / 1e6:.1f} million"
    return (
        f"{found[what]:,}" if isinstance(found[what], int) else str(found[what]).replace("onnxruntime", "onnxruntime ")
    )


def _searches() -> str:
    heads = ("Network", "Best engine", "cycles", "clock, FO4", "Best preset", "cycles", "clock, FO4", "times as fast")
    rows = []
    for item in GROUP.items:
        if item.startswith("search "):
            found = figures(GROUP.name, item)
            name = item.removeprefix("search ").replace(" in groups", ", `--groups`")
            cells = [
                cell
                for each in (found["best"], found["best_preset"])
                for cell in (f"`{each['engine']}`", f"{each['cycles']:,.0f}", f"{each['clock']:.1f}")
            ]
            rows.append([name, *cells, f"{found['gain']:.2f}"])
    return table(heads, rows)


def _groups() -> str:
    heads = ("Engine of 16 × 16", "bits of A in a beat", "area, um²", "clock, MHz", "area over the plain one")
    rows = []
    for scheme in SCHEMES:
        plain = figures(GROUP.name, f"{scheme} in 1")
        for count in (1, COUNT):
            found = figures(GROUP.name, f"{scheme} in {count}")
            area = found["engine_area_um2"]
            words = f"`{scheme}`" if count == 1 else f"`{scheme}`, {count} groups of columns"
            cells = [f"{SIZE * count * 8:,}", f"{area:,.0f}", f"{found['engine_fmax_mhz']:.0f}"]
            rows.append([words, *cells, f"{area / plain['engine_area_um2']:.3f}"])
    return table(heads, rows)


PARTS: dict[str, Callable[..., str]] = {
    "mapping-network": _network,
    "mapping-searches": _searches,
    "mapping-groups": _groups,
    "mapping-conditions": lambda: conditions(GROUP.name, ("pyosys", "opensta", "verilator")),
}

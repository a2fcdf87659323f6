"""Training in bf16 and fp16: what ``bitloom workload training`` finds, and arrays of half as many columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from bench._study import studied
from bench.figures.curves import drawing
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from gen.report.workload import Lines
from hdl.params import FLOATS
from sim_tb.systems.training.data import digits
from sim_tb.systems.training.layer import PASSES
from sim_tb.systems.training.networks import NETWORKS
from sim_tb.systems.training.rates import STEP, rates
from sim_tb.systems.training.run import Plan, golden, single, train
from sim_tb.systems.training.sections import PAPER, means
from sim_tb.systems.training.study import SIZES, engine, study
from sim_tb.workloads.workload import at_once

__all__ = ["DRAWINGS", "GROUP", "PARTS"]

#: Of further runs.
SEEDS = (1, 2, 3)


def _study(form: str) -> dict[str, Any]:
    """The whole study in one format, with all steps on the RTL."""
    return dict(studied(study, format=form).figures)


def _halves() -> dict[str, Any]:
    """Cycles of a training step on the larger array, and on one of half as many columns."""
    whole = engine("bf16", SIZES[0])
    half = replace(whole, cols=SIZES[0] // 2)
    return {
        name: {str(each.cols): rates(each, layers(1))[STEP].cycles for each in (whole, half)}
        for name, layers in NETWORKS.items()
    }


def _seeds() -> dict[str, Any]:
    """Accuracies of runs from other weights and in other orders, by the golden model alone."""
    data, found = digits(), dict[str, list[float]]()
    for seed in SEEDS:
        plan = Plan(seed=seed)
        found.setdefault("fp32", []).append(at_once(train(data, plan, single)).accuracy)
        for form in FLOATS:
            found.setdefault(form, []).append(golden(data, plan, engine(form)).accuracy)
    return found


_ITEMS = {form: partial(_study, form) for form in FLOATS} | {"halves": _halves, "seeds": _seeds}
GROUP = Group("training", _ITEMS, ("sim_tb.systems.training.study", "sim_tb.run"))


def _found() -> dict[str, Any]:
    """What both studies found: engines of both formats have the same clocks but for those of a job's begin."""
    first, *others = (figures(GROUP.name, form) for form in FLOATS)
    for other in others:
        for key in ("passes", "training"):
            first[key] = {**first[key], **other[key]}
    first["training"] = {form: first["training"][form] for form in ("fp32", *FLOATS)}
    return first


def _passes() -> str:
    found = _found()["passes"]
    rows = []
    for own in zip(*found.values(), strict=True):
        sizes = "; ".join(
            f"{each['m']} × {each['k']} × {each['n']}" + (f", {each['groups']} times" if each["groups"] > 1 else "")
            for each in own[0]["products"]
        )
        cells = [f"{one[key]:,}" for one in own for key in ("cycles", "model")]
        rows.append([own[0]["layer"], own[0]["pass"], sizes, f"{own[0]['results']:,}", *cells])
    heads = [f"cycles, `{form}`{what}" for form in found for what in ("", ", by the model")]
    return table(["layer", "pass", "m × k × n", "results", *heads], rows)


def _run() -> str:
    found, rows = _found(), []
    for form, run in found["training"].items():
        rtl = run.get("rtl")
        own = [f"{rtl[key]:,}" for key in ("steps", "elements_checked", "mismatches", "cycles")] if rtl else ["–"] * 4
        losses = [f"{run['losses'][place]:.4f}" for place in (0, -1)]
        rows.append([f"`{form}`", f"{run['accuracy']:.2%}".replace("%", " %"), *losses, *own])
    heads = ["products in", "test images right", "first loss", "last loss", "steps on the RTL", "results compared"]
    return table([*heads, "that differ", "cycles"], rows)


def _clocks(network: str) -> str:
    rows = []
    for title, networks in _found()["clocks"].items():
        ways = networks[network]
        for which in (*PASSES, STEP):
            rate = ways["plain"][which]
            shares = (f"{rate[key]:.1%}".replace("%", " %") for key in ("share", "padding", "waiting"))
            packed = ways["packed"][which]["macs_per_clock"]
            own = [
                f"{rate['macs']:,}",
                f"{rate['cycles']:,}",
                f"{rate['macs_per_clock']:.2f}",
                *shares,
                f"{packed:.2f}",
            ]
            rows.append([title.split(",")[0], which, *own])
    heads = ["engine", "pass", "MACs", "cycles", "MAC/clk", "of the peak", "fills tiles", "waits", "MAC/clk, packed"]
    return table(heads, rows)


def _rates(network: str) -> Iterator[float]:
    """MAC/clk of a training step on every engine."""
    for networks in _found()["clocks"].values():
        yield networks[network]["plain"][STEP]["macs_per_clock"]


def _half(network: str) -> str:
    whole, half = (figures(GROUP.name, "halves")[network][str(each)] for each in (SIZES[0], SIZES[0] // 2))
    return f"{half / whole:.2f}"


def _gap() -> str:
    """The greatest distance of an accuracy from that of fp32, in points."""
    runs = _found()["training"]
    return f"{max(abs(run['accuracy'] - runs['fp32']['accuracy']) for run in runs.values()) * 100:.2f}"


def _seed_gap() -> str:
    """The same over runs of other seeds."""
    runs = figures(GROUP.name, "seeds")
    gaps = [abs(own - base) for form in FLOATS for own, base in zip(runs[form], runs["fp32"], strict=True)]
    return f"{max(gaps) * 100:.2f}"


def _seed_range() -> str:
    """The least and the greatest accuracy of those in fp32."""
    found = figures(GROUP.name, "seeds")["fp32"]
    return f"{min(found):.1%} to {max(found):.1%}".replace("%", " %")


def _curve() -> str:
    found = _found()
    every = max(1, found["plan"]["steps"] // 40)
    series = {form: list(means(run["losses"], every)) for form, run in found["training"].items()}
    return drawing(Lines("Loss while training on the digits", "step", f"mean of {every} steps", series))


PARTS: dict[str, Callable[..., str]] = {
    "training-passes": _passes,
    "training-run": _run,
    "training-clocks": lambda *words: _clocks(" ".join(words)),
    "training-least": lambda *words: f"{min(_rates(' '.join(words))) / PAPER[' '.join(words)]:.0f}",
    "training-half": lambda *words: _half(" ".join(words)),
    "training-gap": _gap,
    "training-seeds": lambda: f"{len(SEEDS)}",
    "training-seeds-gap": _seed_gap,
    "training-seeds-range": _seed_range,
    "training-steps": lambda: f"{_found()['plan']['steps']:,}",
    "training-conditions": lambda: conditions(GROUP.name, ("verilator",)),
}
#: Pictures beside the pages, by their names.
DRAWINGS: dict[str, Callable[[], str]] = {"training-loss.svg": _curve}

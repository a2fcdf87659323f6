"""What the study of training found, in sentences and as sections of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gen.report.workload import Lines, Part, Section, Table
from sim_tb.systems.training.layer import PASSES
from sim_tb.systems.training.rates import STEP

__all__ = ["PAPER", "lines", "means", "sections"]

Figures = Mapping[str, Any]

#: Multiply-accumulates a clock of a training step that the paper reports, on eight cores.
PAPER = {"ResNet8": 3.11, "DS-CNN": 0.81}
#: Points of a chart of losses: means of as many steps.
POINTS = 40


def lines(figures: Figures) -> list[str]:
    """What is printed."""
    found = []
    for form, passes in figures["passes"].items():
        results, wrong = sum(each["results"] for each in passes), figures["training"][form]["rtl"]["mismatches"]
        exact = sum(each["cycles"] == each["model"] for each in passes)
        run = figures["training"][form]["rtl"]
        found += [
            f"{form:10} {len(passes)} passes of single layers: {results:,} results, cycles of {exact} as modelled",
            f"{form:10} {run['steps']} of {figures['plan']['steps']} steps of training on the RTL: "
            f"{run['elements_checked']:,} results compared, {wrong} differ; {run['cycles']:,} cycles",
        ]
    shares = (f"{form} {run['accuracy']:.1%}" for form, run in figures["training"].items())
    found.append(f"{'accuracy':10} {', '.join(shares)}")
    for engine, networks in figures["clocks"].items():
        rates = (
            f"{name} {found['plain'][STEP]['macs_per_clock']:.1f} (paper: {PAPER[name]})"
            for name, found in networks.items()
        )
        peak = next(iter(networks.values()))["plain"][STEP]["peak"]
        found.append(f"{'MAC/clk':10} {', '.join(rates)}, of {peak:.0f}, {engine}")
    return found


def sections(figures: Figures) -> list[Section]:
    """The page."""
    return [_passes(figures), _training(figures), *_clocks(figures)]


def _passes(figures: Figures) -> Section:
    found = figures["passes"]
    rows = [
        [
            *(own[0][key] for key in ("layer", "pass")),
            *(_sizes(own[0]), own[0]["results"]),
            *(each[key] for each in own for key in ("cycles", "model")),
        ]
        for own in zip(*found.values(), strict=True)
    ]
    cycles = (f"{what}, {form}" for form in found for what in ("cycles", "by the model"))
    heads = ["layer", "pass", "m x k x n", "results", *cycles]
    words = (
        "Forward products, gradients of weights (dW) and of inputs (dX) of one layer of each kind on the RTL, with "
        "random numbers. Each result has the bits that the golden model gives in the engine's order of additions."
    )
    return Section("Single layers", words, [Table(heads, rows)])


def _sizes(each: Mapping[str, Any]) -> str:
    """All products of a pass."""
    texts = (
        f"{one['m']} x {one['k']} x {one['n']}" + (f", {one['groups']} times" if one["groups"] > 1 else "")
        for one in each["products"]
    )
    return "; ".join(texts)


def _training(figures: Figures) -> Section:
    runs, plan = figures["training"], figures["plan"]
    every = max(1, plan["steps"] // POINTS)
    series = {form: list(means(run["losses"], every)) for form, run in runs.items()}
    rows = [
        [
            *(form, f"{run['accuracy']:.2%}", run["losses"][0], run["losses"][-1]),
            *(
                [run["rtl"][key] for key in ("steps", "elements_checked", "mismatches", "cycles")]
                if "rtl" in run
                else [None] * 4
            ),
        ]
        for form, run in runs.items()
    ]
    heads = ["format", "test images right", "first loss", "last loss", "steps on the RTL", "results compared"]
    words = (
        f"{plan['steps']} steps with {plan['batch']} images each, from the same weights and in the same order. fp32 is "
        "NumPy. In the others every product has rounded operands and the engine's order; weights are kept in fp32."
    )
    parts: list[Part] = [
        Lines("Loss", "step", f"mean of {every} steps", series),
        Table(
            [*heads, "that differ", "cycles"],
            rows,
            "Losses, weights and results for the test images are compared, too.",
        ),
    ]
    return Section("A training run", words, parts)


def means(losses: list[float], every: int) -> Iterator[tuple[float, float]]:
    """Steps, and the mean loss around each."""
    for first in range(0, len(losses), every):
        some = losses[first : first + every]
        yield first + (len(some) - 1) / 2, sum(some) / len(some)


def _clocks(figures: Figures) -> Iterator[Section]:
    words = (
        "A training step with one image, layer by layer, by the model of cycles, with operands that come without "
        "stalls. The paper counts everything that its cores do, here products alone are counted."
    )
    heads = [
        "network",
        "pass",
        "MACs",
        "cycles",
        "MAC/clk",
        "the paper's",
        "of the peak",
        "fill tiles",
        "wait",
        "packed",
    ]
    for engine, networks in figures["clocks"].items():
        rows = [
            [
                *(name, which, rate["macs"], rate["cycles"], round(rate["macs_per_clock"], 2)),
                PAPER[name] if which == STEP else None,
                *(f"{rate[key]:.1%}" for key in ("share", "padding", "waiting")),
                round(ways["packed"][which]["macs_per_clock"], 2),
            ]
            for name, ways in networks.items()
            for which, rate in ((each, ways["plain"][each]) for each in (*PASSES, STEP))
        ]
        note = "packed: MAC/clk where channels or pixels share a tile, with zeros between them."
        yield Section(f"Clocks on {engine}", words, [Table(heads, rows, note)])

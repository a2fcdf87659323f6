"""The sections of the report: pictures, ratios, cycles, digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gen.report.workload import Bars, Pictures, Section, Table
from sim_tb.golden import Matrix
from sim_tb.systems.sesr.quality import NEAR, Quality
from sim_tb.systems.sesr.runs import Run

__all__ = ["sections"]

#: Pictures in the order in which they stand side by side, with what they are.
WAYS = {"bicubic": "bicubic", "fp32": "FP32", "int8": "INT8", "true": "true"}


def sections(
    judged: Sequence[Quality], runs: Sequence[Run], digits: Sequence[float], shown: Mapping[str, Mapping[str, Matrix]]
) -> list[Section]:
    """All of them."""
    return [_pictures(shown), _quality(judged), *(_run(each) for each in runs), _zeros(runs, digits)]


def _pictures(shown: Mapping[str, Mapping[str, Matrix]]) -> Section:
    parts = [Pictures([(f"{name}, {WAYS[way]}", found[way]) for way in WAYS], zoom=2) for name, found in shown.items()]
    return Section("Pictures", "The middle of photographs that were halved, and doubled again.", parts)


def _quality(judged: Sequence[Quality]) -> Section:
    heads = ["photograph", "pixels", "bicubic", "spline", "FP32", "INT8", f"INT8 within {NEAR} dB", "INT8 above both"]
    rows = [
        [
            each.name,
            f"{each.width} x {each.height}",
            *(f"{value:.2f}" for value in (each.bicubic, each.spline, each.fp32, each.int8)),
            "yes" if each.near else "no",
            "yes" if each.above else "no",
        ]
        for each in judged
    ]
    words = (
        "Peak signal to noise ratio in dB of luma, against the photograph that was halved by the bicubic kernel. The "
        "network has seen none of these photographs. It was trained for minutes on ten others, so its figures are no "
        "figures of the paper's networks, and can't be compared with those."
    )
    return Section("Quality", words, [Table(heads, rows)])


def _run(each: Run) -> Section:
    heads = [
        "layer",
        "M",
        "K",
        "N",
        "packed",
        "MAC",
        "cycles",
        "by the model",
        "MAC a PE and cycle",
        "results",
        "differ",
    ]
    rows = [
        [
            layer["layer"],
            *(layer[key] for key in ("m", "k", "n")),
            layer["packed"] or "-",
            layer["macs"],
            layer["cycles"],
            layer["modelled"],
            each.share(layer),
            layer["results"],
            str(layer["differ"]),
        ]
        for layer in each.layers
    ]
    bars = [(layer["layer"], each.share(layer)) for layer in each.layers]
    most = max(1.0, *(value for _, value in bars))
    words = (
        f"{each.cycles:,} cycles for {each.macs:,} multiply-accumulates: {each.pace}. Zeros "
        "that fill up tiles and windows count as nothing."
    )
    note = "Every result is that of the golden model in integers." if each.passed else "Some differ, or a rule broke."
    chart = Bars("Work of a PE", "MAC a cycle", bars, most=most)
    title = f"{each.title}, {'packed' if each.pack else 'not packed'}"
    return Section(title, words, [chart, Table(heads, rows, note)])


def _zeros(runs: Sequence[Run], digits: Sequence[float]) -> Section:
    packed = [each for each in runs if each.pack]
    heads = ["layer", "zero operands, %", "digits an operand", *(each.title for each in packed)]
    rows = [
        [layer["layer"], 100 * layer["zeros"], count, *(each.slots(each.layers[i]) for each in packed)]
        for i, (layer, count) in enumerate(zip(runs[0].layers, digits, strict=True))
    ]
    words = (
        "Zeros among the operands of each layer, the digits of an operand that are not zero, and cycles that a lane of "
        "a PE spends on an operand, waiting included. Engines that skip zero digits need a cycle for each digit; "
        "others need one for each operand."
    )
    return Section("Zeros", words, [Table(heads, rows)])

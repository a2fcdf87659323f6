"""What a study of the MACS adapter prints, and its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gen.report.workload import Bars, Section, Table

__all__ = ["lines", "sections"]

Figures = Mapping[str, Any]


def lines(found: Figures) -> list[str]:
    """A sentence each."""
    said = []
    for engine, run in found["runs"].items():
        said.append(f"exact      {run['results']:,} results on {engine} equal NumPy's, in {run['total']:,} cycles")
    cosine, ranks = found["cosine"], found["ranks"]
    said.append(f"tokens     cosine with FP64 at least {cosine['least']:.5f} over {cosine['rows']:,} rows")
    said.append(f"ranks      the order of sources is that of FP64 in {ranks['kept']:.1%} of {ranks['draws']:,} draws")
    for each in found["schedules"]:
        words = f"{each['utilisation']:.1%} of the peak, of {each['possible']:.1%} that sizes allow"
        said.append(f"batch {each['batch']}    {each['engine']}: {words}")
    return said


def sections(found: Figures) -> list[Section]:
    """The page, part by part."""
    return [_products(found), _numbers(found), _schedules(found)]


def _products(found: Figures) -> Section:
    words = (
        "Every product on the RTL, against NumPy. Weights are random: this says something of arithmetic and schedules, "
        "and nothing of sounds or images. LayerNorm, the table of GELU and requantisation are integers on the host."
    )
    first = next(iter(found["runs"].values()))
    rows = [[name, *(run["cycles"][name] for run in found["runs"].values())] for name in first["cycles"]]
    return Section("Products", words, [Table(["Product", *found["runs"]], rows, note="Cycles.")])


def _numbers(found: Figures) -> Section:
    words = "The same weights in FP64, and in eight bits with sums of 32."
    cosine, ranks = found["cosine"], found["ranks"]
    rows = [
        ["least cosine of a token", f"{cosine['least']:.5f}"],
        ["mean cosine", f"{cosine['mean']:.5f}"],
        ["orders of six sources that are the same", f"{ranks['kept']:.1%}"],
    ]
    return Section("Beside floating point", words, [Table(["What", "measured"], rows)])


def _schedules(found: Figures) -> Section:
    words = (
        "Six rows fill six of sixteen rows of an array; eight sets at once are 48. By the timing model, which is exact "
        "for these engines: fc1, fc2, and keys and values of all 16 attention layers, without stalls of memory."
    )
    bars = [(f"{each['engine']}, batch {each['batch']}", each["utilisation"]) for each in found["schedules"]]
    products = list(found["schedules"][0]["products"])
    rows = [
        [each["engine"], each["batch"], each["cycles"], *(f"{each['products'][name]:.1%}" for name in products)]
        for each in found["schedules"]
    ]
    table = Table(["Engine", "batch", "cycles", *products], rows, note="Shares of the peak, by product.")
    return Section("Schedules", words, [Bars("Share of the peak", "share", bars, most=1.0), table])
